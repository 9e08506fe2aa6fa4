/**
 * Counted list: a list that finds, inserts and deletes at any index in logarithmic time. It is a B+ tree whose branches
 * store how many items are below them. It has no order of its own: an owner that keeps it sorted finds places with
 * countWhile.
 * L16. `freeze` returns the current content, unchanged for as long as anyone holds it: the next writes copy the nodes
 * on their
 *      path, once each. Finding, inserting and deleting cost the depth, in whatever order items are added and removed.
 * Sources: Bayer and McCreight, Organization and Maintenance of Large Ordered Indexes (1972); order statistics as in
 * Cormen, Leiserson, Rivest and Stein, Introduction to Algorithms, chapter 17; copying as in Rodeh, B-trees, Shadowing,
 * and Clones (ACM Transactions on Storage, 2008).
 * Invariant: only a root may be empty, all leaves are equally deep, and no node has more than `widest` members.
 */
import { invariant } from '../../../invariant.ts';

/**
 * The maximum of members of a node: a path from root to leaf is a few kilobytes to copy, and a million items need four
 * levels.
 */
const widest = 64;
/** Two neighbours with at most this many members together are joined when one of them shrinks. */
const narrow = 40;
/** How many members a bulk load puts into a node: some capacity is left for inserts. */
const built = 48;

/** Marks the nodes that a list may write into. A frozen list takes a new owner. An instance is smaller than `{}`. */
class Owner {}

export class Leaf<Item, Key> {
  readonly owner: Owner;
  readonly items: Item[];
  /** Parallel to the items, if the list has keys: an entry costs two slots and no object. */
  readonly keys: (Key | undefined)[] | undefined;

  constructor(owner: Owner, items: Item[], keys: (Key | undefined)[] | undefined) {
    this.owner = owner;
    this.items = items;
    this.keys = keys;
  }

  get count(): number {
    return this.items.length;
  }

  get width(): number {
    return this.items.length;
  }
}

export class Branch<Item, Key> {
  readonly owner: Owner;
  readonly height: number;
  readonly children: ListNode<Item, Key>[];
  count: number;

  constructor(owner: Owner, height: number, children: ListNode<Item, Key>[]) {
    this.owner = owner;
    this.height = height;
    this.children = children;
    this.count = 0;
    for (const child of children) this.count += child.count;
  }

  get width(): number {
    return this.children.length;
  }
}

export type ListNode<Item, Key> = Leaf<Item, Key> | Branch<Item, Key>;

export const heightOf = <Item, Key>(node: ListNode<Item, Key>): number => (node instanceof Branch ? node.height : 0);

/** The leaf that contains a place, and the offset in it. @throws {RangeError} if the place is out of range */
export function leafAt<Item, Key>(
  root: ListNode<Item, Key>,
  place: number,
): { readonly leaf: Leaf<Item, Key>; readonly offset: number } {
  let node = root;
  let offset = place;
  while (node instanceof Branch) {
    const index = childAt(node, offset);
    offset -= countBefore(node, index);
    node = childOf(node, index);
  }
  if (offset < 0 || offset >= node.items.length) throw noSuchPlace();
  return { leaf: node, offset };
}

/** The items in [from, to); if `to` is less than `from`, those in [to, from) in reverse. */
export function* itemsBetween<Item, Key>(root: ListNode<Item, Key>, from: number, to: number): Generator<Item> {
  let place = from;
  while (place < to) {
    const { leaf, offset } = leafAt(root, place);
    const end = Math.min(leaf.items.length, offset + to - place);
    for (const item of leaf.items.slice(offset, end)) yield item;
    place += end - offset;
  }
  while (place > to) {
    const { leaf, offset } = leafAt(root, place - 1);
    const start = Math.max(0, offset + 1 - (place - to));
    for (const item of leaf.items.slice(start, offset + 1).reverse()) yield item;
    place -= offset + 1 - start;
  }
}

export class CountedList<Item, Key = undefined> {
  #owner = new Owner();
  #root: ListNode<Item, Key>;

