/** What a test needs and finds: a thing that is missing fails the test, where `?.` would pass over it. @throws {Error} */
export function there<Thing>(thing: Thing | undefined | null, what: string): Thing {
  if (thing === undefined || thing === null) throw new Error(`there is no ${what}`);
  return thing;
}
