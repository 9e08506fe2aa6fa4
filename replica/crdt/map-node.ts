/** Maps in memory: a small map is one object, and registers in it that one transaction wrote share the map's stamp. */

import type { Value } from '../values/value.ts';
import type { DocumentNode, DocumentState, LastWriter, Liveness } from './document-node.ts';
import { Shape } from './shape.ts';
import { type Entry, equalStamps, isSameWriter, Stamp } from './stamp.ts';
import { RegisterNode } from './tree.ts';
import type { Writer } from './version.ts';

const nothing: readonly never[] = [];

type Scalar = string | number | bigint | boolean | null;

/** A scalar stands for a register with that value and the map's stamp. */
type Slot = DocumentNode | Scalar;

/** How many slots are fields of the map object; further ones go into an array. */
const innerSlots = 8;
/** A map with more keys keeps its slots in a Map. */
const smallMapKeys = 16;

/** The parts that only unusual maps need. Changed only together with their map. */
class Unusual {
  /** Undefined: the map's own stamp. */
  presence: readonly Stamp[] | undefined;
  liveChildren: number;
  realChildren: number;
  furtherSlots: Slot[] = [];
  /** All slots by key, in a map with many keys. */
  slotsByKey: Map<string, Slot> | undefined;

  constructor(presence: readonly Stamp[] | undefined, liveChildren: number, realChildren: number) {
    this.presence = presence;
    this.liveChildren = liveChildren;
    this.realChildren = realChildren;
  }

  copy(): Unusual {
    const copy = new Unusual(this.presence, this.liveChildren, this.realChildren);
    copy.furtherSlots = this.furtherSlots.slice();
    copy.slotsByKey = this.slotsByKey && new Map(this.slotsByKey);
    return copy;
  }

  count(was: Liveness, is: Liveness): void {
    this.liveChildren += (is & 1) - (was & 1);
    this.realChildren += (is >> 1) - (was >> 1);
  }
}

/**
 * A map, and the node that is only this map. Only the Edit that made it may change it, until that edit ends. A
 * document's root map is also its state. As a stamp it is that of its presence, if single, and of bare scalar slots.
 * Its members are `private` in TypeScript only: #private methods would add memory to each object.
 */
export class MapNode extends Stamp implements DocumentNode, DocumentState {
  /** Undefined: the map's presence is its own stamp, nothing is default data, and every child is live. */
  private unusual: Unusual | undefined;
  /** Set in a root only, often to the stamp of one of its entries. Undefined: the map's own stamp. */
  private touchedBy: Stamp | undefined;
  private shape: Shape;
  private slot0: Slot | undefined;
  private slot1: Slot | undefined;
  private slot2: Slot | undefined;
  private slot3: Slot | undefined;
  private slot4: Slot | undefined;
  private slot5: Slot | undefined;
  private slot6: Slot | undefined;
  private slot7: Slot | undefined;

  private constructor(stamp: Stamp, unusual: Unusual | undefined) {
    super(stamp.source, stamp.position, stamp.number, stamp.timeBelow);
    this.unusual = unusual;
    this.touchedBy = undefined;
    this.shape = Shape.empty;
    this.slot0 = undefined;
    this.slot1 = undefined;
    this.slot2 = undefined;
    this.slot3 = undefined;
    this.slot4 = undefined;
    this.slot5 = undefined;
    this.slot6 = undefined;
    this.slot7 = undefined;
  }

  /** A map with presence and no children. @param stamp the stamp of its presence */
  static present(stamp: Stamp): MapNode {
    return new MapNode(stamp, stamp.isDefault ? new Unusual([stamp.alone()], 0, 0) : undefined);
  }

  /** A map without children. @param stamp the map's own: best that of its presence and of most future entries */
  static empty(stamp: Stamp, presence: readonly Stamp[]): MapNode {
    return new MapNode(stamp, isOwn(stamp, presence) ? undefined : new Unusual(presence, 0, 0));
  }

  get root(): MapNode {
    return this;
  }

  get lastWriter(): LastWriter {
    return { origin: this.lastStamp.origin, number: this.lastStamp.number };
  }

  get lastStamp(): Stamp {
    return this.touchedBy ?? this;
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
    return this.unusual?.presence ?? [this.alone()];
  }

  get hasPresence(): boolean {
    return this.unusual?.presence?.length !== 0;
  }

  /** The children by key, in insertion order. */
  get children(): Pick<MapNode, 'get' | 'size' | 'keys'> & Iterable<[string, DocumentNode]> {
    return this;
  }

  /** True if the map has presence, every child is live, and nothing is default data. */
  get isUsual(): boolean {
    return this.unusual === undefined;
  }

