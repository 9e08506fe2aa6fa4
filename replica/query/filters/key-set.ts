/**
 * Key sets: the keys at one keypath for which a filter can hold, as intervals in the order of values (L8), from
 * "nothing there" to attachments. Unions, intersections and complements of key sets are key sets, so `and`, `or` and
 * `not` over one keypath yield one set. Why cuts: an interval ends between two values, before or behind one. The end of
 * all strings, or of all strings with one prefix, is then a cut like any other, although no string is the last.
 */
import { AttachmentToken, compareValues, type Value } from '../../values/value.ts';
import { valueType } from './fields.ts';

/** The value at a keypath; undefined if nothing is there. */
export type Key = Value | undefined;

/** A cut: the place just before or just behind a key. */
export interface Cut {
  readonly key: Key;
  readonly isBehind: boolean;
}

/** `from` is before `to`. Without `to` the interval is unbounded. */
export interface Interval {
  readonly from: Cut;
  readonly to: Cut | undefined;
}

/** Intervals in ascending order, separated by at least one cut. */
export type KeySet = readonly Interval[];

const before = (key: Key): Cut => ({ key, isBehind: false });
const behind = (key: Key): Cut => ({ key, isBehind: true });

const start = before(undefined);
export const everyKey: KeySet = [{ from: start, to: undefined }];
const emptyObject: Value = Object.freeze(Object.create(null));
/** The least value of each type whose predecessor type has no greatest value: the end of that type. */
const leastArray = before([]);
const leastObject = before(emptyObject);
const leastAttachment = before(new AttachmentToken(''));

export function compareCuts(a: Cut, b: Cut): number {
  return compareValues(a.key, b.key) || Number(a.isBehind) - Number(b.isBehind);
}

/** Compares bounds of intervals; undefined is unbounded, and greater than every cut. */
export function compareEnds(a: Cut | undefined, b: Cut | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  return compareCuts(a, b);
}

/** Whether a key is before a cut. */
export function isBefore(key: Key, cut: Cut | undefined): boolean {
  if (cut === undefined) return true;
  const compared = compareValues(key, cut.key);
  return cut.isBehind ? compared <= 0 : compared < 0;
}

export const holdsKey = ({ from, to }: Interval, key: Key): boolean => !isBefore(key, from) && isBefore(key, to);

const interval = (from: Cut, to: Cut | undefined): KeySet => (compareEnds(from, to) < 0 ? [{ from, to }] : []);

export const onlyKey = (key: Key): KeySet => [{ from: before(key), to: behind(key) }];

/** The key of an interval that contains a single key. */
export function soleKeyOf({ from, to }: Interval): { readonly key: Key } | undefined {
  const isSole = !from.isBehind && to?.isBehind === true && compareValues(from.key, to.key) === 0;
  return isSole ? { key: from.key } : undefined;
}

/** The interval of all values of one type: comparisons hold within it (L7). */
function ofType(value: Value): { readonly from: Cut; readonly to: Cut | undefined } {
  switch (valueType(value)) {
    case 'null':
      return { from: before(null), to: behind(null) };
    case 'boolean':
      return { from: before(false), to: behind(true) };
    case 'number':
      return { from: behind(true), to: before('') };
    case 'string':
      return { from: before(''), to: leastArray };
    case 'array':
      return { from: leastArray, to: leastObject };
    case 'object':
      return { from: leastObject, to: leastAttachment };
    case 'attachment':
      return { from: leastAttachment, to: undefined };
  }
}

export function keysCompared(kind: 'gt' | 'gte' | 'lt' | 'lte', value: Value): KeySet {
  const { from, to } = ofType(value);
  switch (kind) {
    case 'gt':
      return interval(behind(value), to);
    case 'gte':
      return interval(before(value), to);
    case 'lt':
      return interval(from, before(value));
    case 'lte':
      return interval(from, behind(value));
  }
}

export function keysStarting(beginning: string): KeySet {
  const next = nextBeginning(beginning);
  return interval(before(beginning), next === undefined ? leastArray : before(next));
}

/** The least string greater than all strings with a prefix; undefined if there is none. */
function nextBeginning(beginning: string): string | undefined {
  for (let length = beginning.length; length > 0; length -= 1) {
    const unit = nextUnit(beginning.charCodeAt(length - 1));
    if (unit !== undefined) return beginning.slice(0, length - 1) + String.fromCharCode(unit);
  }
  return undefined;
}

/**
 * The next UTF-16 unit in code point order, in which surrogates come last: U+D7FF, U+E000 to U+FFFF, U+D800 to U+DFFF.
 */
function nextUnit(unit: number): number | undefined {
  if (unit === 0xd7ff) return 0xe000;
  if (unit === 0xffff) return 0xd800;
  return unit === 0xdfff ? undefined : unit + 1;
}

export function unionOf(sets: readonly KeySet[]): KeySet {
  const all = sets.flat().sort((a, b) => compareCuts(a.from, b.from));
  const union: Interval[] = [];
  for (const next of all) {
    const last = union.at(-1);
    if (last === undefined || compareEnds(last.to, next.from) < 0) union.push(next);
    else if (compareEnds(last.to, next.to) < 0) union[union.length - 1] = { from: last.from, to: next.to };
  }
  return union;
}

export function intersectionOf(a: KeySet, b: KeySet): KeySet {
  const shared: Interval[] = [];
  let indexOfA = 0;
  let indexOfB = 0;
  for (;;) {
    const [ofA, ofB] = [a[indexOfA], b[indexOfB]];
    if (ofA === undefined || ofB === undefined) return shared;
    const from = compareCuts(ofA.from, ofB.from) < 0 ? ofB.from : ofA.from;
    const endsFirst = compareEnds(ofA.to, ofB.to) < 0;
    const to = endsFirst ? ofA.to : ofB.to;
    if (compareEnds(from, to) < 0) shared.push({ from, to });
    if (endsFirst) indexOfA += 1;
    else indexOfB += 1;
  }
}

export function complementOf(set: KeySet): KeySet {
  const rest: Interval[] = [];
  let from: Cut | undefined = start;
  for (const each of set) {
    if (from !== undefined && compareCuts(from, each.from) < 0) rest.push({ from, to: each.from });
    from = each.to;
  }
  if (from !== undefined) rest.push({ from, to: undefined });
  return rest;
}

const nothing = Symbol('nothing there');

/** A key in a form that a Map compares as the order of values does. */
export type Identity = string | number | bigint | boolean | null | typeof nothing;

/** Undefined for arrays, objects and attachments. */
export function identityOf(key: Key): Identity | undefined {
  switch (typeof key) {
    case 'undefined':
      return nothing;
    case 'number':
      // An integer outside ±(2^53 − 1) may be a float or a bigint: both become a bigint.
      return Number.isSafeInteger(key) || !Number.isInteger(key) ? key : BigInt(key);
    case 'object':
      return key === null ? null : undefined;
    default:
      return key;
  }
}
