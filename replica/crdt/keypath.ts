/** Keypaths as text: `a.b`, `a["x.y"]`. */
import type { Path } from './delta.ts';

/** @throws {BadUserInputError} naming `argument`, what is wrong and where in the text */
export function parseKeypath(_text: string, _argument: string): Path {
  throw new Error('pending');
}

export function formatKeypath(_path: Path): string {
  throw new Error('pending');
}
