/**
 * Walks two lists side by side and reports runs of items that are the same object in both, and items that are only in
 * one.
 * L15. If one list was made from the other, shared nodes are skipped as a whole: the walk costs the differences.
 */

import type { StoredDocument } from '../stored-document.ts';
import { Branch, heightOf, type Leaf, type ListNode } from '../structures/counted-list.ts';
import type { DocumentList } from './document-list.ts';

export interface SideBySide {
  /** `count` items are the same from these indexes on. */
  same(before: number, after: number, count: number): void;
  /** An item of the first list that is not paired with one of the second. */
  before(index: number, document: StoredDocument): void;
  after(index: number, document: StoredDocument): void;
}

/**
 * @param touched whether a document may have been changed, added or removed; the others are in the same order in both
 * lists
 */
export function walkSideBySide(
  before: DocumentList,
  after: DocumentList,
  touched: (id: string) => boolean,
  met: SideBySide,
): void {
  const old = new Cursor(before);
  const now = new Cursor(after);
  while (!old.isAtEnd || !now.isAtEnd) {
    if (old.isAtEnd || now.isAtEnd || !passShared(old, now, met)) passOne(old, now, touched, met);
  }
}

/** Skips a node that both lists share here, or descends towards one. False if both cursors are at an item. */
function passShared(old: Cursor, now: Cursor, met: SideBySide): boolean {
  const { node: oldNode } = old;
  const { node: nowNode } = now;
  if (oldNode === undefined && nowNode === undefined) return false;
  if (oldNode !== undefined && oldNode === nowNode && old.has(oldNode.count) && now.has(oldNode.count)) {
    met.same(old.index, now.index, oldNode.count);
    old.passNode();
    now.passNode();
    return true;
  }
  const oldHeight = oldNode === undefined ? -1 : heightOf(oldNode);
  const nowHeight = nowNode === undefined ? -1 : heightOf(nowNode);
  if (oldHeight >= nowHeight) old.enter();
  if (nowHeight >= oldHeight) now.enter();
  return true;
}

function passOne(old: Cursor, now: Cursor, touched: (id: string) => boolean, met: SideBySide): void {
  const was = old.item();
  const is = now.item();
  if (was !== undefined && was === is) {
    met.same(old.index, now.index, 1);
    old.passItem();
    now.passItem();
  } else if (was !== undefined && (is === undefined || touched(was.id))) {
    met.before(old.index, was);
    old.passItem();
  } else if (is !== undefined) {
    met.after(now.index, is);
    now.passItem();
  }
}

type Node = ListNode<StoredDocument, undefined>;

/** A position in a list: before a node, or at an item of an entered leaf. */
class Cursor {
  readonly #length: number;
  readonly #above: { readonly branch: Branch<StoredDocument, undefined>; child: number }[] = [];
  index = 0;
  /** The highest node that starts here and has not been entered; undefined at an item and at the end. */
  node: Node | undefined;
  #leaf: Leaf<StoredDocument, undefined> | undefined;
  #offset = 0;

  constructor({ root, length }: DocumentList) {
    this.#length = length;
    this.node = root;
  }

  get isAtEnd(): boolean {
    return this.index >= this.#length;
  }

  /** Whether the list has at least `count` more items. */
  has(count: number): boolean {
    return this.index + count <= this.#length;
  }

  /** The item here, after entering the nodes above it; undefined at the end. */
  item(): StoredDocument | undefined {
    if (this.isAtEnd) return undefined;
    while (this.node !== undefined) this.enter();
    return this.#leaf?.items[this.#offset];
  }

  enter(): void {
    const { node } = this;
    if (node instanceof Branch) {
      this.#above.push({ branch: node, child: 0 });
      this.node = node.children[0];
    } else {
      this.#leaf = node;
      this.#offset = 0;
      this.node = undefined;
    }
  }

  passNode(): void {
    this.index += this.node?.count ?? 0;
    this.#goOn();
  }

  passItem(): void {
    this.index += 1;
    this.#offset += 1;
    if (this.#offset >= (this.#leaf?.items.length ?? 0)) this.#goOn();
  }

  /** Moves to the highest node that starts after the skipped part. */
  #goOn(): void {
    this.node = undefined;
    for (let place = this.#above.at(-1); place !== undefined; place = this.#above.at(-1)) {
      place.child += 1;
      this.node = place.branch.children[place.child];
      if (this.node !== undefined) return;
      this.#above.pop();
    }
  }
}
