/**
 * The indexes of what is shown now: on the keypaths that definitions ask for, and on `_id` in collections where somebody has
 * asked for that order.
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

  /** @param reader of what is shown now, as it is when this is made */
  constructor(reader: DocumentReader, asked: readonly IndexedPath[]) {
    this.#reader = reader;
    for (const { collection, path } of asked) if (!isIdPath(path)) this.#keep(collection, path);
  }

  /** Undefined where none is kept. That of `_id` is made when it is asked for. */
  get(collection: string, path: Path): SortedIndex | undefined {
    const kept = this.#kept.get(collection)?.get(JSON.stringify(path));
    if (kept !== undefined) return kept.index;
    if (!isIdPath(path)) return undefined;
    // A client may name any collection: nothing is kept for one that is not there.
    return this.#reader.count(collection) === 0 ? new KeptIndex([]) : this.#keep(collection, path);
  }

  /** A document is shown otherwise than before, from now on. */
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
