import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MalformedBytesError, UnknownFormatError } from '../../../errors.ts';
import { limits } from '../../../limits.ts';
import {
  decodeBatch,
  decodeDelta,
  type EntryFacts,
  encodeBatch,
  encodeDelta,
} from '../../../replica/codec/delta-codec.ts';
import type { Delta, WireOperation } from '../../../replica/crdt/delta.ts';
import { noOthers } from '../../../replica/crdt/version.ts';
import { levelsOf, type Value } from '../../../replica/values/value.ts';
import { damaged, damages, outcomeOf } from '../crdt/damage.ts';
import { batches, deltas } from '../crdt/wire.ts';

const ann = 'ann.a1b2c3d4';

const small: Delta = {
  origin: ann,
  number: 2,
  time: 1000,
  context: { log: 'log', position: 4, numberBefore: 1, others: noOthers },
  operations: [
    {
      collection: 'cars',
      id: 'vw',
      operations: [
        { kind: 'makeMap', path: [], isDefault: false },
        { kind: 'assign', path: ['a'], value: true, floors: [], isDefault: false },
      ],
    },
  ],
};

/** The next one of the same origin, which had seen more. */
const next: Delta = {
  origin: ann,
  number: 3,
  time: 1300,
  context: { log: 'log', position: 5, numberBefore: 2, others: noOthers },
  operations: [
    {
      collection: 'cars',
      id: 'vw',
      operations: [
        {
          kind: 'increment',
          path: ['b'],
          birth: 3,
          before: { up: 0, down: 0 },
          after: { up: 5, down: 0 },
          isDefault: false,
        },
      ],
    },
  ],
};

const withOperation = (operation: WireOperation): Delta => ({
  ...small,
  operations: [{ collection: 'cars', id: '1', operations: [operation] }],
});

const factsOf = (log: string, deltas: readonly Delta[]): EntryFacts => ({
  log,
  origin: deltas[0]?.origin ?? ann,
  firstNumber: deltas[0]?.number ?? 0,
  lastNumber: deltas.at(-1)?.number ?? 0,
  count: deltas.length,
});

/** The bytes that docs/internals/codec.md spells out, by the headings before them. */
function documented(heading: string): Buffer {
  const text = readFileSync(new URL('../../../docs/internals/codec.md', import.meta.url), 'utf8');
  const lines = text.slice(text.indexOf(heading)).split('\n');
  const first = lines.indexOf('```');
  const spelled = lines.slice(first + 1, lines.indexOf('```', first + 1));
  return Buffer.from(spelled.map((line) => line.replace(/#.*| /g, '')).join(''), 'hex');
}

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

  it('are the bytes that docs/internals/codec.md spells out', () => {
    const bytes = documented('### A delta alone');
    expect(decodeDelta(bytes)).toEqual(small);
    expect(Buffer.from(encodeDelta(small))).toEqual(bytes);
  });

  it('name origins in one order, whatever order they came in', () => {
    const seeing = (...origins: [string, number][]): Delta => ({
      ...small,
      context: { ...small.context, others: new Map(origins) },
    });
    expect(encodeDelta(seeing(['a.1', 1], ['b.1', 2]))).toEqual(encodeDelta(seeing(['b.1', 2], ['a.1', 1])));
  });

  it('may have optional fields that a reader skips', () => {
    const bytes = Buffer.from(encodeDelta(small));
    const frame = bytes.lastIndexOf(bytes.at(-1) ?? 0) + 1;
    const length = bytes.indexOf(Buffer.from('log')) + 3;
    const withFields = (...fields: number[]) => {
      const longer = Buffer.concat([bytes.subarray(0, frame), Buffer.from(fields)]);
      longer[length] = (longer[length] ?? 0) + fields.length;
      return longer;
    };
    expect(decodeDelta(withFields(7, 3, 1, 2, 3, 9, 0))).toEqual(small);
    expect(() => decodeDelta(withFields(9, 0, 7, 0))).toThrow(/out of order/);
    expect(() => decodeDelta(withFields(7, 3, 1))).toThrow(MalformedBytesError);
  });

  it('of another format are named so', () => {
    const bytes = encodeDelta(small);
    for (const format of [1, 3, 255]) {
      bytes[0] = format;
      expect(() => decodeDelta(bytes)).toThrow(UnknownFormatError);
    }
    expect(() => decodeDelta(new Uint8Array([0]))).toThrow(MalformedBytesError);
    expect(() => decodeDelta(new Uint8Array())).toThrow(MalformedBytesError);
  });

  it('cut short or followed by more are refused', () => {
    fc.assert(
      fc.property(deltas, (delta) => {
        const bytes = encodeDelta(delta);
        for (let length = 0; length < bytes.length; length++) {
          expect(() => decodeDelta(bytes.subarray(0, length))).toThrow(MalformedBytesError);
        }
        expect(() => decodeDelta(Buffer.concat([bytes, Buffer.from([0])]))).toThrow(MalformedBytesError);
      }),
      { numRuns: 20 },
    );
  });

  it.each<{ what: string; operation: WireOperation }>([
    { what: 'writes to _id', operation: { kind: 'assign', path: ['_id'], value: 1, floors: [], isDefault: false } },
    {
      what: 'writes below _id',
      operation: { kind: 'assign', path: ['_id', 'a', 'b', 'c'], value: 1, floors: [], isDefault: false },
    },
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
      what: 'resets what is too deep',
      operation: { kind: 'remove', path: ['a'], floors: [{ path: tooDeep(), origin: ann, birth: 1, up: 1, down: 0 }] },
    },
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
    const delta = withOperation(operation);
    expect(() => decodeDelta(encodeDelta(delta))).toThrow(MalformedBytesError);
    const { shared, frames } = encodeBatch('log', [delta]);
    expect(() => decodeBatch(factsOf('log', [delta]), Buffer.concat([shared, ...frames]))).toThrow(MalformedBytesError);
  });

  it('that touch a document twice are refused', () => {
    const [touched] = small.operations;
    if (!touched) throw new Error('there is one');
    expect(() => decodeDelta(encodeDelta({ ...small, operations: [touched, touched] }))).toThrow(MalformedBytesError);
  });
});

