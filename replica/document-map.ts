const nothing: ReadonlyMap<string, never> = new Map<string, never>();

/** A map by collection and id. Empty collections leave nothing behind, and an empty map takes next to no memory. */
export class DocumentMap<Value> {
  #collections: Map<string, Map<string, Value>> | undefined;

  get(collection: string, id: string): Value | undefined {
    return this.#collections?.get(collection)?.get(id);
  }

  has(collection: string, id: string): boolean {
    return this.#collections?.get(collection)?.has(id) ?? false;
  }

  set(collection: string, id: string, value: Value): void {
    this.#collections ??= new Map();
    const values = this.#collections.get(collection);
    if (values) values.set(id, value);
    else this.#collections.set(collection, new Map([[id, value]]));
  }

  delete(collection: string, id: string): void {
    const values = this.#collections?.get(collection);
    if (values?.delete(id) && values.size === 0) this.#collections?.delete(collection);
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
