/**
 * Global ids: what `id` fields give and `node` takes. Opaque to clients; in them stand the view, the collection and the
 * `_id`. A document and its typed view have different ones, as clients keep one object an id. Attachments keep their own.
 */

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

/** Undefined where the text is no global id of a document. */
export function decodeGlobalId(text: string): GlobalId | undefined {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') !== text) return undefined;
  const [, view, collection, id] = pattern.exec(bytes.toString()) ?? [];
  if ((view !== 'document' && view !== 'typed') || collection === undefined || id === undefined) return undefined;
  return { view, collection, id };
}