  /** The number of children that are live: an entry at them or below is. */
  get liveChildren(): number {
    return this.unusual ? this.unusual.liveChildren : this.size;
  }

  /** The number of children with a live entry that is not default data. */
  get realChildren(): number {
    return this.unusual ? this.unusual.realChildren : this.size;
  }

  get size(): number {
    return this.unusual?.slotsByKey ? this.unusual.slotsByKey.size : this.shape.keys.length;
  }

  get(key: string): DocumentNode | undefined {
    const many = this.unusual?.slotsByKey;
    if (many !== undefined) return this.nodeOf(many.get(key));
    const index = this.shape.indexOf(key);
    return index < 0 ? undefined : this.nodeOf(this.slotAt(index));
  }

  keys(): Iterable<string> {
    return this.unusual?.slotsByKey ? this.unusual.slotsByKey.keys() : this.shape.keys;
  }

  *[Symbol.iterator](): Iterator<[string, DocumentNode]> {
    for (const [index, key] of this.shape.keys.entries()) {
      const node = this.nodeOf(this.slotAt(index));
      if (node !== undefined) yield [key, node];
    }
    for (const [key, slot] of this.unusual?.slotsByKey ?? []) {
      const node = this.nodeOf(slot);
      if (node !== undefined) yield [key, node];
    }
  }

