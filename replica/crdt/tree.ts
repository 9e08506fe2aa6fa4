/**
 * How nodes are kept in memory, so that the usual ones cost little: a register with one sibling is one object, a map is
 * one object with an array, and what one transaction left in a map's registers has one stamp for all of them.
 * What nodes mean is in node.ts, which alone says of a change what it does to liveness.
 */
import type { Counter } from './counter.ts';
import type { DocumentState, Touch } from './document.ts';
import type { DocumentNode } from './node.ts';
import { Shape } from './shape.ts';
import type { Entry, Stamp } from './stamp.ts';
import type { Value } from './value.ts';

/** A map with more keys keeps them in a Map. */
const smallMapKeys = 16;

/** A register with one sibling and nothing beside it; it is its own entry. */
export class RegisterNode implements DocumentNode, Entry<Value> {
  readonly stamp: Stamp;
  readonly value: Value;

  constructor(stamp: Stamp, value: Value) {
    this.stamp = stamp;
    this.value = value;
  }

  get registers(): readonly Entry<Value>[] {
    return [this];
  }

  get map(): undefined {
    return undefined;
  }

  get counter(): undefined {
    return undefined;
  }
}

/** Any node at all. */
export class MixedNode implements DocumentNode {
  readonly registers: readonly Entry<Value>[];
  readonly map: MapNode | undefined;
  readonly counter: Counter | undefined;

  constructor(registers: readonly Entry<Value>[], map: MapNode | undefined, counter: Counter | undefined) {
    this.registers = registers;
    this.map = map;
    this.counter = counter;
  }
}

/** 0: nothing live. 1: something is live. 3: and some of it is no default data. */
export type Liveness = 0 | 1 | 3;

/** A value that is no object stands for a register of it with the map's stamp. */
type Slot = DocumentNode | string | number | bigint | boolean | null;

const nothing: readonly never[] = [];
const untouched: Touch = { origin: '', number: 0 };

/**
 * A map, and the node that has nothing but it. Changed only by the Edit that made it, until it is over.
 * At the root of a document it is the document's state, too.
 */
export class MapNode implements DocumentNode, DocumentState {
  #presence: Stamp | readonly Stamp[] = nothing;
  /** Undefined where the children are in `#large`. */
  #shape: Shape | undefined = Shape.empty;
  #slots: Slot[];
  /** Of the slots that hold a value alone. */
  #stamp: Stamp | undefined;
  #large: Map<string, DocumentNode> | undefined;
  #liveChildren = 0;
  #realChildren = 0;
  /** Of a root; often the stamp that the transaction left. */
  #touch: Touch = untouched;

  constructor(slots: Slot[] = []) {
    this.#slots = slots;
  }

  get root(): MapNode {
    return this;
  }

  get touch(): Touch {
    const { origin, number } = this.#touch;
    return { origin, number };
  }

  get registers(): readonly Entry<Value>[] {
    return nothing;
  }

  get map(): MapNode {
    return this;
  }

  get counter(): undefined {
    return undefined;
  }

  /** Latest first. */
  get presence(): readonly Stamp[] {
    const presence = this.#presence;
    return isList(presence) ? presence : [presence];
  }

