/** How strings are written: as themselves, or as a place in a table of those met before. docs/codec.md, "Notation". */

/** From so many strings on, an index is faster than looking. */
const indexedStrings = 16;
const asItself = -1;

/** When a string gets a place: as it is written first, or as it is written again; then it stands in a table of its own. */
export type StringPlaces = 'FIRST_USE' | 'SECOND_USE';

export class StringTable {
  readonly #places: StringPlaces;
  /** All strings met, and the place of each. */
  #met: string[] = [];
  #placeByIndex: number[] = [];
  #indexes: Map<string, number> | undefined;
  #placed = 0;
  /** Those that have places, where they have them from their second use on. */
  #table: string[] = [];

  constructor(places: StringPlaces) {
    this.#places = places;
  }

  clear(): void {
    this.#met = [];
    this.#placeByIndex = [];
    this.#indexes = undefined;
    this.#placed = 0;
    this.#table = [];
  }

  get table(): readonly string[] {
    return this.#table;
  }

  /** Of a string that is about to be written; -1: as itself. */
  placeOf(text: string): number {
    const index = this.#indexOf(text);
    if (index >= 0) {
      const place = this.#placeByIndex[index] ?? asItself;
      return place === asItself ? this.#enter(text, index) : place;
    }
    this.#met.push(text);
    this.#placeByIndex.push(this.#places === 'FIRST_USE' ? this.#placed++ : asItself);
    const last = this.#met.length - 1;
    if (this.#indexes) this.#indexes.set(text, last);
    else if (last >= indexedStrings) this.#indexes = new Map(this.#met.map((name, at) => [name, at]));
    return asItself;
  }

  #enter(text: string, index: number): number {
    this.#placeByIndex[index] = this.#placed;
    this.#table.push(text);
    return this.#placed++;
  }

  #indexOf(text: string): number {
    if (this.#indexes) return this.#indexes.get(text) ?? -1;
    const met = this.#met;
    for (let index = 0; index < met.length; index++) if (met[index] === text) return index;
    return -1;
  }
}