  /** Visits all children in order. A bare scalar is passed as value and stamp, without creating a node. */
  forEach(
    onNode: (key: string, node: DocumentNode) => void,
    onValue: (key: string, value: Value, stamp: Stamp) => void,
  ) {
    const { keys } = this.shape;
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index];
      const slot = this.slotAt(index);
      if (key === undefined || slot === undefined) continue;
      if (isNode(slot)) onNode(key, slot);
      else onValue(key, slot, this);
    }
    const many = this.unusual?.slotsByKey;
    if (many === undefined) return;
    for (const [key, slot] of many) {
      if (isNode(slot)) onNode(key, slot);
      else onValue(key, slot, this);
    }
  }

  /** A copy that the caller may change. */
  copy(): MapNode {
    const copy = new MapNode(this, this.unusual?.copy());
    copy.shape = this.shape;
    copy.slot0 = this.slot0;
    copy.slot1 = this.slot1;
    copy.slot2 = this.slot2;
    copy.slot3 = this.slot3;
    copy.slot4 = this.slot4;
    copy.slot5 = this.slot5;
    copy.slot6 = this.slot6;
    copy.slot7 = this.slot7;
    return copy;
  }

  /** @param lastWriter costs no extra memory if it is the stamp of an entry among the children */
  setLastWriter(lastWriter: Stamp): void {
    this.touchedBy = isSameWriter(lastWriter, this) ? undefined : lastWriter;
  }

  setPresence(presence: readonly Stamp[]): void {
    if (this.unusual === undefined && isOwn(this, presence)) return;
    this.unusual ??= this.asUnusual();
    this.unusual.presence = presence;
  }

  /**
   * Replaces a child, or adds it at the end.
   * @param was the liveness of the former child, from before anything below it was changed in place
   * @param is the liveness of the new child
   */
  setChild(key: string, child: DocumentNode, was: Liveness, is: Liveness): void {
    const slot =
      child instanceof RegisterNode && isScalar(child.value) && equalStamps(this, child) ? child.value : child;
    const { size } = this;
    const index = this.shape.indexOf(key);
    if (is !== 3 || (index < 0 && size === innerSlots)) this.unusual ??= this.asUnusual();
    this.unusual?.count(was, is);
    const many = index < 0 && size >= smallMapKeys ? this.enlarge() : this.unusual?.slotsByKey;
    if (many !== undefined) many.set(key, slot);
    else if (index >= 0) this.setSlotAt(index, slot);
    else {
      this.setSlotAt(size, slot);
      this.shape = this.shape.with(key);
    }
  }

  /** Adds a register with one sibling at a key that has no child. */
  setRegister(key: string, stamp: Stamp, value: Value): void {
    const isAtEnd = !stamp.isDefault && this.size < smallMapKeys && this.shape.indexOf(key) < 0;
    if (isAtEnd && !this.unusual?.slotsByKey) this.putRegister(key, this.size, stamp, value);
    else this.setChild(key, new RegisterNode(stamp, value), 0, stamp.isDefault ? 1 : 3);
  }

  deleteChild(key: string, was: Liveness): void {
    this.unusual?.count(was, 0);
    this.unusual?.slotsByKey?.delete(key);
    const index = this.shape.indexOf(key);
    if (index < 0) return;
    const last = this.shape.keys.length - 1;
    for (let at = index; at < last; at++) this.setSlotAt(at, this.slotAt(at + 1));
    if (last >= innerSlots) this.unusual?.furtherSlots.pop();
    else this.setSlotAt(last, undefined);
    this.shape = this.shape.without(index);
  }

  /**
   * The slot for putRegister, if the register is not default data: the end of a small map, or a register with a single
   * sibling that the writer had seen. -1 if the fast path does not apply.
   */
  placeFor(key: string, writer: Writer): number {
    if (this.unusual?.slotsByKey) return -1;
    const index = this.shape.indexOf(key);
    const { size } = this;
    if (index < 0) return size < smallMapKeys ? size : -1;
    const slot = this.slotAt(index);
    if (isNode(slot) && !(slot instanceof RegisterNode)) return -1;
    const stamp = isNode(slot) ? slot : this;
    return !stamp.isDefault && writer.covers(stamp) ? index : -1;
  }

  /** @param place from placeFor @returns the new entry; undefined if the slot holds a scalar with the map's stamp */
  putRegister(key: string, place: number, stamp: Stamp, value: Value): RegisterNode | undefined {
    const isNew = place === this.shape.keys.length;
    if (isNew && place >= innerSlots) this.unusual ??= this.asUnusual();
    let made: RegisterNode | undefined;
    if (isScalar(value) && equalStamps(this, stamp)) this.setSlotAt(place, value);
    else {
      made = new RegisterNode(stamp, value);
      this.setSlotAt(place, made);
    }
    if (isNew) {
      this.unusual?.count(0, 3);
      this.shape = this.shape.with(key);
    }
    return made;
  }

  /** The stamp of an entry among the children that this transaction wrote, if there is one. */
  entryOf(lastWriter: Stamp): Stamp | undefined {
    for (let index = 0; index < this.shape.keys.length; index++) {
      const slot = this.slotAt(index);
      if (slot instanceof Stamp && isSameWriter(slot, lastWriter)) return slot;
    }
    return undefined;
  }

  /** Trims the spare capacity that arrays reserve for growth. */
  compact(): void {
    if (this.unusual) this.unusual.furtherSlots = this.unusual.furtherSlots.slice();
  }

  private asUnusual(): Unusual {
    return new Unusual(undefined, this.size, this.size);
  }

  /** Moves all slots into a Map, as there are many keys. */
  private enlarge(): Map<string, Slot> {
    this.unusual ??= this.asUnusual();
    const { unusual } = this;
    if (unusual.slotsByKey !== undefined) return unusual.slotsByKey;
    const slotsByKey = new Map<string, Slot>();
    for (const [index, key] of this.shape.keys.entries()) {
      const slot = this.slotAt(index);
      if (slot !== undefined) slotsByKey.set(key, slot);
    }
    for (let index = 0; index < innerSlots; index++) this.setSlotAt(index, undefined);
    this.shape = Shape.empty;
    unusual.furtherSlots = [];
    unusual.slotsByKey = slotsByKey;
    return slotsByKey;
  }

  private nodeOf(slot: Slot | undefined): DocumentNode | undefined {
    return slot === undefined || isNode(slot) ? slot : new RegisterNode(this, slot);
  }

  private slotAt(index: number): Slot | undefined {
    switch (index) {
      case 0:
        return this.slot0;
      case 1:
        return this.slot1;
      case 2:
        return this.slot2;
      case 3:
        return this.slot3;
      case 4:
        return this.slot4;
      case 5:
        return this.slot5;
      case 6:
        return this.slot6;
      case 7:
        return this.slot7;
      default:
        return this.unusual?.furtherSlots[index - innerSlots];
    }
  }

  private setSlotAt(index: number, slot: Slot | undefined): void {
    switch (index) {
      case 0:
        this.slot0 = slot;
        break;
      case 1:
        this.slot1 = slot;
        break;
      case 2:
        this.slot2 = slot;
        break;
      case 3:
        this.slot3 = slot;
        break;
      case 4:
        this.slot4 = slot;
        break;
      case 5:
        this.slot5 = slot;
        break;
      case 6:
        this.slot6 = slot;
        break;
      case 7:
        this.slot7 = slot;
        break;
      default:
        if (this.unusual && slot !== undefined) this.unusual.furtherSlots[index - innerSlots] = slot;
    }
  }
}

/** Whether the map's presence consists of its own stamp only, and is not default data. */
function isOwn(own: Stamp, presence: readonly Stamp[]): boolean {
  const [only] = presence;
  return only !== undefined && presence.length === 1 && !only.isDefault && equalStamps(own, only);
}

const isNode = (slot: Slot | undefined): slot is DocumentNode => typeof slot === 'object' && slot !== null;

const isScalar = (value: Value): value is Scalar => typeof value !== 'object' || value === null;