  get hasPresence(): boolean {
    return !isList(this.#presence) || this.#presence.length > 0;
  }

  /** By key, in the order in which they came. */
  get children(): Pick<MapNode, 'get' | 'size' | 'keys'> & Iterable<[string, DocumentNode]> {
    return this;
  }

  /** How many of the children have a live entry at them or below. */
  get liveChildren(): number {
    return this.#liveChildren;
  }

  /** How many of those have one that is no default data. */
  get realChildren(): number {
    return this.#realChildren;
  }

  get size(): number {
    return this.#large ? this.#large.size : this.#slots.length;
  }

  get(key: string): DocumentNode | undefined {
    if (this.#shape === undefined) return this.#large?.get(key);
    const index = this.#shape.indexOf(key);
    return index < 0 ? undefined : this.#nodeOf(this.#slots[index]);
  }

  keys(): Iterable<string> {
    return this.#shape ? this.#shape.keys : (this.#large?.keys() ?? []);
  }

  *[Symbol.iterator](): Iterator<[string, DocumentNode]> {
    if (this.#large) yield* this.#large;
    for (const [index, key] of (this.#shape?.keys ?? []).entries()) {
      const node = this.#nodeOf(this.#slots[index]);
      if (node) yield [key, node];
    }
  }

  /** All children in order: a register of a value that is no object, with one sibling, as stamp and value. */
  forEach(
    onNode: (key: string, node: DocumentNode) => void,
    onValue: (key: string, value: Value, stamp: Stamp) => void,
  ) {
    const keys = this.#shape?.keys;
    const stamp = this.#stamp;
    for (let index = 0; keys && index < keys.length; index++) {
      const key = keys[index];
      const slot = this.#slots[index];
      if (key === undefined || slot === undefined) continue;
      if (typeof slot === 'object' && slot !== null) onNode(key, slot);
      else if (stamp) onValue(key, slot, stamp);
    }
    if (this.#large) for (const [key, node] of this.#large) onNode(key, node);
  }

  /** One that may be changed. */
  copy(): MapNode {
    const copy = new MapNode(this.#slots.slice());
    copy.#shape = this.#shape;
    copy.#presence = this.#presence;
    copy.#stamp = this.#stamp;
    copy.#large = this.#large && new Map(this.#large);
    copy.#liveChildren = this.#liveChildren;
    copy.#realChildren = this.#realChildren;
    return copy;
  }

  setTouch(touch: Touch): void {
    this.#touch = touch;
  }

  setPresence(presence: readonly Stamp[]): void {
    const [only] = presence;
    this.#presence = only && presence.length === 1 ? only : presence;
  }

  /**
   * Puts a child in its place, or at the end.
   * @param was liveness of what was there, before anything below it was changed in place
   * @param is its own
   */
  setChild(key: string, child: DocumentNode, was: Liveness, is: Liveness): void {
    this.#count(was, is);
    if (this.#shape === undefined) {
      this.#large?.set(key, child);
      return;
    }
    const index = this.#shape.indexOf(key);
    if (index >= 0) this.#slots[index] = this.#slotOf(child);
    else if (this.#slots.length === smallMapKeys) this.#enlarge().set(key, child);
    else {
      this.#shape = this.#shape.with(key);
      this.#slots.push(this.#slotOf(child));
    }
  }

  deleteChild(key: string, was: Liveness): void {
    this.#count(was, 0);
    if (this.#shape === undefined) {
      this.#large?.delete(key);
      return;
    }
    const index = this.#shape.indexOf(key);
    if (index < 0) return;
    this.#shape = this.#shape.without(index);
    this.#slots.splice(index, 1);
  }

  /** Gives back the room that arrays keep for growing. */
  compact(): void {
    this.#slots = this.#slots.slice();
  }

  #count(was: Liveness, is: Liveness): void {
    this.#liveChildren += (is & 1) - (was & 1);
    this.#realChildren += (is >> 1) - (was >> 1);
  }

  #enlarge(): Map<string, DocumentNode> {
    const large = new Map(this);
    this.#large = large;
    this.#shape = undefined;
    this.#slots = [];
    this.#stamp = undefined;
    return large;
  }

  #slotOf(child: DocumentNode): Slot {
    if (!(child instanceof RegisterNode) || !isAlone(child.value)) return child;
    this.#stamp ??= child.stamp;
    return child.stamp === this.#stamp ? child.value : child;
  }

  #nodeOf(slot: Slot | undefined): DocumentNode | undefined {
    if (slot === undefined || (typeof slot === 'object' && slot !== null)) return slot;
    return this.#stamp && new RegisterNode(this.#stamp, slot);
  }
}

const isList = (presence: Stamp | readonly Stamp[]): presence is readonly Stamp[] => Array.isArray(presence);

const isAlone = (value: Value): value is string | number | bigint | boolean | null =>
  typeof value !== 'object' || value === null;
