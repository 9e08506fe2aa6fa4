/** What parts of values and documents take of this process's memory. */

/** Bytes of heap, as measured in Node 20 (64 bits, no pointer compression). Characters of strings come on top. */
export const memoryOf = {
  /** In an array of numbers 8, among other values 24. */
  scalar: 16,
  text: 24,
  array: 40,
  /** One with a null prototype is a hash table from the beginning. A map of a document is a little smaller. */
  object: 192,
  /** With its name, which objects often share: characters past keyCharacters come on top. */
  key: 32,
  /** An entry with its stamp. */
  entry: 64,
  /** An operation of a transaction, with its path. */
  operation: 160,
} as const;

const keyCharacters = 32;

export const memoryOfKey = (key: string): number => memoryOf.key + Math.max(0, key.length - keyCharacters);
