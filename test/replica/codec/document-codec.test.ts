import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MalformedBytesError, UnknownFormatError } from '../../../errors.ts';
import { limits } from '../../../limits.ts';
import { type ChunkRecord, decodeChunk, encodeChunk } from '../../../replica/codec/chunk-codec.ts';
import { decodeDelta, encodeDelta } from '../../../replica/codec/delta-codec.ts';
import { decodeDocument, encodeDocument } from '../../../replica/codec/document-codec.ts';
import type { WireOperation } from '../../../replica/crdt/delta.ts';
import { applyOperations, touchPosition } from '../../../replica/crdt/document.ts';
import type { DocumentState } from '../../../replica/crdt/document-node.ts';
import { memoryOf } from '../../../replica/values/memory-costs.ts';
import type { Value, ValueObject } from '../../../replica/values/value.ts';
import { damaged, damages, outcomeOf } from '../crdt/damage.ts';
import { factsOfState } from '../crdt/facts.ts';
import { states } from '../crdt/wire.ts';

const records: fc.Arbitrary<ChunkRecord[]> = fc.array(
  fc.record({ collection: fc.constantFrom('cars', 'people'), id: fc.string({ unit: 'grapheme' }), state: states }),
  { maxLength: 6 },
);

const factsOf = (state: DocumentState) => ({
  lastWriter: state.lastWriter,
  place: touchPosition(state, 'log'),
  facts: factsOfState(state),
});
const factsOfRecord = ({ collection, id, state }: ChunkRecord) => ({ collection, id, ...factsOf(state) });

const assign = (key: string, value: string | number = 1): WireOperation => ({
  kind: 'assign',
  path: [key],
  value,
  floors: [],
  isDefault: false,
});

function stateOf(number: number, operations: readonly WireOperation[], before?: DocumentState): DocumentState {
  const writer = { origin: 'x', number, time: 1000 + number, log: 'log', position: number, covers: () => true };
  const state = applyOperations(before, operations, writer);
  if (state === undefined) throw new Error('nothing is left');
  return state;
}

