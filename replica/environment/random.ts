/** The source of random bytes that the replica is given. */

export type Random = (bytes: number) => Uint8Array;
