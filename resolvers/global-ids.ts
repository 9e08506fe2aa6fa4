/**
 * Global ids: `id` fields return them, `node` takes them, and so do `id` arguments. They are opaque to clients and
 * encode the view, the collection and the `_id`. A document and its typed view have different ones, because client
 * caches keep one object per id. Attachments use their own ids.
 */
import { limits } from '../limits.ts';

export type DocumentView = 'document' | 'typed';

export interface GlobalId {
  readonly view: DocumentView;
  readonly collection: string;
  readonly id: string;
}

/** Collection names contain no control characters, so the first line break ends the name. */
const pattern = /^(document|typed)\n([^\n]+)\n(.+)$/s;

export const encodeGlobalId = ({ view, collection, id }: GlobalId): string =>
  Buffer.from(`${view}\n${collection}\n${id}`).toString('base64url');

/** A view and its line break are whole groups of Base64, so each view has a fixed prefix. */
const beginnings = ['document\n', 'typed\n'].map((view) => Buffer.from(view).toString('base64url'));

/** A character of a collection's name takes at most 4 bytes in UTF-8; Base64 takes 4 characters for 3 bytes. */
const maximumBytes = 'document\n'.length + 4 * limits.collectionCharacters + '\n'.length + limits.idBytes;
const maximumCharacters = Math.ceil((maximumBytes * 4) / 3);

/** Undefined if the text is not a global id of a document. */
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
  /** The decoded global id, used if no document has the text as its `_id`. It may belong to another collection. */
  readonly globalId: GlobalId | undefined;
}

export const describeGlobalId = ({ collection, id }: GlobalId): string =>
  `the global id of ${JSON.stringify(id)} in collection ${JSON.stringify(collection)}`;
