/**
 * What leads from any result of a live query to any later one, however many changes lie between. So for a reader who is
 * slow nothing has to be kept but the result that it has.
 * L3. It is one change, and minimal: nothing is in it of what came and went again between the two, nor a document that was
 *     changed and changed back.
 */
import type { StoredDocument } from '../stored-document.ts';
import { Branch, type ListNode } from '../structures/counted-list.ts';
import type { DocumentList } from './document-list.ts';
import type { RemovalReason, ResultChange } from './result-change.ts';
import { differenceOf } from './result-difference.ts';

type Node = ListNode<StoredDocument, undefined>;

/**
 * Undefined where both show the same. Costs what differs, and a look at each node of the lists.
 * @param reasonOf why a document that is in the result no more is not
 */
export function changeBetween(
  before: DocumentList,
  after: DocumentList,
  reasonOf: (id: string) => RemovalReason,
): ResultChange | undefined {
  if (before === after) return undefined;
  // What stands in a node that both have is the same object in both.
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
