/**
 * Interval tree: intervals of keys, each with a set of members. It finds the intervals that contain a key without
 * looking at the others.
 * L18. A search costs a logarithmic path for each interval found; adding and removing cost a logarithmic path, in
 * whatever
 *      order intervals are added and removed.
 * Sources: a tree ordered by the starts of intervals, in which each node stores the greatest end below it: Cormen,
 * Leiserson, Rivest and Stein, Introduction to Algorithms, chapter 17.3; balanced as a treap: Seidel and Aragon,
 * Randomized Search Trees (Algorithmica, 1996), with priorities hashed from a counter, independent of the keys.
 */
import { type Cut, compareCuts, compareEnds, holdsKey, type Interval, isBefore, type Key } from '../filters/key-set.ts';
import { SmallSet } from '../structures/small-set.ts';

interface Node<Member extends NonNullable<unknown>> {
  readonly interval: Interval;
  readonly members: SmallSet<Member>;
  readonly priority: number;
  left: Node<Member> | undefined;
  right: Node<Member> | undefined;
  /** The greatest end of its interval and of all intervals below it. */
  lastEnd: Cut | undefined;
}

export class IntervalTree<Member extends NonNullable<unknown>> {
  #root: Node<Member> | undefined;
  #made = 0;

  get isEmpty(): boolean {
    return this.#root === undefined;
  }

  add(interval: Interval, member: Member): void {
    const node = find(this.#root, interval);
    if (node !== undefined) {
      node.members.add(member);
      return;
    }
    this.#made += 1;
    const { to: lastEnd } = interval;
    const priority = scattered(this.#made);
    const members = new SmallSet<Member>();
    members.add(member);
    const made = { interval, members, priority, left: undefined, right: undefined, lastEnd };
    this.#root = insert(this.#root, made);
  }

  delete(interval: Interval, member: Member): void {
    const node = find(this.#root, interval);
    if (!node?.members.delete(member) || node.members.size > 0) return;
    this.#root = without(this.#root, interval);
  }

  /** Calls `found` with the members of each interval that contains the key, until it returns 'enough'. */
  visit(key: Key, found: (members: SmallSet<Member>) => 'enough' | undefined): void {
    visit(this.#root, key, found);
  }
}

function compareIntervals(a: Interval, b: Interval): number {
  return compareCuts(a.from, b.from) || compareEnds(a.to, b.to);
}

function find<Member extends NonNullable<unknown>>(
  root: Node<Member> | undefined,
  interval: Interval,
): Node<Member> | undefined {
  let node = root;
  while (node !== undefined) {
    const compared = compareIntervals(interval, node.interval);
    if (compared === 0) return node;
    node = compared < 0 ? node.left : node.right;
  }
  return undefined;
}

function visit<Member extends NonNullable<unknown>>(
  node: Node<Member> | undefined,
  key: Key,
  found: (members: SmallSet<Member>) => 'enough' | undefined,
): 'enough' | undefined {
  if (node === undefined || !isBefore(key, node.lastEnd)) return undefined;
  if (visit(node.left, key, found) === 'enough') return 'enough';
  // The intervals on the right start where this one does, or later.
  if (isBefore(key, node.interval.from)) return undefined;
  if (holdsKey(node.interval, key) && found(node.members) === 'enough') return 'enough';
  return visit(node.right, key, found);
}

function insert<Member extends NonNullable<unknown>>(root: Node<Member> | undefined, made: Node<Member>): Node<Member> {
  if (root === undefined) return made;
  if (made.priority > root.priority) {
    [made.left, made.right] = split(root, made.interval);
    return settled(made);
  }
  if (compareIntervals(made.interval, root.interval) < 0) root.left = insert(root.left, made);
  else root.right = insert(root.right, made);
  return settled(root);
}

function without<Member extends NonNullable<unknown>>(
  root: Node<Member> | undefined,
  interval: Interval,
): Node<Member> | undefined {
  if (root === undefined) return undefined;
  const compared = compareIntervals(interval, root.interval);
  if (compared === 0) return joined(root.left, root.right);
  if (compared < 0) root.left = without(root.left, interval);
  else root.right = without(root.right, interval);
  return settled(root);
}

/** Splits a tree into the intervals before one, and those behind it. */
function split<Member extends NonNullable<unknown>>(
  root: Node<Member> | undefined,
  interval: Interval,
): [Node<Member> | undefined, Node<Member> | undefined] {
  if (root === undefined) return [undefined, undefined];
  if (compareIntervals(root.interval, interval) < 0) {
    const [before, behind] = split(root.right, interval);
    root.right = before;
    return [settled(root), behind];
  }
  const [before, behind] = split(root.left, interval);
  root.left = behind;
  return [before, settled(root)];
}

/** @param left all of its intervals are before those of `right` */
function joined<Member extends NonNullable<unknown>>(
  left: Node<Member> | undefined,
  right: Node<Member> | undefined,
): Node<Member> | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  if (left.priority > right.priority) {
    left.right = joined(left.right, right);
    return settled(left);
  }
  right.left = joined(left, right.left);
  return settled(right);
}

/** Recomputes lastEnd after a change below the node. */
function settled<Member extends NonNullable<unknown>>(node: Node<Member>): Node<Member> {
  node.lastEnd = node.interval.to;
  for (const below of [node.left, node.right]) {
    if (below !== undefined && compareEnds(below.lastEnd, node.lastEnd) > 0) node.lastEnd = below.lastEnd;
  }
  return node;
}

/** Hashes a counter to 32 pseudorandom bits: the finalizer of MurmurHash3 (Appleby). */
function scattered(count: number): number {
  let bits = Math.imul(count ^ (count >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
