/** What this program takes for granted, said where it does. */

/** A mistake of this program, never of its input. The edge masks and logs it, as every error that is not expected. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/**
 * Holds in production, too: a program that goes on with a broken invariant writes what it should not.
 * @param why why it holds
 * @throws {InvariantError} it does not
 */
export function invariant(condition: boolean, why: string): asserts condition {
  if (!condition) throw new InvariantError(why);
}
