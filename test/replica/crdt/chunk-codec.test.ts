import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MalformedBytesError, UnknownFormatError } from '../../../errors.ts';
import { type ChunkRecord, decodeChunk, encodeChunk } from '../../../replica/crdt/chunk-codec.ts';
import { factsOfState } from './facts.ts';
import { states } from './wire.ts';

const records = fc.array(
  fc.record({ collection: fc.constantFrom('cars', 'people'), id: fc.string({ unit: 'grapheme' }), state: states }),
  { maxLength: 5 },
);

const factsOfRecord = ({ collection, id, state }: ChunkRecord) => ({
  collection,
  id,
  touch: state.touch,
  facts: factsOfState(state),
});

describe('chunks', () => {
  it('come out of bytes as they went in, to the same bytes again', () => {
    fc.assert(
      fc.property(records, (written) => {
        const bytes = encodeChunk(written);
        expect(decodeChunk(bytes).map(factsOfRecord)).toEqual(written.map(factsOfRecord));
        expect(encodeChunk(decodeChunk(bytes))).toEqual(bytes);
      }),
    );
  });

  it('of a newer format are named so', () => {
    expect(() => decodeChunk(Uint8Array.of(99, 0))).toThrow(UnknownFormatError);
  });

  it('cut short or followed by more are refused', () => {
    fc.assert(
      fc.property(records, fc.nat(), (written, at) => {
        const bytes = encodeChunk(written);
        expect(() => decodeChunk(bytes.subarray(0, at % bytes.length))).toThrow(MalformedBytesError);
        expect(() => decodeChunk(Buffer.concat([bytes, Buffer.from([0])]))).toThrow(MalformedBytesError);
      }),
    );
  });
});
