/**
 * The indexes of the present version: on the keypaths that definitions ask for, and on `_id` in each collection that
 * has been queried in that order.
 */
import type { Path } from '../../values/keypath.ts';
import { equalValues } from '../../values/value.ts';
import { type FieldReader, fieldReader, isIdPath } from '../filters/fields.ts';
import type { Key } from '../filters/key-set.ts';
import type { StoredDocument } from '../stored-document.ts';
import type { DocumentReader } from './document-reader.ts';
import { KeptIndex, type SortedIndex } from './sorted-index.ts';

export interface IndexedPath {
  readonly collection: string;
  readonly path: Path;
}

interface Kept {
  readonly read: FieldReader;
  readonly index: KeptIndex;
}

export class Indexes {
  readonly #reader: DocumentReader;
  /** By collection, then by keypath as text. */
  readonly #kept = new Map<string, Map<string, Kept>>();

  /** @param reader the present version, from which the indexes are built */
  constructor(reader: DocumentReader, asked: readonly IndexedPath[]) {
    this.#reader = reader;
    for (const { collection, path } of asked) if (!isIdPath(path)) this.#keep(collection, path);
  }

  /** Undefined if there is no such index. The index on `_id` is built on its first use. */
  get(collection: string, path: Path): SortedIndex | undefined {
    const kept = this.#kept.get(collection)?.get(JSON.stringify(path));
    if (kept !== undefined) return kept.index;
    if (!isIdPath(path)) return undefined;
    // A client may name any collection: do not keep an index for one that does not exist.
    return this.#reader.count(collection) === 0 ? new KeptIndex([]) : this.#keep(collection, path);
  }

  /** Updates the indexes: from now on a document is shown in another state. */
  change(collection: string, before: StoredDocument | undefined, after: StoredDocument | undefined): void {
    for (const { read, index } of this.#kept.get(collection)?.values() ?? []) {
      const was = before && { key: read(before), id: before.id };
      const is = after && { key: read(after), id: after.id };
      if (was !== undefined && is !== undefined && equalValues(was.key, is.key)) continue;
      if (was !== undefined) index.delete(was);
      if (is !== undefined) index.add(is);
    }
  }

  #keep(collection: string, path: Path): SortedIndex {
    const read = fieldReader(path);
    const ids: string[] = [];
    const keys: Key[] | undefined = isIdPath(path) ? undefined : [];
    for (const document of this.#reader.all(collection)) {
      ids.push(document.id);
      keys?.push(read(document));
    }
    const index = new KeptIndex(ids, keys);
    const ofCollection = this.#kept.get(collection) ?? new Map<string, Kept>();
    this.#kept.set(collection, ofCollection.set(JSON.stringify(path), { read, index }));
    return index;
  }
}
