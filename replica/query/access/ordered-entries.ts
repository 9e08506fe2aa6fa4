/**
 * Parts of an index in the order of a query: by key, ascending or descending, with ties by ascending `_id` in either
 * direction (L8). Maps places in this order to entries and back without walking.
 */
import { partitionPoint } from '../../values/binary-search.ts';
import { compareValues } from '../../values/value.ts';
import type { Key } from '../filters/key-set.ts';
import type { SortedIndex } from './sorted-index.ts';

/** A range of places in an index, [from, to). */
export type Segment = readonly [from: number, to: number];

export class OrderedEntries {
  readonly #index: SortedIndex;
  /** In the order of the query; `before` counts the entries before each. */
  readonly #segments: readonly { readonly from: number; readonly to: number; readonly before: number }[];
  readonly #isFalling: boolean;
  readonly length: number;

  /** @param segments ascending and disjoint; all entries with one key are in the same segment */
  constructor(index: SortedIndex, segments: readonly Segment[], isFalling: boolean) {
    this.#index = index;
    this.#isFalling = isFalling;
    let length = 0;
    this.#segments = (isFalling ? segments.toReversed() : segments).map(([from, to]) => {
      const before = length;
      length += to - from;
      return { from, to, before };
    });
    this.length = length;
  }

  /**
   * The length of the prefix that passes the test. The test must hold for a prefix of the entries and for nothing after
   * it.
   */
  countWhile(test: (key: Key, id: string) => boolean): number {
    return partitionPoint(0, this.length, (index) => {
      const place = this.#placeInIndex(index);
      const id = this.#index.idAt(place);
      return id !== undefined && test(this.#index.keyAt(place), id);
    });
  }

  /** The ids at the places in [from, to). */
  *ids(from: number, to: number): Generator<string> {
    for (let place = from; place < to; ) {
      const segment = this.#segmentAt(place);
      const end = Math.min(to, segment.before + segment.to - segment.from);
      if (this.#isFalling) {
        const key = this.#sameKey(segment.to - 1 - (place - segment.before), segment);
        // In a descending order, a group of entries with one key comes after all groups behind it in the index.
        const first = segment.before + segment.to - key.to;
        const last = Math.min(end, first + key.to - key.from);
        yield* this.#index.ids(key.from + place - first, key.from + last - first);
        place = last;
      } else {
        yield* this.#index.ids(segment.from + place - segment.before, segment.from + end - segment.before);
        place = end;
      }
    }
  }

  #placeInIndex(place: number): number {
    const segment = this.#segmentAt(place);
    if (!this.#isFalling) return segment.from + place - segment.before;
    const mirrored = segment.to - 1 - (place - segment.before);
    const key = this.#sameKey(mirrored, segment);
    // Entries with one key are in ascending order, so the mirrored place is mirrored back within the group.
    return key.from + key.to - 1 - mirrored;
  }

  #segmentAt(place: number) {
    const index = partitionPoint(0, this.#segments.length, (at) => {
      const segment = this.#segments[at];
      return segment !== undefined && segment.before + segment.to - segment.from <= place;
    });
    const found = this.#segments[index];
    if (found === undefined) throw new RangeError('the place is out of the range of the entries');
    return found;
  }

  /** The range of entries in a segment that have the same key as one of them. */
  #sameKey(at: number, within: { readonly from: number; readonly to: number }): { from: number; to: number } {
    const key = this.#index.keyAt(at);
    const isSame = (place: number) => compareValues(this.#index.keyAt(place), key) === 0;
    const isFirst = at === within.from || !isSame(at - 1);
    const isLast = at === within.to - 1 || !isSame(at + 1);
    return {
      from: isFirst ? at : this.#index.countWhile((other) => compareValues(other, key) < 0),
      to: isLast ? at + 1 : this.#index.countWhile((other) => compareValues(other, key) <= 0),
    };
  }
}