describe('documents', () => {
  it('come out of bytes as they went in, to the same bytes again', () => {
    fc.assert(
      fc.property(states, (state) => {
        const bytes = encodeDocument(state);
        expect(factsOf(decodeDocument(bytes))).toEqual(factsOf(state));
        expect(encodeDocument(decodeDocument(bytes))).toEqual(bytes);
      }),
      { numRuns: 500 },
    );
  });

  it('keep the order of their keys', () => {
    const state = stateOf(1, [assign('z'), assign('a'), assign('m')]);
    const decoded = decodeDocument(encodeDocument(state));
    expect([...(decoded.root.map?.children.keys() ?? [])]).toEqual(['z', 'a', 'm']);
  });

  it('that end with the shortest of cells come back', () => {
    const count: WireOperation = {
      kind: 'increment',
      path: ['a'],
      birth: 1,
      before: { up: 0, down: 0 },
      after: { up: 1, down: 0 },
      isDefault: false,
    };
    const state = stateOf(1, [count]);
    expect(factsOf(decodeDocument(encodeDocument(state)))).toEqual(factsOf(state));
  });

  it('of many writers come back, however many stamps they have', () => {
    let state = stateOf(1, [{ kind: 'makeMap', path: [], isDefault: false }]);
    for (let number = 2; number < 600; number++)
      state = stateOf(number, [assign(`key ${number % 300}`, number)], state);
    const bytes = encodeDocument(state);
    expect(factsOf(decodeDocument(bytes))).toEqual(factsOf(state));
    expect(encodeDocument(decodeDocument(bytes))).toEqual(bytes);
    state = stateOf(600, [{ kind: 'makeMap', path: [], isDefault: false }], state);
    expect(factsOf(decodeDocument(encodeDocument(state)))).toEqual(factsOf(state));
  });

  it('may have optional fields that a reader skips', () => {
    const state = stateOf(1, [assign('a')]);
    const bytes = encodeDocument(state);
    expect(factsOf(decodeDocument(Buffer.concat([bytes, Buffer.from([3, 2, 0xff, 0xff, 9, 0])])))).toEqual(
      factsOf(state),
    );
    expect(() => decodeDocument(Buffer.concat([bytes, Buffer.from([9, 0, 3, 0])]))).toThrow(/out of order/);
  });

  it('know where they were touched last, also where that left nothing in them', () => {
    const removed = stateOf(2, [{ kind: 'remove', path: ['b'], floors: [] }], stateOf(1, [assign('a'), assign('b')]));
    const decoded = decodeDocument(encodeDocument(removed));
    expect(decoded.lastWriter).toEqual({ origin: 'x', number: 2 });
    expect(touchPosition(decoded, 'log')).toBe(2);
    expect(touchPosition(decoded, 'grown')).toBe(0);
  });

  it('of the former format are read: a touch that is a name alone is where the newest entry is', () => {
    const bytes = encodeDocument(stateOf(1, [assign('a'), assign('b')]));
    const lastWriter = Buffer.concat([Buffer.of(0, 3), Buffer.from('y'), Buffer.of(7)]);
    const decoded = decodeDocument(Buffer.concat([Buffer.of(2), bytes.subarray(1, -1), lastWriter]));
    expect(decoded.lastWriter).toEqual({ origin: 'y', number: 7 });
    expect(touchPosition(decoded, 'log')).toBe(1);
  });

  it('of another format are named so', () => {
    for (const format of [1, 4]) expect(() => decodeDocument(new Uint8Array([format, 0]))).toThrow(UnknownFormatError);
    expect(() => decodeDocument(new Uint8Array([0]))).toThrow(MalformedBytesError);
  });

  it('cut short are refused', () => {
    fc.assert(
      fc.property(states, (state) => {
        const bytes = encodeDocument(state);
        for (let length = 0; length < bytes.length; length++) {
          expect(() => decodeDocument(bytes.subarray(0, length))).toThrow(MalformedBytesError);
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('chunks', () => {
  it('come out of bytes as they went in, and to the same bytes once they were read', () => {
    fc.assert(
      fc.property(records, (written) => {
        const bytes = encodeChunk(written);
        expect(decodeChunk(bytes).map(factsOfRecord)).toEqual(written.map(factsOfRecord));
        // Several stamps of one transaction may stand for the last writer; which of them does is settled by the first reading.
        const settled = encodeChunk(decodeChunk(bytes));
        expect(decodeChunk(settled).map(factsOfRecord)).toEqual(written.map(factsOfRecord));
        expect(encodeChunk(decodeChunk(settled))).toEqual(settled);
      }),
      { numRuns: 300 },
    );
  });

  it('hold thousands of documents of many transactions, each stamp and string once', () => {
    const written = Array.from({ length: 3000 }, (_, index): ChunkRecord => {
      const number = 1 + (index % 1000);
      return { collection: 'cars', id: `${index}`, state: stateOf(number, [assign('make', `make ${index % 7}`)]) };
    });
    const bytes = encodeChunk(written);
    expect(decodeChunk(bytes).map(factsOfRecord)).toEqual(written.map(factsOfRecord));
    expect(bytes.length / written.length).toBeLessThan(20);
  });

  it('may have optional fields that a reader skips', () => {
    const written = [{ collection: 'cars', id: 'vw', state: stateOf(1, [assign('a')]) }];
    const bytes = Buffer.concat([encodeChunk(written), Buffer.from([3, 1, 0xff])]);
    expect(decodeChunk(bytes).map(factsOfRecord)).toEqual(written.map(factsOfRecord));
  });

  it('of another format are named so', () => {
    expect(() => decodeChunk(Uint8Array.of(99, 0))).toThrow(UnknownFormatError);
    expect(() => decodeChunk(new Uint8Array())).toThrow(MalformedBytesError);
  });

  it('cut short are refused', () => {
    fc.assert(
      fc.property(records, fc.nat(), (written, at) => {
        const bytes = encodeChunk(written);
        expect(() => decodeChunk(bytes.subarray(0, at % bytes.length))).toThrow(MalformedBytesError);
      }),
    );
  });
});

describe('B1: what would take much more memory than anybody writes', () => {
  const empty: ValueObject = Object.create(null);
  const objects = (memoryBytes: number): WireOperation => ({
    kind: 'assign',
    path: ['a'],
    value: Array<Value>(Math.ceil(memoryBytes / (memoryOf.object + memoryOf.scalar))).fill(empty),
    floors: [],
    isDefault: false,
  });
  const deltaOf = (memoryBytes: number) => {
    const operations = [{ collection: 'c', id: 'd', operations: [objects(memoryBytes)] }];
    const context = { log: 'log', position: 0, numberBefore: 0, others: new Map<string, number>() };
    return encodeDelta({ origin: 'x', number: 1, time: 1, context, operations });
  };

  it('is refused as a document, and as a document in a chunk', () => {
    const state = stateOf(1, [objects(limits.mergedMemoryFactor * limits.documentMemoryBytes)]);
    expect(() => decodeDocument(encodeDocument(state))).toThrow(MalformedBytesError);
    expect(() => decodeChunk(encodeChunk([{ collection: 'c', id: 'd', state }]))).toThrow(/more memory/);
  });

  it('is refused as a transaction', () => {
    expect(() => decodeDelta(deltaOf(limits.foreignTransactionMemoryBytes))).toThrow(MalformedBytesError);
  });

  it('is read where cut-off replicas wrote a document together, each of them up to the limit', () => {
    const state = stateOf(1, [objects(2 * limits.documentMemoryBytes)]);
    const records = [1, 2, 3].map((id) => ({ collection: 'c', id: `${id}`, state }));
    expect(decodeChunk(encodeChunk(records))).toHaveLength(3);
  });

  it('is read as far as one replica writes it', () => {
    expect(decodeDelta(deltaOf(limits.documentMemoryBytes)).operations).toHaveLength(1);
  });
});

describe('any bytes whatever', () => {
  it('are documents or an error by name', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        outcomeOf(() => decodeDocument(bytes));
        outcomeOf(() => decodeDocument(Uint8Array.of(2, ...bytes)));
        outcomeOf(() => decodeChunk(Uint8Array.of(1, ...bytes)));
      }),
      { numRuns: 2_000 },
    );
  });

  it('that were documents before some of them changed are too, and what they give is stable', () => {
    fc.assert(
      fc.property(states, records, damages, (state, written, changes) => {
        const one = outcomeOf(() => decodeDocument(damaged(encodeDocument(state), changes)));
        if ('value' in one) {
          const again = encodeDocument(one.value);
          expect(factsOf(decodeDocument(again))).toEqual(factsOf(one.value));
          expect(encodeDocument(decodeDocument(again))).toEqual(again);
        }
        const some = outcomeOf(() => decodeChunk(damaged(encodeChunk(written), changes)));
        if ('value' in some)
          expect(decodeChunk(encodeChunk(some.value)).map(factsOfRecord)).toEqual(some.value.map(factsOfRecord));
      }),
      { numRuns: 2_000 },
    );
  });

  it('that promise more than they hold, or name what was not there, are refused', () => {
    const many = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];
    for (const bytes of [
      [2, 2, ...many],
      [2, 4, ...many],
      [2, 2, 1, 5], // a stamp that was not met
      [2, 4, 1, 6, 64], // a string that was not met
      [2, 2, 1, 0, 4, 1, 1], // the same origin as before, and there is none
      [2, 2, 1, 0, 10, 1, 3, 0x61, 1, 1], // the same log as before, and there is none
      [2, 2, 1, 0, 32, 3, 0x61, 1, 1, 1], // a number below 0
    ]) {
      expect(() => decodeDocument(Uint8Array.from(bytes))).toThrow(MalformedBytesError);
    }
    expect(() => decodeChunk(Uint8Array.from([1, ...many]))).toThrow(MalformedBytesError);
  });
});
