import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MalformedBytesError, UnknownFormatError } from '../../../errors.ts';
import { KnownMarks } from '../../../replica/history/known-marks.ts';
import {
  decodeEntry,
  decodeUnlessKnown,
  deltasOf,
  encodeEntry,
  makeEntry,
  markAtStart,
} from '../../../replica/log/entry.ts';
import type { LogEntry, OfferedTransaction } from '../../../replica/log/log.ts';
import { seal } from '../../../replica/log/sealed.ts';
import { shared, transaction } from './transactions.ts';

const name = (maximum: number) => fc.stringMatching(new RegExp(`^[A-Za-z0-9._-]{1,${maximum}}$`));

/** Entries as a log makes them: numbers that grow, some refused ones skipped between them. */
const entries: fc.Arbitrary<LogEntry> = fc
  .record({
    log: name(64),
    lastBefore: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 10 }),
    before: fc.string().map(markAtStart),
    origin: name(73),
    steps: fc.array(fc.record({ step: fc.integer({ min: 1, max: 1000 }), frame: fc.uint8Array({ maxLength: 300 }) }), {
      minLength: 1,
      maxLength: 5,
    }),
  })
  .map(({ log, lastBefore, before, origin, steps: [first, ...rest] }) => {
    let number = 0;
    const make = ({ step, frame }: NonNullable<typeof first>): OfferedTransaction => {
      number += step;
      return transaction(origin, number, { frame, numberBefore: number - step });
    };
    if (first === undefined) throw new Error('never empty');
    return makeEntry(log, lastBefore, before, shared, [make(first), ...rest.map(make)]);
  });

const plain = (entry: LogEntry) => ({
  ...entry,
  body: [...entry.body],
});

describe('P12: messages that are known by their head', () => {
  const known = (entry: LogEntry) => {
    const marks = new KnownMarks(10, { log: entry.log, position: entry.first - 1, mark: entry.before }, new Map());
    marks.add(entry);
    return marks;
  };

  it('are not read on: what comes after the head may be anything', () => {
    fc.assert(
      fc.property(entries, (entry) => {
        const marks = known(entry);
        const bytes = encodeEntry(entry);
        bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
        expect(decodeUnlessKnown(bytes, (place) => marks.has(place))).toBeUndefined();
        expect(() => decodeUnlessKnown(bytes, () => false)).toThrow(MalformedBytesError);
      }),
    );
  });

  it('are read where any of what a mark is made of is another', () => {
    const changes: readonly ((entry: LogEntry) => LogEntry)[] = [
      (entry) => ({ ...entry, before: markAtStart(entry.before) }),
      (entry) => ({ ...entry, origin: entry.origin === 'x' ? 'y' : 'x' }),
      (entry) => ({ ...entry, firstNumber: entry.firstNumber + 1, lastNumber: entry.lastNumber + 1 }),
      (entry) => ({ ...entry, first: entry.first + 1, last: entry.last + 1 }),
    ];
    fc.assert(
      fc.property(entries, fc.constantFrom(...changes), (entry, change) => {
        const marks = known(entry);
        const other = change(entry);
        expect(decodeUnlessKnown(encodeEntry(other), (place) => marks.has(place))).toEqual(
          decodeEntry(encodeEntry(other)),
        );
      }),
    );
  });
});

describe('P2: entries as bytes', () => {
  it('are what they were when they are read again', () => {
    fc.assert(
      fc.property(entries, (entry) => {
        expect(plain(decodeEntry(encodeEntry(entry)))).toEqual(plain(entry));
      }),
    );
  });

  it('are refused when any one byte is another', () => {
    fc.assert(
      fc.property(entries, fc.nat(), fc.integer({ min: 1, max: 255 }), (entry, at, change) => {
        const bytes = encodeEntry(entry);
        const index = at % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ change;
        expect(() => decodeEntry(bytes)).toThrow(/malformed|of format/);
      }),
    );
  });

  it('are refused when they are cut short, or go on', () => {
    fc.assert(
      fc.property(entries, fc.nat(), (entry, at) => {
        const bytes = encodeEntry(entry);
        expect(() => decodeEntry(bytes.subarray(0, at % bytes.length))).toThrow(MalformedBytesError);
        expect(() => decodeEntry(Buffer.concat([bytes, Buffer.from([0])]))).toThrow(MalformedBytesError);
      }),
    );
  });

  it('of any other bytes are refused, and nothing else happens', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1000 }), (bytes) => {
        expect(() => decodeEntry(bytes)).toThrow(/malformed|of format/);
      }),
    );
  });

  it('of another format say so, whatever follows', () => {
    expect(() => decodeEntry(Buffer.from('1\nanything'))).toThrow(UnknownFormatError);
    expect(() => decodeEntry(Buffer.from('3\nanything'))).toThrow(UnknownFormatError);
  });

  it.each([
    ['a log id with a line', ['a b', 3, markAtStart('l'), 'a.x', 1, 3, 3]],
    ['a mark that is none', ['l', 3, 'mark', 'a.x', 1, 3, 3]],
    ['an origin that is none', ['l', 3, markAtStart('l'), 'a/x', 1, 3, 3]],
    ['position 0', ['l', 0, markAtStart('l'), 'a.x', 1, 3, 3]],
    ['more transactions than positions', ['l', 2, markAtStart('l'), 'a.x', 1, 3, 3]],
    ['more transactions than numbers', ['l', 3, markAtStart('l'), 'a.x', 2, 3, 3]],
    ['numbers that go back', ['l', 3, markAtStart('l'), 'a.x', 3, 1, 3]],
    ['more numbers than one transaction has', ['l', 3, markAtStart('l'), 'a.x', 1, 2, 1]],
    ['no transactions', ['l', 3, markAtStart('l'), 'a.x', 1, 3, 0]],
    ['a number written another way', ['l', '03', markAtStart('l'), 'a.x', 1, 3, 3]],
    ['a number that is too large', ['l', '9007199254740993', markAtStart('l'), 'a.x', 1, 3, 3]],
  ])('with a right checksum and %s are refused', (_, fields) => {
    const body = Buffer.from('deltas');
    expect(() => decodeEntry(seal(2, ['l', 3, markAtStart('l'), 'a.x', 1, 3, 3], body))).not.toThrow();
    expect(() => decodeEntry(seal(2, fields, body))).toThrow(MalformedBytesError);
  });

  it('never take more memory than they have bytes', () => {
    const huge = Buffer.from([2, 0, 0, 0, 0, 2, 0, 0]);
    const fields = ['l', Number.MAX_SAFE_INTEGER, markAtStart('l'), 'a.x', 1, Number.MAX_SAFE_INTEGER, 1e15];
    expect(() => deltasOf(decodeEntry(seal(2, fields, huge)))).toThrow(MalformedBytesError);
  });
});