describe('deltas in an entry', () => {
  it('come out of its body as they went into the batch, of any run of them', () => {
    fc.assert(
      fc.property(batches, fc.nat(), fc.nat(), (batch, from, length) => {
        const { shared, frames } = encodeBatch('log', batch);
        const first = from % batch.length;
        const run = batch.slice(first, first + 1 + (length % batch.length));
        const body = Buffer.concat([shared, ...frames.slice(first, first + run.length)]);
        expect(decodeBatch(factsOf('log', run), body)).toEqual(run);
      }),
      { numRuns: 300 },
    );
  });

  it('come out of batches of several origins, those of each run of one', () => {
    fc.assert(
      fc.property(batches, batches, (one, other) => {
        const { shared, frames } = encodeBatch('log', [...one, ...other]);
        const body = Buffer.concat([shared, ...frames.slice(one.length)]);
        expect(decodeBatch(factsOf('log', other), body)).toEqual(other);
      }),
    );
  });

  it('share no table where many origins take turns: each of their entries would have a copy of it', () => {
    const turns = Array.from({ length: 1000 }, (_, index): Delta => {
      const origin = `${index % 2 === 0 ? 'ann' : 'bob'}.a1b2c3d4`;
      const number = 1 + Math.floor(index / 2);
      const collection = `a long name that comes again and again: ${index % 10}`;
      const context = { log: 'log', position: 0, numberBefore: number - 1, others: noOthers };
      return { origin, number, time: 1, context, operations: [{ collection, id: 'x', operations: [] }] };
    });
    const { shared, frames } = encodeBatch('log', turns);
    expect(shared.length).toBeLessThan(10);
    for (const [index, frame] of frames.entries()) {
      const delta = turns.slice(index, index + 1);
      expect(decodeBatch(factsOf('log', delta), Buffer.concat([shared, frame]))).toEqual(delta);
    }
    const ofFew = turns.toSorted((a, b) => (a.origin < b.origin ? -1 : 1));
    expect(encodeBatch('log', ofFew).shared.length).toBeGreaterThan(400);
  });

  it('are the bytes that docs/internals/codec.md spells out', () => {
    const bytes = documented('### Two deltas in an entry');
    const { shared, frames } = encodeBatch('log', [small, next]);
    expect(Buffer.concat([shared, ...frames])).toEqual(bytes);
    expect(decodeBatch(factsOf('log', [small, next]), bytes)).toEqual([small, next]);
  });

  it('of another format are named so', () => {
    const { shared, frames } = encodeBatch('log', [small]);
    shared[0] = 4;
    expect(() => decodeBatch(factsOf('log', [small]), Buffer.concat([shared, ...frames]))).toThrow(UnknownFormatError);
  });

  it('may have optional fields that a reader skips, in what they share and each of its own', () => {
    const { shared, frames } = encodeBatch('log', [small, next]);
    const [first = new Uint8Array(), second = new Uint8Array()] = frames;
    const sharing = Buffer.concat([shared.subarray(0, -1), Buffer.from([1, 200, 1, 2, 0xff, 0xff])]);
    const longer = Buffer.concat([first, Buffer.from([3, 1, 0xff])]);
    longer[0] = (longer[0] ?? 0) + 3;
    expect(decodeBatch(factsOf('log', [small, next]), Buffer.concat([sharing, longer, second]))).toEqual([small, next]);
  });

  it.each<[string, Partial<EntryFacts>]>([
    ['more of them', { count: 3 }],
    ['fewer of them', { count: 1, lastNumber: 2 }],
    ['another first number', { firstNumber: 7 }],
    ['another last number', { lastNumber: 4 }],
  ])('are refused where the entry says that there are %s', (_, facts) => {
    const { shared, frames } = encodeBatch('log', [small, next]);
    const body = Buffer.concat([shared, ...frames]);
    expect(() => decodeBatch({ ...factsOf('log', [small, next]), ...facts }, body)).toThrow(MalformedBytesError);
  });

  it('are refused where they name strings beyond the table', () => {
    const { shared, frames } = encodeBatch('log', [small, next]);
    const emptied = encodeBatch('log', [small]).shared;
    expect(emptied).not.toEqual(shared);
    expect(() => decodeBatch(factsOf('log', [small, next]), Buffer.concat([emptied, ...frames]))).toThrow(
      /not in the table/,
    );
  });
});

