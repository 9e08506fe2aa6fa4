/**
 * Some of an index, in the order of a query: whole keys, rising or falling, ties by `_id` rising either way (L8). Places in
 * it are known without a walk.
 */
import { compareValues } from '../crdt/value.ts';
import type { Key } from './key-set.ts';
import type { SortedIndex } from './sorted-index.ts';

/** From one place of an index up to another. */
export type Segment = readonly [from: number, to: number];

export class OrderedEntries {
  readonly #index: SortedIndex;
  readonly #segments: readonly Segment[];
  readonly #isFalling: boolean;
  readonly length: number;

  /** @param segments rising, apart, and none that has only some of a key's entries */
  constructor(index: SortedIndex, segments: readonly Segment[], isFalling: boolean) {
    this.#index = index;
    this.#segments = segments;
    this.#isFalling = isFalling;
    this.length = this.#countWithin(0, index.length);
  }

  /**
   * How many at the beginning stand before a place.
   * @param ofKey whether all with this key do; undefined where that depends on the id
   */
  countBefore(ofKey: (key: Key) => boolean | undefined, ofId: (id: string) => boolean): number {
    const index = this.#index;
    if (!this.#isFalling)
      return this.#countWithin(
        0,
        index.countWhile((key, id) => ofKey(key) ?? ofId(id)),
      );
    const behind = index.countWhile((key) => ofKey(key) === false);
    const ofSameKey = index.countWhile((key, id) => ofKey(key) === false || (ofKey(key) === undefined && ofId(id)));
    const before = index.countWhile((key) => ofKey(key) !== true);
    return this.#countWithin(behind, ofSameKey) + this.#countWithin(before, index.length);
  }

  /** From one place up to another. */
  *ids(from: number, to: number): Generator<string> {
    let passed = 0;
    for (const [start, end] of this.#isFalling ? this.#segments.toReversed() : this.#segments) {
      const [first, last] = [Math.max(0, from - passed), Math.min(end - start, to - passed)];
      if (first < last) {
        if (this.#isFalling) yield* this.#falling(start, end, first, last);
        else yield* this.#index.ids(start + first, start + last);
      }
      passed += end - start;
    }
  }

  /** Places are counted from the segment's end. */
  *#falling(start: number, end: number, from: number, to: number): Generator<string> {
    let place = from;
    while (place < to) {
      const [first, last] = this.#sameKey(end - 1 - place, start, end);
      // Of entries with one key, the one at `first` stands at this place.
      const begins = end - last;
      const upTo = Math.min(to - begins, last - first);
      yield* this.#index.ids(first + place - begins, first + upTo);
      place = begins + upTo;
    }
  }

  /** The entries that have the key of one, within a segment. */
  #sameKey(at: number, start: number, end: number): Segment {
    const key = this.#index.keyAt(at);
    const isSame = (place: number) => compareValues(this.#index.keyAt(place), key) === 0;
    const isFirst = at === start || !isSame(at - 1);
    const isLast = at === end - 1 || !isSame(at + 1);
    return [
      isFirst ? at : this.#index.countWhile((other) => compareValues(other, key) < 0),
      isLast ? at + 1 : this.#index.countWhile((other) => compareValues(other, key) <= 0),
    ];
  }

  /** How many of the entries from one place of the index up to another are in the segments. */
  #countWithin(from: number, to: number): number {
    let count = 0;
    for (const [start, end] of this.#segments) count += Math.max(0, Math.min(end, to) - Math.max(start, from));
    return count;
  }
}
