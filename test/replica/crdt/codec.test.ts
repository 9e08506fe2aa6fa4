import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MalformedBytesError, UnknownFormatError } from '../../../errors.ts';
import { limits } from '../../../limits.ts';
import { decodeDelta, decodeDocument, encodeDelta, encodeDocument } from '../../../replica/crdt/codec.ts';
import type { Delta, WireOperation } from '../../../replica/crdt/delta.ts';
import { applyOperations } from '../../../replica/crdt/document.ts';
import { levelsOf, type Value } from '../../../replica/crdt/value.ts';
import { factsOfState } from './facts.ts';
import { deltas, states } from './wire.ts';

/** What decoding gives, or the error that it may end in. */
function outcome(decode: () => unknown): string {
  try {
    decode();
    return 'value';
  } catch (error) {
    if (error instanceof MalformedBytesError || error instanceof UnknownFormatError) return error.code;
    throw error;
  }
}

const small: Delta = {
  origin: 'ann.a1b2c3d4',
  number: 2,
  time: 3,
  context: { log: 'log', position: 4, origins: new Map([['ann.a1b2c3d4', 1]]) },
  operations: [
    {
      collection: 'cars',
      id: 'vw',
      operations: [
        { kind: 'makeMap', path: [], isDefault: false },
        { kind: 'assign', path: ['a'], value: [1, -2, 0.5, 'log', null], floors: [], isDefault: true },
      ],
    },
  ],
};

