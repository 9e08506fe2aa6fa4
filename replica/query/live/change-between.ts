/**
 * Computes the change from any result of a live query to any later one, however many changes are between them. So the
 * server need only keep the result that a slow reader has.
 * L3. It is one change, and minimal: it omits documents that entered and left again in between, and documents that were
 * changed and
 *     changed back.
 */
import type { StoredDocument } from '../stored-document.ts';
import { Branch, type ListNode } from '../structures/counted-list.ts';
import type { DocumentList } from './document-list.ts';
import type { RemovalReason, ResultChange } from './result-change.ts';
import { differenceOf } from './result-difference.ts';

type Node = ListNode<StoredDocument, undefined>;

/**
 * Undefined if both show the same. Costs the differences, plus a look at each node of the lists.
 * @param reasonOf the reason why a document is not in the result any more
 */
export function changeBetween(
  before: DocumentList,
  after: DocumentList,
  reasonOf: (id: string) => RemovalReason,
): ResultChange | undefined {
  if (before === after) return undefined;
  // Items in shared nodes are the same objects in both lists.
  const touched = new Map<string, StoredDocument>();
  const nodesAfter = new Set<Node>(nodesOf(after.root));
  for (const document of itemsOutside(before.root, nodesAfter)) touched.set(document.id, document);
  const nodesBefore = new Set<Node>(nodesOf(before.root));
  for (const document of itemsOutside(after.root, nodesBefore)) {
    if (touched.get(document.id) === document) touched.delete(document.id);
    else touched.set(document.id, document);
  }
  return differenceOf(before, after, (id) => touched.has(id), reasonOf);
}

function* nodesOf(node: Node): Generator<Node> {
  yield node;
  if (node instanceof Branch) for (const child of node.children) yield* nodesOf(child);
}

function* itemsOutside(node: Node, shared: ReadonlySet<Node>): Generator<StoredDocument> {
  if (shared.has(node)) return;
  if (!(node instanceof Branch)) yield* node.items;
  else for (const child of node.children) yield* itemsOutside(child, shared);
}
