const nothing: ReadonlyMap<string, never> = new Map<string, never>();

/** A map by collection and id. Empty collections leave nothing behind, and an empty map takes next to no memory. */
export class DocumentMap<Value> {
  #collections: Map<string, Map<string, Value>> | undefined;
  /** The collection that was asked for last: most that comes one after the other is of one. */
  #lastName: string | undefined;
  #last: Map<string, Value> | undefined;

  constructor(entries: Iterable<readonly [collection: string, id: string, value: Value]> = []) {
    for (const [collection, id, value] of entries) this.set(collection, id, value);
  }

  get(collection: string, id: string): Value | undefined {
    return this.#valuesOf(collection)?.get(id);
  }

  has(collection: string, id: string): boolean {
    return this.#valuesOf(collection)?.has(id) ?? false;
  }

  set(collection: string, id: string, value: Value): void {
    let values = this.#valuesOf(collection);
    if (!values) {
      values = new Map();
      this.#last = values;
      this.#collections ??= new Map();
      this.#collections.set(collection, values);
    }
    values.set(id, value);
  }

  delete(collection: string, id: string): void {
    const values = this.#valuesOf(collection);
    if (!values?.delete(id) || values.size > 0) return;
    this.#collections?.delete(collection);
    this.#last = undefined;
  }

  #valuesOf(collection: string): Map<string, Value> | undefined {
    if (collection !== this.#lastName) {
      this.#lastName = collection;
      this.#last = this.#collections?.get(collection);
    }
    return this.#last;
  }

  clear(): void {
    this.#collections = undefined;
    this.#lastName = undefined;
    this.#last = undefined;
  }

  get size(): number {
    let size = 0;
    for (const values of this.#collections?.values() ?? []) size += values.size;
    return size;
  }

  collections(): Iterable<string> {
    return (this.#collections ?? nothing).keys();
  }

  idsOf(collection: string): Iterable<string> {
    return (this.#collections?.get(collection) ?? nothing).keys();
  }

  ofCollection(collection: string): Iterable<readonly [string, Value]> {
    return this.#collections?.get(collection) ?? nothing;
  }

  *[Symbol.iterator](): Iterator<readonly [string, string, Value]> {
    for (const [collection, values] of this.#collections ?? nothing)
      for (const [id, value] of values) yield [collection, id, value];
  }
}
