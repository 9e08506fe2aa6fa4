import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MalformedBytesError, UnknownFormatError } from '../../../errors.ts';
import { limits } from '../../../limits.ts';
import { decodeMessage, encodeMessage, type Message } from '../../../uploads/transfer/messages.ts';

const from = fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/);
const sha256 = fc.stringMatching(/^[0-9a-f]{64}$/);
const length = fc.maxSafeNat();
const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ kind: fc.constant('question' as const), from, contents: fc.array(sha256) }),
  fc.record({
    kind: fc.constant('answer' as const),
    from,
    holdings: fc.array(fc.record({ sha256, size: fc.option(length, { nil: undefined }) })),
  }),
  fc.record({
    kind: fc.constant('request' as const),
    from,
    sha256,
    offset: length,
    length: fc.integer({ min: 1, max: limits.transferChunkBytes }),
  }),
  fc.record({ kind: fc.constant('chunk' as const), from, sha256, offset: length, bytes: fc.uint8Array() }),
);

describe('messages between replicas', () => {
  it('come back as they were sent', () => {
    fc.assert(
      fc.property(message, (sent) => {
        const received = decodeMessage(encodeMessage(sent));
        expect(received.kind === 'chunk' ? { ...received, bytes: Uint8Array.from(received.bytes) } : received).toEqual(
          sent,
        );
      }),
    );
  });

  it('have the bytes that docs/internals/transfer.md says', () => {
    const question = encodeMessage({ kind: 'question', from: 'a.x', contents: ['0f'.repeat(32)] });
    const chunk = encodeMessage({
      kind: 'chunk',
      from: 'a.x',
      sha256: '0f'.repeat(32),
      offset: 258,
      bytes: Buffer.of(7),
    });

    expect(Buffer.from(question).toString('hex')).toBe(`010103612e780001${'0f'.repeat(32)}`);
    expect(Buffer.from(chunk).toString('hex')).toBe(`010403612e78${'0f'.repeat(32)}000000000000010207`);
  });

  it('T9: are refused by name, whatever bytes come', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(refusalOf(bytes)).toSatisfy(
          (error) => error === undefined || error instanceof MalformedBytesError || error instanceof UnknownFormatError,
        );
      }),
    );
  });

  it('T9: are refused where any byte is missing, except at the end of a chunk', () => {
    fc.assert(
      fc.property(
        message.filter(({ kind }) => kind !== 'chunk'),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (sent, part) => {
          const bytes = encodeMessage(sent);
          expect(refusalOf(bytes.subarray(0, bytes.length * part))).toBeInstanceOf(MalformedBytesError);
        },
      ),
    );
  });

  it.each([
    ['of a newer format', '02010161', UnknownFormatError],
    ['of an unknown kind', '01050161', MalformedBytesError],
    ['from nobody', '010100', MalformedBytesError],
    ['from a name that is none', '0101010a0000', MalformedBytesError],
    ['that goes on after its end', '01010161000000', MalformedBytesError],
    ['with more contents than one may name', '01010161ffff', MalformedBytesError],
    ['that asks for no bytes', `01030161${'00'.repeat(48)}`, MalformedBytesError],
    ['that asks for too many bytes', `01030161${'00'.repeat(40)}0000000000100000`, MalformedBytesError],
    ['with an offset that no file has', `01040161${'00'.repeat(32)}0020000000000000`, MalformedBytesError],
  ])('T9: refuses one %s', (_what, hex, error) => {
    expect(refusalOf(Buffer.from(hex, 'hex'))).toBeInstanceOf(error);
  });
});

function refusalOf(bytes: Uint8Array): unknown {
  try {
    decodeMessage(bytes);
    return undefined;
  } catch (error) {
    return error;
  }
}
