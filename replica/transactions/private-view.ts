/** One run of a transaction's requests: drafts of the documents that it writes, over a view of staging. */
import { DocumentNotFoundError, TransactionConflictError } from '../../errors.ts';
import type { DocumentOperations } from '../crdt/delta.ts';
import { documentExists } from '../crdt/document.ts';
import type { Time, Writer } from '../crdt/version.ts';
import { DraftWriter } from '../crdt/writers.ts';
import { DocumentDraft, type UpdateOperation, type WriteStrategy } from '../crdt/writes.ts';
import type { Eviction } from '../log/journal.ts';
import type { SortedIndex } from '../query/access/sorted-index.ts';
import type { StoredDocument } from '../query/stored-document.ts';
import { DocumentMap } from '../state/document-map.ts';
import { countAbove, indexAbove, type OpenView } from '../state/views.ts';
import type { CounterPaths, DocumentWriter } from '../transaction.ts';
import type { Path } from '../values/keypath.ts';
import type { ValueObject } from '../values/value.ts';
import { SizeCheck } from './size-check.ts';

interface Draft {
  readonly draft: DocumentDraft;
  upserted: boolean;
  removed: boolean;
}

export class PrivateView implements DocumentWriter {
  readonly #base: OpenView;
  readonly #writer: Writer;
  readonly #drafts = new DocumentMap<Draft>();
  #evictions: DocumentMap<Eviction> | undefined;

  /** @param name what the transaction will be called, if nothing comes before it */
  constructor(base: OpenView, name: { readonly origin: string; readonly number: number; readonly time: Time }) {
    this.#base = base;
    this.#writer = new DraftWriter(name.origin, name.number, name.time);
  }

  get time(): Time {
    return this.#writer.time;
  }

  get number(): number {
    return this.#writer.number;
  }

  /** The operations of the transaction, as its delta has them. */
  operations(): readonly DocumentOperations[] {
    const touched: DocumentOperations[] = [];
    for (const collection of this.#drafts.collections())
      for (const [id, { draft }] of this.#drafts.ofCollection(collection))
        if (draft.operations.length > 0) touched.push({ collection, id, operations: draft.operations });
    return touched;
  }

  /** @throws {PayloadTooLargeError} the transaction, or what it makes of a document */
  checkSizes(): void {
    const check = new SizeCheck();
    for (const collection of this.#drafts.collections())
      for (const [id, { draft }] of this.#drafts.ofCollection(collection)) check.add(collection, id, draft);
  }

  evictions(): readonly Eviction[] {
    return this.#evictions ? Array.from(this.#evictions, ([, , eviction]) => eviction) : [];
  }

  get(collection: string, id: string): StoredDocument | undefined {
    const draft = this.#drafts.get(collection, id);
    if (!draft) return this.#base.get(collection, id);
    const { state } = draft.draft;
    return documentExists(state) ? { collection, id, state } : undefined;
  }

  *all(collection: string): Iterable<StoredDocument> {
    for (const document of this.#base.all(collection)) if (!this.#drafts.has(collection, document.id)) yield document;
    for (const [id, { draft }] of this.#drafts.ofCollection(collection))
      if (documentExists(draft.state)) yield { collection, id, state: draft.state };
  }

  *collections(): Iterable<string> {
    for (const name of new Set([...this.#base.collections(), ...this.#drafts.collections()]))
      for (const _ of this.all(name)) {
        yield name;
        break;
      }
  }

  count(collection: string): number {
    return countAbove(this.#base, this, this.#drafts.idsOf(collection), collection);
  }

  index(collection: string, path: Path): SortedIndex | undefined {
    return indexAbove(this.#base, this, this.#drafts.idsOf(collection), collection, path);
  }

  noteQuery(how: 'index' | 'scan'): void {
    this.#base.noteQuery(how);
  }

  #draft(collection: string, id: string): Draft {
    const existing = this.#drafts.get(collection, id);
    if (existing) return existing;
    const { state } = this.#base.former(collection, id);
    const made: Draft = { draft: new DocumentDraft(state, this.#writer), upserted: false, removed: false };
    this.#drafts.set(collection, id, made);
    return made;
  }

  upsert(
    collection: string,
    id: string,
    fields: ValueObject,
    strategy: WriteStrategy,
    isCounter: CounterPaths,
  ): StoredDocument {
    // Asked before there is a draft of it, which would be shown.
    const hidden = !this.#drafts.has(collection, id) && this.#base.former(collection, id).hidden;
    const draft = this.#draft(collection, id);
    if (draft.removed) throw conflict(collection, id);
    draft.upserted = true;
    if (hidden) draft.draft.upsert(fields, strategy, isCounter, true);
    else draft.draft.upsert(fields, strategy, isCounter);
    return this.#written(collection, id);
  }

  update(
    collection: string,
    id: string,
    operations: readonly UpdateOperation[],
    isCounter: CounterPaths,
  ): StoredDocument {
    if (!this.get(collection, id)) throw new DocumentNotFoundError(collection, id);
    const { draft } = this.#draft(collection, id);
    for (const operation of operations) draft.update(operation, isCounter);
    return this.#written(collection, id);
  }

  remove(collection: string, id: string): boolean {
    if (!this.get(collection, id)) return false;
    const draft = this.#draft(collection, id);
    if (draft.upserted) throw conflict(collection, id);
    draft.removed = true;
    draft.draft.remove();
    return true;
  }

  evict(collection: string, id: string): boolean {
    const document = this.get(collection, id);
    if (!document) return false;
    this.#evictions ??= new DocumentMap();
    this.#evictions.set(collection, id, { collection, id, lastWriter: document.state.lastWriter });
    return true;
  }

  #written(collection: string, id: string): StoredDocument {
    const document = this.get(collection, id);
    if (!document) throw new DocumentNotFoundError(collection, id);
    return document;
  }
}

function conflict(collection: string, id: string): TransactionConflictError {
  return new TransactionConflictError(
    `document ${JSON.stringify(id)} of ${JSON.stringify(collection)} is both removed and upserted in one operation: send two`,
  );
}
