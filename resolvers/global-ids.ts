/**
 * Global ids: what `id` fields give, `node` takes, and `id` arguments take as well. Opaque to clients; in them stand the view,
 * the collection and the `_id`. A document and its typed view have different ones, as clients keep one object an id.
 * Attachments keep their own.
 */
import { limits } from '../limits.ts';

export type DocumentView = 'document' | 'typed';

export interface GlobalId {
  readonly view: DocumentView;
  readonly collection: string;
  readonly id: string;
}

/** Collections have no control characters in their names, so the first of them ends the name. */
const pattern = /^(document|typed)\n([^\n]+)\n(.+)$/s;

export const encodeGlobalId = ({ view, collection, id }: GlobalId): string =>
  Buffer.from(`${view}\n${collection}\n${id}`).toString('base64url');

/** Views and their line breaks are whole groups of Base64: what is no global id is told by its beginning. */
const beginnings = ['document\n', 'typed\n'].map((view) => Buffer.from(view).toString('base64url'));

/** A character of a collection's name has at most 4 bytes in UTF-8; Base64 has 4 characters for 3 bytes. */
const maximumBytes = 'document\n'.length + 4 * limits.collectionCharacters + '\n'.length + limits.idBytes;
const maximumCharacters = Math.ceil((maximumBytes * 4) / 3);

/** Undefined where the text is no global id of a document. */
export function decodeGlobalId(text: string): GlobalId | undefined {
  if (text.length > maximumCharacters || !beginnings.some((beginning) => text.startsWith(beginning))) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') !== text) return undefined;
  const [, view, collection, id] = pattern.exec(bytes.toString()) ?? [];
  if ((view !== 'document' && view !== 'typed') || collection === undefined || id === undefined) return undefined;
  return { view, collection, id };
}

export interface DocumentName {
  readonly collection: string;
  readonly id: string;
  /** What the text says where nothing has it as its `_id`: a document of this collection, or of another one. */
  readonly globalId: GlobalId | undefined;
}

export const describeGlobalId = ({ collection, id }: GlobalId): string =>
  `the global id of ${JSON.stringify(id)} in collection ${JSON.stringify(collection)}`;
