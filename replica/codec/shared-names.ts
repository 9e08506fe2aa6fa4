/**
 * Names of logs and origins. They are few, and compared with each other all the time: where equal names are one string, that
 * takes one step, and not one a character.
 */

/** More than a site has at a time; then all are forgotten, so that what is remembered has a bound. */
const rememberedNames = 4096;

const names = new Map<string, string>();

/** The name that was met first among all that are equal to it. */
export function sharedName(name: string): string {
  const known = names.get(name);
  if (known !== undefined) return known;
  if (names.size === rememberedNames) names.clear();
  names.set(name, name);
  return name;
}
