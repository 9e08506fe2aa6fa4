/** `node` and `nodes`: whatever has a global id. */
import type { CollectionDefinition } from '../definitions/definitions.ts';
import type { StoredDocument } from '../replica/query/stored-document.ts';
import { type AttachmentRecord, attachmentRecord, isAttachmentId } from '../uploads/attachments.ts';
import { systemPrefix } from './arguments.ts';
import type { Context } from './context.ts';
import { decodeGlobalId } from './global-ids.ts';

export type Node = StoredDocument | TypedDocument | AttachmentRecord;

/** Null where nothing has that id, also where the text is no id at all. */
export function one(_: unknown, { id }: { readonly id: string }, context: Context): Node | undefined {
  if (isAttachmentId(id)) return attachmentRecord(context.reader, id);
  const named = decodeGlobalId(id);
  if (named === undefined || named.collection.startsWith(systemPrefix)) return undefined;
  const document = context.reader.get(named.collection, named.id);
  if (document === undefined || named.view === 'document') return document;
  const definition = context.definitions.get(named.collection);
  return definition && { definition, document };
}

export const many = (_: unknown, { ids }: { readonly ids: readonly string[] }, context: Context) =>
  ids.map((id) => one(undefined, { id }, context));

/** The GraphQL type that a node is shown as. */
export function typeOf(node: Node): string {
  if ('definition' in node) return node.definition.type;
  return 'state' in node ? 'Document' : 'Attachment';
}

/** A document, to be read as its collection is defined. */
export interface TypedDocument {
  readonly definition: CollectionDefinition;
  readonly document: StoredDocument;
}