describe('any bytes whatever', () => {
  it('are deltas or an error by name', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat({ max: 5 }), (bytes, count) => {
        const known = Uint8Array.of(2, ...bytes);
        const facts = { log: 'log', origin: ann, firstNumber: 1, lastNumber: count, count };
        for (const input of [bytes, known]) {
          outcomeOf(() => decodeDelta(input));
          outcomeOf(() => decodeBatch(facts, input));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('that were deltas before some of them changed are too, and what they give is stable', () => {
    fc.assert(
      fc.property(deltas, batches, damages, (delta, batch, changes) => {
        const one = outcomeOf(() => decodeDelta(damaged(encodeDelta(delta), changes)));
        if ('value' in one) {
          const again = encodeDelta(one.value);
          expect(decodeDelta(again)).toEqual(one.value);
          expect(encodeDelta(decodeDelta(again))).toEqual(again);
        }
        const { shared, frames } = encodeBatch('log', batch);
        const body = damaged(Buffer.concat([shared, ...frames]), changes);
        const some = outcomeOf(() => decodeBatch(factsOf('log', batch), body));
        if ('value' in some) {
          const again = encodeBatch('log', some.value);
          const decoded = decodeBatch(factsOf('log', some.value), Buffer.concat([again.shared, ...again.frames]));
          expect(decoded).toEqual(some.value);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('that promise more than they hold cost nothing', () => {
    const many = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];
    const facts = { log: 'log', origin: ann, firstNumber: 1, lastNumber: 1e15, count: 1e15 };
    for (const bytes of [
      [2, 0, 0, ...many],
      [2, 0, 0, 0, ...many],
      [2, 0, 0, 0, 0, ...many],
      [2, 0, 0, 0, 0, 20, 32, 0, ...many],
      [2, 0, 0, 0, 0, 20, 0, 0, 3, 0x61, 3, 0x61, ...many],
    ]) {
      expect(() => decodeBatch(facts, Uint8Array.from(bytes))).toThrow(MalformedBytesError);
      expect(() => decodeDelta(Uint8Array.from(bytes))).toThrow(MalformedBytesError);
    }
  });

  it('with text that is not valid UTF-8 are refused', () => {
    expect(() => decodeDelta(Uint8Array.of(2, 0, 0, 1, 1, 0xff))).toThrow(/not valid UTF-8/);
  });
});

function tooDeep(): readonly string[] {
  return Array.from({ length: limits.documentDepth + 1 }, () => 'a');
}

function deepValue(): Value {
  let value: Value = [];
  while (levelsOf(value) < limits.documentDepth) value = [value];
  return value;
}
