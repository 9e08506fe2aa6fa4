/** How strings are written: as themselves, or as a place in a table of those met before. docs/internals/codec.md, "Notation". */

/** From so many strings on, an index is faster than looking. */
const indexedStrings = 16;
const asItself = -1;

/** When a string gets a place: as it is written first, or as it is written again; then it stands in a table of its own. */
export type StringPlaces = 'FIRST_USE' | 'SECOND_USE';

export class StringTable {
  readonly #places: StringPlaces;
  /** All strings met, what each is told apart by at first sight, and its place; the first `#count` are of now. */
  readonly #met: string[] = [];
  readonly #sights: number[] = [];
  readonly #placeByIndex: number[] = [];
  #count = 0;
  #indexes: Map<string, number> | undefined;
  #placed = 0;
  /** The strings that have places, if a string gets its place at its second use. */
  #table: string[] = [];
  #isOff = false;

  constructor(places: StringPlaces) {
    this.#places = places;
  }

  /** @param isOff whether every string is written as itself from now on */
  clear(isOff = false): void {
    this.#isOff = isOff;
    // A few strings are overwritten by the next ones; many would be kept for long.
    if (this.#count > indexedStrings) {
      this.#met.length = 0;
      this.#sights.length = 0;
      this.#placeByIndex.length = 0;
    }
    this.#count = 0;
    this.#indexes = undefined;
    this.#placed = 0;
    if (this.#table.length > 0) this.#table = [];
  }

  get table(): readonly string[] {
    return this.#table;
  }

  /** The place of a string that is about to be written; -1 if it is to be written as itself. */
  placeOf(text: string): number {
    if (this.#isOff) return asItself;
    const sight = sightOf(text);
    const index = this.#indexOf(text, sight);
    if (index >= 0) {
      const place = this.#placeByIndex[index] ?? asItself;
      return place === asItself ? this.#enter(text, index) : place;
    }
    const last = this.#count++;
    this.#met[last] = text;
    this.#sights[last] = sight;
    this.#placeByIndex[last] = this.#places === 'FIRST_USE' ? this.#placed++ : asItself;
    if (this.#indexes) this.#indexes.set(text, last);
    else if (last >= indexedStrings) {
      this.#indexes = new Map();
      for (const [at, met] of this.#met.slice(0, last + 1).entries()) this.#indexes.set(met, at);
    }
    return asItself;
  }

  #enter(text: string, index: number): number {
    this.#placeByIndex[index] = this.#placed;
    this.#table.push(text);
    return this.#placed++;
  }

  #indexOf(text: string, sight: number): number {
    if (this.#indexes) return this.#indexes.get(text) ?? -1;
    const sights = this.#sights;
    for (let index = 0; index < this.#count; index++)
      if (sights[index] === sight && this.#met[index] === text) return index;
    return -1;
  }
}

/** Strings that differ in it differ. */
const sightOf = (text: string): number =>
  text.length === 0 ? 0 : (text.length << 16) ^ (text.charCodeAt(0) << 8) ^ text.charCodeAt(text.length - 1);
