/** A live query as its reader has it: rebuilt from nothing but the changes that it was told. */
import { showsSame } from '../../replica/crdt/document.ts';
import type { DocumentReader } from '../../replica/query/access/document-reader.ts';
import { sortedMatches } from '../../replica/query/access/query-plan.ts';
import { compileFilter } from '../../replica/query/filters/filter.ts';
import { sortDocuments } from '../../replica/query/filters/order.ts';
import type { LiveQueryDefinition, ResultChange } from '../../replica/query/live/result-change.ts';
import type { StoredDocument } from '../../replica/query/stored-document.ts';

export class LiveResult {
  readonly definition: LiveQueryDefinition;
  documents: readonly StoredDocument[] = [];
  /** Of the last change taken. */
  token = '';

  constructor(definition: LiveQueryDefinition) {
    this.definition = definition;
  }

  /** @returns what is wrong with the change */
  take(change: ResultChange): string | undefined {
    if (!sameDocuments(this.documents, [...change.before])) return 'a change that begins at another result';
    this.documents = changed(this.documents, change);
    if (!sameDocuments(this.documents, [...change.after])) return 'a change that leads to another result than it says';
    return undefined;
  }

  /** @returns what is wrong with the result */
  compare(reader: DocumentReader): string | undefined {
    const { collection, filter, order, first } = this.definition;
    const isMatch = compileFilter(filter);
    const matches = sortDocuments([...reader.all(collection)].filter(isMatch), order);
    if (!sameDocuments(sortedMatches(reader, collection, filter, order), matches))
      return 'what an index does not lead to';
    if (!sameDocuments(this.documents, matches.slice(0, first))) return 'a result that a fresh query does not give';
    return undefined;
  }
}

function changed(before: readonly StoredDocument[], change: ResultChange): readonly StoredDocument[] {
  const { inserted, updated, removed, moved } = change;
  const gone = new Set([...removed.map(({ index }) => index), ...moved.map(({ from }) => from)]);
  const placed = new Map(inserted.map(({ index, document }) => [index, document]));
  for (const { from, to } of moved) {
    const document = before[from];
    if (document) placed.set(to, document);
  }
  const staying = before.filter((_, index) => !gone.has(index));
  const after: StoredDocument[] = [];
  const length = staying.length + placed.size;
  for (let index = 0, next = 0; index < length; index += 1) {
    const document = placed.get(index) ?? staying[next++];
    if (document) after.push(document);
  }
  for (const { index, document } of updated) after[index] = document;
  return after;
}

function sameDocuments(a: readonly StoredDocument[], b: readonly StoredDocument[]): boolean {
  return (
    a.length === b.length &&
    a.every((document, index) => {
      const other = b[index];
      return other !== undefined && document.id === other.id && showsSame(document.state, other.state);
    })
  );
}
