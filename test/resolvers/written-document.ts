/** A document as one writer wrote it, for tests that need no replica. */

import { DocumentDraft } from '../../replica/crdt/writes.ts';
import type { StoredDocument } from '../../replica/query/stored-document.ts';
import { objectFromJson } from '../../replica/values/json.ts';

export function writtenDocument(collection: string, id: string, fields: object): StoredDocument {
  const writer = { origin: 'a.00000000', number: 1, time: 1024, log: 'log', position: 1, covers: () => true };
  const draft = new DocumentDraft(undefined, writer);
  draft.upsert(objectFromJson(fields, 'document'), 'MERGE', () => false);
  if (draft.state === undefined) throw new Error('nothing was written');
  return { collection, id, state: draft.state };
}
