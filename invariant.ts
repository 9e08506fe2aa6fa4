/** Assertions: conditions that this program relies on, checked in production, too. */

/**
 * A fault of this program, never of its input. Clients do not see its message; it is logged like every unexpected
 * error.
 */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/**
 * Checked in production too, as a program that continues with a broken invariant may corrupt data.
 * @param why the reason why the condition holds
 * @throws {InvariantError} it does not hold
 */
export function invariant(condition: boolean, why: string): asserts condition {
  if (!condition) throw new InvariantError(why);
}
