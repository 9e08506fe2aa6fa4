/** Bytes from outside: what becomes of them, and how they may have been damaged. */
import fc from 'fast-check';
import { MalformedBytesError, UnknownFormatError } from '../../../errors.ts';

/** What decoding gives, or the error that it may end in. @throws any other error */
export function outcomeOf<Value>(decode: () => Value): { readonly value: Value } | { readonly code: string } {
  try {
    return { value: decode() };
  } catch (error) {
    if (error instanceof MalformedBytesError || error instanceof UnknownFormatError) return { code: error.code };
    throw error;
  }
}

/** Some bytes of the original are others, some are taken out, some are put in. */
export interface Damage {
  readonly at: number;
  readonly length: number;
  readonly instead: Uint8Array;
}

export function damaged(original: Uint8Array, damages: readonly Damage[]): Uint8Array {
  let bytes = Buffer.from(original);
  for (const { at, length, instead } of damages) {
    const from = at % (bytes.length + 1);
    bytes = Buffer.concat([bytes.subarray(0, from), instead, bytes.subarray(from + length)]);
  }
  return bytes;
}

export const damages: fc.Arbitrary<readonly Damage[]> = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        at: fc.nat(),
        length: fc.constant(1),
        instead: fc.uint8Array({ minLength: 1, maxLength: 1 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ at: fc.nat(), length: fc.nat({ max: 3 }), instead: fc.uint8Array({ maxLength: 3 }) }),
    },
  ),
  { minLength: 1, maxLength: 3 },
);
