import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MalformedBytesError, UnknownFormatError } from '../../../errors.ts';
import { makeEntry, markAtStart } from '../../../replica/log/entry.ts';
import type { LogEntry } from '../../../replica/log/log.ts';
import { decodeRun, encodeRun } from '../../../replica/log/run.ts';
import { seal } from '../../../replica/log/sealed.ts';
import { shared, transaction } from './transactions.ts';

/** Entries of one log that follow on one another, of several origins, some with numbers that were refused. */
const runs: fc.Arbitrary<[LogEntry, ...LogEntry[]]> = fc
  .record({
    log: fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/),
    lastBefore: fc.integer({ min: 0, max: 1e9 }),
    parts: fc.array(
      fc.record({
        origin: fc.stringMatching(/^[A-Za-z0-9._-]{1,73}$/),
        firstNumber: fc.integer({ min: 1, max: 1e9 }),
        steps: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 4 }),
        frame: fc.uint8Array({ maxLength: 100 }),
      }),
      { minLength: 1, maxLength: 8 },
    ),
  })
  .map(({ log, lastBefore, parts: [first, ...rest] }) => {
    let [last, mark] = [lastBefore, markAtStart(log)];
    const make = ({ origin, firstNumber, steps, frame }: NonNullable<typeof first>): LogEntry => {
      let number = firstNumber;
      const others = steps.map((step) => {
        number += step;
        return transaction(origin, number, { numberBefore: number - step, frame });
      });
      const entry = makeEntry(log, last, mark, shared, [transaction(origin, firstNumber, { frame }), ...others]);
      [last, mark] = [entry.last, entry.mark];
      return entry;
    };
    if (first === undefined) throw new Error('never empty');
    return [make(first), ...rest.map(make)];
  });

const plain = (entries: readonly LogEntry[]) => entries.map((entry) => ({ ...entry, body: [...entry.body] }));

describe('P33: a run of entries', () => {
  it('gives back its entries, with the marks that they had', () => {
    fc.assert(
      fc.property(runs, (entries) => {
        expect(plain(decodeRun(encodeRun(entries)))).toEqual(plain(entries));
      }),
    );
  });

  it('does not decode where any of its bytes is another, or missing', () => {
    fc.assert(
      fc.property(runs, fc.nat(), fc.integer({ min: 1, max: 255 }), fc.boolean(), (entries, at, change, cut) => {
        const bytes = encodeRun(entries);
        const index = at % bytes.length;
        const damaged = cut ? bytes.subarray(0, index) : Buffer.from(bytes);
        if (!cut) damaged[index] = (damaged[index] ?? 0) ^ change;
        expect(() => decodeRun(damaged)).toThrow(
          expect.toSatisfy((error) => error instanceof MalformedBytesError || error instanceof UnknownFormatError),
        );
      }),
    );
  });

  it('does not decode where what it says cannot be, though its checksum is right', () => {
    const mark = markAtStart('log');
    const run = (count: number, lines: string, bodies = '', fields: readonly (string | number)[] = ['log', 0, mark]) =>
      seal(1, [...fields, count, lines.length], Buffer.from(lines + bodies));
    expect(decodeRun(run(1, 'a.x 1 2 2 2\n', 'ab'))).toMatchObject([{ first: 1, last: 2, lastNumber: 2 }]);
    for (const wrong of [
      run(2, 'a.x 1 1 1 2\n', 'ab'),
      run(1, 'a.x 1 1 1 2\n', 'abc'),
      run(1, 'a.x 1 1 1 3\n', 'ab'),
      run(1, 'a.x 1 1 1 2', 'ab'),
      run(1, 'a.x 1 1 1\n'),
      run(1, 'a x 1 1 1 0\n'),
      run(1, 'a.x 2 1 1 0\n'),
      run(1, 'a.x 1 1 2 0\n'),
      run(1, 'a.x 0 0 1 0\n'),
      run(1, 'a.x 1 1 0 0\n'),
      run(1, 'a.x 1 1 1 -1\n'),
      run(1, 'a.x 1 1 1 0\n', '', ['no log', 0, mark]),
      run(1, 'a.x 1 1 1 0\n', '', ['log', '', mark]),
      run(1, 'a.x 1 1 1 0\n', '', ['log', 0, 'mark']),
    ]) {
      expect(() => decodeRun(wrong)).toThrow(MalformedBytesError);
    }
  });
});
