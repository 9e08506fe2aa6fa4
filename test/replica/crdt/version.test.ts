import { describe, expect, it } from 'vitest';
import { type Ancestry, type Context, covers, type Dot } from '../../../replica/crdt/version.ts';

const ancestry: Ancestry = new Map([['new', new Map([['old', 10]])]]);
const context: Context = { log: 'new', position: 5, numberBefore: 5, others: new Map([['b.1', 3]]) };
const own = { origin: 'a.1', number: 7 };
const dot = (log: string | undefined, position: number, origin = 'x.1', number = 1): Dot => ({
  log,
  position,
  origin,
  number,
});

describe('a transaction covers', () => {
  it.each([
    { what: 'what its log had up to its position', seen: dot('new', 5), is: true },
    { what: 'nothing that its log had after that', seen: dot('new', 6), is: false },
    { what: 'what a log had that its own grew from, up to where that was closed', seen: dot('old', 10), is: true },
    { what: 'nothing that such a log had after that', seen: dot('old', 11), is: false },
    { what: 'nothing of a log that it does not know', seen: dot('other', 1), is: false },
    { what: 'what an origin made up to the number named', seen: dot('other', 1, 'b.1', 3), is: true },
    { what: 'nothing that an origin made after that', seen: dot('old', 11, 'b.1', 4), is: false },
    { what: 'what is in no log by number only', seen: dot(undefined, 0, 'b.1', 3), is: true },
    { what: 'nothing that is in no log and not named', seen: dot(undefined, 0), is: false },
    { what: 'what its origin made before it', seen: dot('other', 1, 'a.1', 5), is: true },
    { what: 'nothing of its origin that was refused', seen: dot('other', 1, 'a.1', 6), is: false },
    { what: 'what it made itself', seen: dot(undefined, 0, 'a.1', 7), is: true },
  ])('M1: $what', ({ seen, is }) => {
    expect(covers(context, own, ancestry, seen)).toBe(is);
  });
});
