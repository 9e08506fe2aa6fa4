/** A collection of a running server as NDJSON, page by page. */

import { limits } from '../../limits.ts';
import { stringifyExactly } from './exact-json.ts';
import { isRecord, type Server, UnusableServerError } from './server.ts';

export interface Exported {
  readonly documents: number;
  /** How often an attachment is named; their bytes are not in the export. */
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
 * Each page is read at one version, no older than the page before; a document is as it stood when its page was read.
 * @param onPage told what is exported, and how many documents there are
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

/** Towards pages of an even size in bytes, whatever the size of documents. */
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
  new UnusableServerError("the server's answer is not of Tideline's GraphQL API: give its address with --url");
