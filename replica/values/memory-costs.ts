/** Estimates of the memory that values and documents take in this process. */

/** Heap bytes, measured in Node 20 (64 bits, no pointer compression). Each character of a string takes one more. */
export const memoryOf = {
  /** 8 in an array of only numbers, 24 in a mixed array. */
  scalar: 16,
  text: 24,
  array: 40,
  /** An object with a null prototype is a hash table from its creation. A document's map takes slightly less. */
  object: 192,
  /** With its name: objects often share names of up to keyCharacters; each further character takes one more byte. */
  key: 32,
  /** A register or presence entry with its stamp. */
  entry: 64,
  /** A wire operation of a transaction, with its path. */
  operation: 160,
} as const;

const keyCharacters = 32;

export const memoryOfKey = (key: string): number => memoryOf.key + Math.max(0, key.length - keyCharacters);
