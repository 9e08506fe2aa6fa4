/**
 * Documents in an order, as they stood at one version: a result. Nothing is copied where one result follows on another: they
 * share what they have in common.
 */
import type { StoredDocument } from '../stored-document.ts';
import { CountedList, itemsBetween, type ListNode, leafAt } from '../structures/counted-list.ts';

export class DocumentList implements Iterable<StoredDocument> {
  readonly root: ListNode<StoredDocument, undefined>;
  readonly length: number;

  /** @param length of what is at the root, so many */
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
