/** Exports a collection of a running server as NDJSON, page by page. */

import { limits } from '../../limits.ts';
import { stringifyExactly } from './exact-json.ts';
import { isRecord, type Server, UnusableServerError } from './server.ts';

export interface Exported {
  readonly documents: number;
  /** The number of references to attachments, whose bytes are not in the export. */
  readonly attachments: number;
}

interface Page {
  readonly values: readonly unknown[];
  readonly total: number;
  readonly next: string | undefined;
}

const collectionsQuery = /* GraphQL */ `
  query Collections { collections { name } }
`;

const pageQuery = /* GraphQL */ `
  query Export($collection: String!, $first: Int!, $after: String) {
    documents(collection: $collection, first: $first, after: $after) {
      nodes { value }
      pageInfo { hasNextPage endCursor }
      totalCount
    }
  }
`;

export async function collectionsOf(server: Server): Promise<readonly string[]> {
  const { collections } = await server.ask(collectionsQuery, {});
  if (!Array.isArray(collections)) throw notUnderstood();
  return collections.map((collection: unknown) => {
    if (!isRecord(collection) || typeof collection.name !== 'string') throw notUnderstood();
    return collection.name;
  });
}

/**
 * Each page is read at one version, not older than that of the page before; each document is as it was when its page
 * was read.
 * @param onPage called with the progress so far and the total number of documents
 */
export async function* exportCollection(
  server: Server,
  collection: string,
  stopped: AbortSignal,
  onPage: (exported: Exported, total: number) => void,
): AsyncGenerator<string> {
  let exported: Exported = { documents: 0, attachments: 0 };
  let first = 50;
  let after: string | undefined;
  do {
    const page = pageOf(await server.ask(pageQuery, { collection, first, after }));
    stopped.throwIfAborted();
    const text = page.values.map((value) => `${stringifyExactly(value)}\n`).join('');
    yield text;
    const named = text.match(/\{"\$attachment":/g)?.length ?? 0;
    exported = { documents: exported.documents + page.values.length, attachments: exported.attachments + named };
    onPage(exported, page.total);
    first = nextPageSize(first, text.length);
    after = page.next;
  } while (after !== undefined);
}

/** Adapts the page size towards a constant number of bytes, whatever the size of documents. */
function nextPageSize(size: number, bytes: number): number {
  const aim = Math.floor((size * limits.exportPageBytes) / Math.max(bytes, 1));
  return Math.min(Math.max(aim, 1), size * 4, limits.pageSize);
}

function pageOf({ documents }: Record<string, unknown>): Page {
  if (!isRecord(documents) || !Array.isArray(documents.nodes) || !isRecord(documents.pageInfo)) throw notUnderstood();
  const { hasNextPage, endCursor } = documents.pageInfo;
  return {
    values: documents.nodes.map((node: unknown) => (isRecord(node) ? node.value : undefined)),
    total: Number(documents.totalCount),
    next: hasNextPage === true && typeof endCursor === 'string' ? endCursor : undefined,
  };
}

const notUnderstood = (): Error =>
  new UnusableServerError("this is not a response of Tideline's GraphQL API: give the server's address with --url");
