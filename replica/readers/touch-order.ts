/**
 * The documents of a collection in the order in which the log touched them last: what `changes` goes on in from any place.
 * L50. By the position of the last touch, then by id; one that was removed stands where it was removed. At every replica
 *      that stands at a position this order is the same.
 * L54. Made when it is asked for first, and kept from then on: a touch adds to its end, and the place where its document stood
 *      before is left out once such places are half of all. So going through all of it by pages costs all of it once.
 */
import { invariant } from '../../invariant.ts';
import type { Position } from '../crdt/version.ts';
import { partitionPoint } from '../values/binary-search.ts';

export interface TouchPlace {
  readonly position: Position;
  readonly id: string;
}

/** The documents that are ordered. */
export interface Touched {
  /** The position of a document's last write; undefined if it is not known any more. */
  touchPosition(collection: string, id: string): Position | undefined;
  /** In any order; some may be given twice. */
  touchedIds(collection: string): Iterable<string>;
}

/** So many are never left out for being few. */
const keptAnyway = 64;

export class TouchOrder {
  readonly #collection: string;
  readonly #touched: Touched;
  /** Rising but for the end; among them places of documents that were touched again since. */
  #places: TouchPlace[];
  /** So many from the beginning are rising. */
  #sorted = 0;
  /** How many there were when those touched again were left out last. */
  #live: number;

  constructor(touched: Touched, collection: string) {
    this.#collection = collection;
    this.#touched = touched;
    this.#places = [];
    for (const id of touched.touchedIds(collection)) this.touched(id);
    this.#sort(0);
    this.#leaveOut();
    this.#live = this.#places.length;
  }

  get isEmpty(): boolean {
    return this.#places.length === 0;
  }

  /** Records a write. Call it in the order of the log, once the write is applied. */
  touched(id: string): void {
    const position = this.#touched.touchPosition(this.#collection, id);
    if (position !== undefined) this.#places.push({ position, id });
  }

  /** Those behind a place, rising. @param id undefined: behind all at that position */
  *after(position: Position, id: string | undefined): Generator<TouchPlace> {
    this.#tidy();
    for (let at = this.#indexAfter(position, id); at < this.#places.length; at += 1) {
      const place = this.#places[at];
      if (place !== undefined && this.#isLast(place)) yield place;
    }
  }

  /** Whether its document was not touched again since. */
  #isLast({ position, id }: TouchPlace): boolean {
    return this.#touched.touchPosition(this.#collection, id) === position;
  }

  #tidy(): void {
    if (this.#sorted < this.#places.length) this.#sortEnd();
    if (this.#places.length <= 2 * this.#live + keptAnyway) return;
    this.#leaveOut();
    this.#live = this.#places.length;
  }

  /** Sorts the newest places: they stand behind all others, except for those of the same transaction. */
  #sortEnd(): void {
    let from = this.#sorted;
    const first = this.#places[from];
    invariant(first !== undefined, 'there is something to sort at the end');
    for (
      let before = this.#places[from - 1];
      before && before.position >= first.position;
      before = this.#places[from - 1]
    )
      from -= 1;
    this.#sort(from);
  }

  #sort(from: number): void {
    if (from === 0) this.#places.sort(comparePlaces);
    else {
      const end = this.#places.slice(from).sort(comparePlaces);
      for (const [index, place] of end.entries()) this.#places[from + index] = place;
    }
    this.#sorted = this.#places.length;
  }

  #leaveOut(): void {
    let before: TouchPlace | undefined;
    this.#places = this.#places.filter((place) => {
      const isAgain = before !== undefined && comparePlaces(before, place) === 0;
      before = place;
      return !isAgain && this.#isLast(place);
    });
    this.#sorted = this.#places.length;
  }

  #indexAfter(position: Position, id: string | undefined): number {
    return partitionPoint(0, this.#places.length, (index) => {
      const place = this.#places[index];
      return place !== undefined && isUpTo(place, position, id);
    });
  }
}

const isUpTo = (place: TouchPlace, position: Position, id: string | undefined): boolean =>
  place.position < position || (place.position === position && (id === undefined || place.id <= id));

function comparePlaces(a: TouchPlace, b: TouchPlace): number {
  if (a.position !== b.position) return a.position - b.position;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
