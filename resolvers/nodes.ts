/** Resolvers of `node` and `nodes`: objects by global id. */
import type { CollectionDefinition } from '../definitions/definitions.ts';
import type { StoredDocument } from '../replica/query/stored-document.ts';
import { isSystemCollection } from '../replica/values/collections.ts';
import { type AttachmentRecord, attachmentRecord, isAttachmentId } from '../uploads/attachments.ts';
import type { Context } from './context.ts';
import { decodeGlobalId } from './global-ids.ts';

export type Node = StoredDocument | TypedDocument | AttachmentRecord;

/** Undefined if nothing has the id, and also if the text is not an id. */
export function one(_: unknown, { id }: { readonly id: string }, context: Context): Node | undefined {
  if (isAttachmentId(id)) return attachmentRecord(context.reader, id);
  const named = decodeGlobalId(id);
  if (named === undefined || isSystemCollection(named.collection)) return undefined;
  const document = context.reader.get(named.collection, named.id);
  if (document === undefined || named.view === 'document') return document;
  const definition = context.definitions.get(named.collection);
  return definition && { definition, document };
}

export const many = (_: unknown, { ids }: { readonly ids: readonly string[] }, context: Context) =>
  ids.map((id) => one(undefined, { id }, context));

/** The GraphQL type of a node. */
export function typeOf(node: Node): string {
  if ('definition' in node) return node.definition.type;
  return 'state' in node ? 'Document' : 'Attachment';
}

/** A document with the definition of its collection, through which it is read. */
export interface TypedDocument {
  readonly definition: CollectionDefinition;
  readonly document: StoredDocument;
}
