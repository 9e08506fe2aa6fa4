/** Documents written by the real merge rules, one transaction a turn, and what each turn changed: what live queries are fed. */
import fc from 'fast-check';
import { applyOperations, documentExists } from '../../../replica/crdt/document.ts';
import type { DocumentState } from '../../../replica/crdt/document-node.ts';
import type { Writer } from '../../../replica/crdt/version.ts';
import { DocumentDraft } from '../../../replica/crdt/writes.ts';
import type { DocumentReader } from '../../../replica/query/access/document-reader.ts';
import { Indexes } from '../../../replica/query/access/indexes.ts';
import type { SortedIndex } from '../../../replica/query/access/sorted-index.ts';
import type { DocumentChange } from '../../../replica/query/live/result-change.ts';
import type { StoredDocument } from '../../../replica/query/stored-document.ts';
import type { Path } from '../../../replica/values/keypath.ts';
import { AttachmentToken, type Value, type ValueObject } from '../../../replica/values/value.ts';

export type Write =
  | { readonly kind: 'upsert'; readonly id: string; readonly fields: ValueObject }
  | { readonly kind: 'set'; readonly id: string; readonly path: Path; readonly value: Value }
  /** Of a counter in `counted`. */
  | { readonly kind: 'count'; readonly id: string; readonly by: number }
  | { readonly kind: 'unset'; readonly id: string; readonly path: Path }
  /** Another state that shows the same, as when a journaled transaction comes back from the log. */
  | { readonly kind: 'rewrite'; readonly id: string }
  | { readonly kind: 'remove' | 'evict'; readonly id: string };

export class Store implements DocumentReader {
  readonly #states = new Map<string, Map<string, DocumentState>>();
  readonly #shown = new Map<string, Map<string, StoredDocument>>();
  readonly #indexes: Indexes;
  readonly queries = { index: 0, scan: 0 };
  #number = 0;

  /** @param indexed keypaths with an index, in all that is in `things` */
  constructor(indexed: readonly Path[] = []) {
    this.#indexes = new Indexes(
      this,
      indexed.map((path) => ({ collection: 'things', path })),
    );
  }

  index(collection: string, path: Path): SortedIndex | undefined {
    return this.#indexes.get(collection, path);
  }

  noteQuery(how: 'index' | 'scan'): void {
    this.queries[how] += 1;
  }

  get(collection: string, id: string): StoredDocument | undefined {
    return this.#shown.get(collection)?.get(id);
  }

  all(collection: string): Iterable<StoredDocument> {
    return this.#shown.get(collection)?.values() ?? [];
  }

  collections(): Iterable<string> {
    return this.#shown.keys();
  }

  count(collection: string): number {
    return this.#shown.get(collection)?.size ?? 0;
  }

  /** What the writes of one turn changed, a document once. */
  turn(writes: readonly Write[], collection = 'things'): readonly DocumentChange[] {
    const states = this.#states.get(collection) ?? new Map<string, DocumentState>();
    const shown = this.#shown.get(collection) ?? new Map<string, StoredDocument>();
    this.#states.set(collection, states);
    this.#shown.set(collection, shown);
    const changes = new Map<string, DocumentChange>();
    for (const write of writes) {
      const { id } = write;
      const before = shown.get(id);
      const state = write.kind === 'evict' ? states.get(id) : this.#written(states.get(id), write);
      if (state === undefined) states.delete(id);
      else states.set(id, state);
      const exists = write.kind !== 'evict' && documentExists(state);
      const after = exists ? { collection, id, state } : undefined;
      if (after === undefined) shown.delete(id);
      else shown.set(id, after);
      this.#indexes.change(collection, before, after);
      const evicted = write.kind === 'evict' || (before === undefined && (changes.get(id)?.evicted ?? false));
      changes.set(id, { collection, id, before: changes.has(id) ? changes.get(id)?.before : before, after, evicted });
    }
    return [...changes.values()];
  }

  #written(state: DocumentState | undefined, write: Exclude<Write, { kind: 'evict' }>): DocumentState | undefined {
    this.#number += 1;
    const draft = new DocumentDraft(state, writer(this.#number));
    const isCounter = () => false;
    switch (write.kind) {
      case 'upsert':
        draft.upsert(write.fields, 'MERGE', isCounter);
        break;
      case 'set':
        draft.update({ kind: 'set', path: write.path, value: write.value, as: undefined }, isCounter);
        break;
      case 'count':
        draft.update({ kind: 'increment', path: ['counted'], by: write.by }, isCounter);
        break;
      case 'unset':
        draft.update({ kind: 'remove', path: write.path }, isCounter);
        break;
      case 'remove':
        draft.remove();
        break;
      case 'rewrite':
        return applyOperations(state, [], writer(this.#number));
    }
    return draft.state;
  }
}

const writer = (number: number): Writer => ({
  origin: 'test.aaaaaaaa',
  number,
  time: number * 1024,
  log: 'log',
  position: number,
  covers: () => true,
});

/** The same documents, and no index on anything. */
export function withoutIndexes(store: DocumentReader): DocumentReader {
  return {
    get: (collection, id) => store.get(collection, id),
    all: (collection) => store.all(collection),
    collections: () => store.collections(),
    count: (collection) => store.count(collection),
    index: () => undefined,
    noteQuery: () => {},
  };
}

export const things = (store: Store): StoredDocument[] => [...store.all('things')];

/** A store of documents in `things`, by id. */
export function storeOf(
  documents: Readonly<Record<string, Readonly<Record<string, Value>>>>,
  indexed: readonly Path[] = [],
): Store {
  const store = new Store(indexed);
  store.turn(Object.entries(documents).map(([id, fields]) => ({ kind: 'upsert', id, fields })));
  return store;
}

export const idsOf = (documents: Iterable<StoredDocument>): string[] => Array.from(documents, ({ id }) => id);

const scalars = fc.oneof(
  fc.constantFrom<Value>(
    null,
    true,
    false,
    0,
    -0,
    1,
    1.5,
    -2,
    2 ** 53,
    2 ** 60,
    1e300,
    2n ** 53n,
    2n ** 60n,
    -(2n ** 63n),
  ),
  fc.constantFrom<Value>('', 'a', 'ab', 'b', 'B', '\uffee', '\u{1f600}', '\u{1f600}a'),
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom<Value>(new AttachmentToken('one'), new AttachmentToken('two')),
);

const withoutPrototype = (fields: Readonly<Record<string, Value>>): ValueObject =>
  Object.assign(Object.create(null), fields);

/** Of every type, few enough that equal ones meet. */
export const values: fc.Arbitrary<Value> = fc.oneof(
  { weight: 6, arbitrary: scalars },
  { weight: 1, arbitrary: fc.array(scalars, { maxLength: 2 }) },
  { weight: 1, arbitrary: fc.dictionary(fc.constantFrom('x', 'y'), scalars, { maxKeys: 2 }).map(withoutPrototype) },
);

export const paths = fc.constantFrom<Path>(['a'], ['b'], ['c', 'x']);

export const documentFields: fc.Arbitrary<ValueObject> = fc
  .dictionary(fc.constantFrom('a', 'b', 'c'), values, { maxKeys: 3 })
  .map(withoutPrototype);