describe('deltas', () => {
  it('come out of bytes as they went in, to the same bytes again', () => {
    fc.assert(
      fc.property(deltas, (delta) => {
        const bytes = encodeDelta(delta);
        expect(decodeDelta(bytes)).toEqual(delta);
        expect(encodeDelta(decodeDelta(bytes))).toEqual(bytes);
      }),
      { numRuns: 300 },
    );
  });

  it('are the bytes that docs/codec.md spells out', () => {
    const text = readFileSync(new URL('../../../docs/codec.md', import.meta.url), 'utf8');
    const lines = text.split('\n').filter((line) => /^[0-9a-f ]+ # /.test(line));
    const bytes = Buffer.from(lines.map((line) => line.replace(/#.*| /g, '')).join(''), 'hex');
    const [touched] = small.operations;
    if (!touched) throw new Error('there is one');
    const operations: readonly WireOperation[] = [
      { kind: 'makeMap', path: [], isDefault: false },
      { kind: 'assign', path: ['a'], value: true, floors: [], isDefault: false },
    ];
    const delta = { ...small, operations: [{ ...touched, operations }] };
    expect(decodeDelta(bytes)).toEqual(delta);
    expect(Buffer.from(encodeDelta(delta))).toEqual(bytes);
  });

  it('are these bytes', () => {
    const bytes = [
      [1], // format
      [5, 12, ...ascii('ann.a1b2c3d4'), 3, ...ascii('log'), 4, ...ascii('cars')], // strings
      [2, ...ascii('vw'), 1, ...ascii('a')],
      [0, 2, 3], // origin, number, time
      [1, 4, 1, 0, 1], // context: log, position, one origin with its number
      [1, 2, 3, 2], // one document: collection, id, two operations
      [2, 0], // makeMap at the root
      [0x81, 1, 4], // assign of default data at `a`
      [9, 5, 3, 1, 4, 2, 5, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f, 8, 1, 0], // the array
      [0], // no floors
      [0], // no optional fields
    ];
    expect([...encodeDelta(small)]).toEqual(bytes.flat());
  });

  it('name origins in one order, whatever order they came in', () => {
    const swapped = (entries: [string, number][]): Delta => ({
      ...small,
      context: { ...small.context, origins: new Map(entries) },
    });
    const [a, b]: [string, number][] = [
      ['a.1', 1],
      ['b.1', 2],
    ];
    if (!a || !b) throw new Error('there are two');
    expect(encodeDelta(swapped([a, b]))).toEqual(encodeDelta(swapped([b, a])));
  });

  it('may have optional fields that a reader skips', () => {
    const bytes = encodeDelta(small);
    const withFields = Buffer.concat([bytes.subarray(0, -1), Buffer.from([2, 7, 3, 1, 2, 3, 9, 0])]);
    expect(decodeDelta(withFields)).toEqual(small);
    const unordered = Buffer.concat([bytes.subarray(0, -1), Buffer.from([2, 9, 0, 7, 0])]);
    expect(() => decodeDelta(unordered)).toThrow(MalformedBytesError);
  });

  it('of a newer format are named so', () => {
    const bytes = encodeDelta(small);
    bytes[0] = 2;
    expect(() => decodeDelta(bytes)).toThrow(UnknownFormatError);
    expect(() => decodeDelta(new Uint8Array([0]))).toThrow(MalformedBytesError);
    expect(() => decodeDelta(new Uint8Array())).toThrow(MalformedBytesError);
  });

  it('cut short or followed by more are refused', () => {
    const bytes = encodeDelta(small);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeDelta(bytes.subarray(0, length))).toThrow(MalformedBytesError);
    }
    expect(() => decodeDelta(Buffer.concat([bytes, Buffer.from([0])]))).toThrow(MalformedBytesError);
  });

  it.each<{ what: string; operation: WireOperation }>([
    { what: 'writes to _id', operation: { kind: 'assign', path: ['_id'], value: 1, floors: [], isDefault: false } },
    {
      what: 'makes the root a register',
      operation: { kind: 'assign', path: [], value: 1, floors: [], isDefault: false },
    },
    {
      what: 'makes the root a counter',
      operation: { kind: 'makeCounter', path: [], base: undefined, isDefault: false },
    },
    { what: 'has __proto__ in a path', operation: { kind: 'makeMap', path: ['a', '__proto__'], isDefault: false } },
    { what: 'goes too deep', operation: { kind: 'makeMap', path: tooDeep(), isDefault: false } },
    {
      what: 'holds what is too deep',
      operation: { kind: 'assign', path: ['a'], value: deepValue(), floors: [], isDefault: false },
    },
    {
      what: 'holds no finite number',
      operation: { kind: 'makeCounter', path: ['a'], base: Number.NaN, isDefault: false },
    },
    { what: 'has a small bigint', operation: { kind: 'assign', path: ['a'], value: 5n, floors: [], isDefault: false } },
    {
      what: 'has a negative total',
      operation: {
        kind: 'increment',
        path: ['a'],
        birth: 1,
        before: { up: 0, down: 0 },
        after: { up: -1, down: 0 },
        isDefault: false,
      },
    },
  ])('with an operation that $what are refused', ({ operation }) => {
    const delta = { ...small, operations: [{ collection: 'cars', id: '1', operations: [operation] }] };
    expect(() => decodeDelta(encodeDelta(delta))).toThrow(MalformedBytesError);
  });

  it('that touch a document twice are refused', () => {
    const [touched] = small.operations;
    if (!touched) throw new Error('there is one');
    expect(() => decodeDelta(encodeDelta({ ...small, operations: [touched, touched] }))).toThrow(MalformedBytesError);
  });
});

describe('documents', () => {
  it('come out of bytes as they went in, to the same bytes again', () => {
    fc.assert(
      fc.property(states, (state) => {
        const bytes = encodeDocument(state);
        const decoded = decodeDocument(bytes);
        expect(factsOfState(decoded)).toEqual(factsOfState(state));
        expect(decoded.touch).toEqual(state.touch);
        expect(encodeDocument(decodeDocument(bytes))).toEqual(bytes);
      }),
      { numRuns: 500 },
    );
  });

  it('keep the order of their keys', () => {
    const writer = { origin: 'x', number: 1, time: 1, log: 'log', position: 1, covers: () => true };
    const assign = (key: string): WireOperation => ({
      kind: 'assign',
      path: [key],
      value: 1,
      floors: [],
      isDefault: false,
    });
    const state = applyOperations(undefined, [assign('z'), assign('a'), assign('m')], writer);
    const decoded = state && decodeDocument(encodeDocument(state));
    expect([...(decoded?.root.map?.children.keys() ?? [])]).toEqual(['z', 'a', 'm']);
  });

  it('of a newer format are named so', () => {
    expect(() => decodeDocument(new Uint8Array([2, 0]))).toThrow(UnknownFormatError);
  });
});

describe('any bytes whatever', () => {
  const outcomes = ['value', 'MALFORMED_BYTES', 'UNKNOWN_FORMAT'];

  it('are a value or an error by name', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const known = Uint8Array.of(1, ...bytes);
        expect(outcomes).toContain(outcome(() => decodeDelta(bytes)));
        expect(outcomes).toContain(outcome(() => decodeDelta(known)));
        expect(outcomes).toContain(outcome(() => decodeDocument(known)));
      }),
      { numRuns: 1_000 },
    );
  });

  it('that were a delta or a document before a byte of them changed are too, and what they give is stable', () => {
    const change = fc.record({ at: fc.nat(), to: fc.nat({ max: 255 }) });
    fc.assert(
      fc.property(deltas, states, fc.array(change, { minLength: 1, maxLength: 3 }), (delta, state, changes) => {
        const changed = (original: Uint8Array): Uint8Array => {
          const bytes = original.slice();
          for (const { at, to } of changes) bytes[at % bytes.length] = to;
          return bytes;
        };
        const deltaBytes = changed(encodeDelta(delta));
        if (outcome(() => decodeDelta(deltaBytes)) === 'value') {
          const again = encodeDelta(decodeDelta(deltaBytes));
          expect(encodeDelta(decodeDelta(again))).toEqual(again);
        }
        const stateBytes = changed(encodeDocument(state));
        if (outcome(() => decodeDocument(stateBytes)) === 'value') {
          const again = encodeDocument(decodeDocument(stateBytes));
          expect(encodeDocument(decodeDocument(again))).toEqual(again);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('that promise more than they hold cost nothing', () => {
    const many = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];
    for (const bytes of [
      [1, ...many],
      [1, 1, ...many],
      [1, 1, 1, 0x61, 0, 1, 1, 0, 1, ...many],
    ]) {
      expect(() => decodeDelta(Uint8Array.from(bytes))).toThrow(MalformedBytesError);
      expect(() => decodeDocument(Uint8Array.from(bytes))).toThrow(MalformedBytesError);
    }
  });

  it('with text that is no UTF-8, or an integer longer than it need be, are refused', () => {
    expect(() => decodeDelta(Uint8Array.of(1, 1, 1, 0xff))).toThrow(/no UTF-8/);
    expect(() => decodeDelta(Uint8Array.of(1, 0x80, 0))).toThrow(/longer than it need be/);
    expect(() => decodeDelta(Uint8Array.of(1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f))).toThrow(
      /too large/,
    );
  });
});

function ascii(text: string): readonly number[] {
  return [...Buffer.from(text, 'ascii')];
}

function tooDeep(): readonly string[] {
  return Array.from({ length: limits.documentDepth + 1 }, () => 'a');
}

function deepValue(): Value {
  let value: Value = [];
  while (levelsOf(value) < limits.documentDepth) value = [value];
  return value;
}
