/** A map by collection and id. Empty collections leave nothing behind. */
export class DocumentMap<Value> {
  readonly #collections = new Map<string, Map<string, Value>>();

  get(collection: string, id: string): Value | undefined {
    return this.#collections.get(collection)?.get(id);
  }

  has(collection: string, id: string): boolean {
    return this.#collections.get(collection)?.has(id) ?? false;
  }

  set(collection: string, id: string, value: Value): void {
    const values = this.#collections.get(collection);
    if (values) values.set(id, value);
    else this.#collections.set(collection, new Map([[id, value]]));
  }

  delete(collection: string, id: string): void {
    const values = this.#collections.get(collection);
    if (values?.delete(id) && values.size === 0) this.#collections.delete(collection);
  }

  collections(): Iterable<string> {
    return this.#collections.keys();
  }

  ofCollection(collection: string): Iterable<readonly [string, Value]> {
    return this.#collections.get(collection) ?? [];
  }

  *[Symbol.iterator](): Iterator<readonly [string, string, Value]> {
    for (const [collection, values] of this.#collections)
      for (const [id, value] of values) yield [collection, id, value];
  }
}