  /** @param keys parallel to the items; undefined for a list without keys */
  constructor(items: readonly Item[], keys?: readonly (Key | undefined)[]) {
    let level: ListNode<Item, Key>[] = [];
    for (let start = 0; start < items.length; start += built) {
      const end = start + built;
      level.push(new Leaf(this.#owner, items.slice(start, end), keys?.slice(start, end)));
    }
    for (let height = 1; level.length > 1; height += 1) {
      const above: ListNode<Item, Key>[] = [];
      for (let start = 0; start < level.length; start += built) {
        above.push(new Branch(this.#owner, height, level.slice(start, start + built)));
      }
      level = above;
    }
    this.#root = level[0] ?? new Leaf(this.#owner, [], keys && []);
  }

  get length(): number {
    return this.#root.count;
  }

  /** A snapshot of the content, which no later write changes. */
  freeze(): ListNode<Item, Key> {
    this.#owner = new Owner();
    return this.#root;
  }

  /** A copy of the list that can be written to independently. */
  fork(): CountedList<Item, Key> {
    const fork = new CountedList<Item, Key>([]);
    fork.#root = this.freeze();
    return fork;
  }

  at(place: number): Item | undefined {
    if (place < 0 || place >= this.length) return undefined;
    const { leaf, offset } = leafAt(this.#root, place);
    return leaf.items[offset];
  }

  keyAt(place: number): Key | undefined {
    const { leaf, offset } = leafAt(this.#root, place);
    return leaf.keys?.[offset];
  }

  /** Like itemsBetween, reverse ranges included. The list must not change during the iteration. */
  between(from: number, to: number): Generator<Item> {
    return itemsBetween(this.#root, from, to);
  }

  /**
   * The length of the prefix that passes the test. The test must hold for a prefix of the list and for nothing after
   * it.
   */
  countWhile(test: (item: Item, key: Key | undefined) => boolean): number {
    let node = this.#root;
    let passed = 0;
    while (node instanceof Branch) {
      const { children } = node;
      let low = 1;
      let high = children.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        const child = children[middle];
        if (child !== undefined && holdsForFirst(child, test)) low = middle + 1;
        else high = middle;
      }
      passed += countBefore(node, low - 1);
      node = childOf(node, low - 1);
    }
    let low = 0;
    let high = node.items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (holdsAt(node, middle, test)) low = middle + 1;
      else high = middle;
    }
    return passed + low;
  }

  /** @param key required if the list has keys */
  insertAt(place: number, item: Item, key?: Key): void {
    this.#root = this.#own(this.#root);
    const beside = this.#insert(this.#root, place, item, key);
    if (beside !== undefined) this.#root = new Branch(this.#owner, heightOf(beside) + 1, [this.#root, beside]);
  }

  deleteAt(place: number): void {
    this.#root = this.#own(this.#root);
    this.#delete(this.#root, place);
    while (this.#root instanceof Branch && this.#root.children.length === 1) {
      const [only] = this.#root.children;
      if (only !== undefined) this.#root = only;
    }
  }

  /** @returns the new right neighbour if the node was split */
  #insert(node: ListNode<Item, Key>, place: number, item: Item, key: Key | undefined): ListNode<Item, Key> | undefined {
    if (node instanceof Leaf) {
      node.items.splice(place, 0, item);
      node.keys?.splice(place, 0, key);
      return node.items.length > widest ? this.#splitLeaf(node, place === widest) : undefined;
    }
    node.count += 1;
    const index = childFor(node, place);
    const beside = this.#insert(this.#ownChild(node, index), place - countBefore(node, index), item, key);
    if (beside === undefined) return undefined;
    node.children.splice(index + 1, 0, beside);
    if (node.children.length <= widest) return undefined;
    const right = new Branch(this.#owner, node.height, node.children.splice(splitPlace(index + 1 === widest)));
    node.count -= right.count;
    return right;
  }

  #splitLeaf(leaf: Leaf<Item, Key>, atEnd: boolean): Leaf<Item, Key> {
    const from = splitPlace(atEnd);
    return new Leaf(this.#owner, leaf.items.splice(from), leaf.keys?.splice(from));
  }

  #delete(node: ListNode<Item, Key>, place: number): void {
    if (node instanceof Leaf) {
      node.items.splice(place, 1);
      node.keys?.splice(place, 1);
      return;
    }
    node.count -= 1;
    const index = childAt(node, place);
    const child = this.#ownChild(node, index);
    this.#delete(child, place - countBefore(node, index));
    if (child.width === 0) node.children.splice(index, 1);
    else if (child.width < narrow && !this.#join(node, index - 1)) this.#join(node, index);
  }

  /** Joins two neighbouring children if they are small enough. */
  #join(parent: Branch<Item, Key>, index: number): boolean {
    const left = parent.children[index];
    const right = parent.children[index + 1];
    if (left === undefined || right === undefined || left.width + right.width > narrow) return false;
    const joined = this.#ownChild(parent, index);
    if (joined instanceof Leaf && right instanceof Leaf) {
      joined.items.push(...right.items);
      invariant((joined.keys === undefined) === (right.keys === undefined), 'all leaves of a list have keys, or none');
      joined.keys?.push(...(right.keys ?? []));
    } else if (joined instanceof Branch && right instanceof Branch) {
      joined.children.push(...right.children);
      joined.count += right.count;
    }
    parent.children.splice(index + 1, 1);
    return true;
  }

  #own(node: ListNode<Item, Key>): ListNode<Item, Key> {
    if (node.owner === this.#owner) return node;
    return node instanceof Leaf
      ? new Leaf(this.#owner, node.items.slice(), node.keys?.slice())
      : new Branch(this.#owner, node.height, node.children.slice());
  }

  #ownChild(parent: Branch<Item, Key>, index: number): ListNode<Item, Key> {
    const own = this.#own(childOf(parent, index));
    parent.children[index] = own;
    return own;
  }
}

/** A list that grows at its end leaves full nodes behind. */
const splitPlace = (atEnd: boolean): number => (atEnd ? widest : widest >>> 1);

const noSuchPlace = (): RangeError => new RangeError('the place is out of the range of the counted list');

function childOf<Item, Key>({ children }: Branch<Item, Key>, index: number): ListNode<Item, Key> {
  const child = children[index];
  if (child === undefined) throw noSuchPlace();
  return child;
}

/** The child that contains a place. */
function childAt<Item, Key>({ children }: Branch<Item, Key>, place: number): number {
  let before = 0;
  for (let index = 0; index < children.length; index += 1) {
    before += countOf(children, index);
    if (place < before) return index;
  }
  throw noSuchPlace();
}

/** The child that receives an insert at a place; on the boundary of two children, the smaller one. */
function childFor<Item, Key>({ children }: Branch<Item, Key>, place: number): number {
  let before = 0;
  for (let index = 0; index < children.length; index += 1) {
    const count = countOf(children, index);
    before += count;
    if (place < before) return index;
    if (place === before) return (children[index + 1]?.count ?? Number.POSITIVE_INFINITY) < count ? index + 1 : index;
  }
  throw noSuchPlace();
}

function countBefore<Item, Key>({ children }: Branch<Item, Key>, index: number): number {
  let count = 0;
  for (let child = 0; child < index; child += 1) count += countOf(children, child);
  return count;
}

function countOf<Item, Key>(children: readonly ListNode<Item, Key>[], index: number): number {
  const child = children[index];
  invariant(child !== undefined, 'the counts of the children add up to the count of their branch');
  return child.count;
}

function holdsForFirst<Item, Key>(
  node: ListNode<Item, Key>,
  test: (item: Item, key: Key | undefined) => boolean,
): boolean {
  let first: ListNode<Item, Key> | undefined = node;
  while (first instanceof Branch) first = first.children[0];
  return first !== undefined && holdsAt(first, 0, test);
}

function holdsAt<Item, Key>(
  { items, keys }: Leaf<Item, Key>,
  index: number,
  test: (item: Item, key: Key | undefined) => boolean,
): boolean {
  const item = items[index];
  return item !== undefined && test(item, keys?.[index]);
}
