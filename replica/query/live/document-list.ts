/**
 * A result: an ordered list of documents at one version. Successive results share nodes instead of copying.
 */
import type { StoredDocument } from '../stored-document.ts';
import { CountedList, itemsBetween, type ListNode, leafAt } from '../structures/counted-list.ts';

export class DocumentList implements Iterable<StoredDocument> {
  readonly root: ListNode<StoredDocument, undefined>;
  readonly length: number;

  /** @param length cuts the list to its first `length` documents */
  constructor(root: ListNode<StoredDocument, undefined>, length = Number.POSITIVE_INFINITY) {
    this.root = root;
    this.length = Math.min(length, root.count);
  }

  static of(documents: Iterable<StoredDocument>): DocumentList {
    return new DocumentList(new CountedList([...documents]).freeze());
  }

  at(index: number): StoredDocument | undefined {
    if (index < 0 || index >= this.length) return undefined;
    const { leaf, offset } = leafAt(this.root, index);
    return leaf.items[offset];
  }

  [Symbol.iterator](): Iterator<StoredDocument> {
    return itemsBetween(this.root, 0, this.length);
  }
}
