/** Randomness as an argument. */

export type Random = (bytes: number) => Uint8Array;
