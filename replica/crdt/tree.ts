/**
 * Nodes in memory: the usual ones are a single object each. These are a register with one sibling, a counter with one
 * cell, and a small map (map-node.ts). node.ts defines what nodes mean, and computes their liveness.
 */

import type { Value } from '../values/value.ts';
import type { Cell, Counter } from './counter.ts';
import type { Totals } from './delta.ts';
import type { DocumentNode } from './document-node.ts';
import type { MapNode } from './map-node.ts';
import { type Entry, Stamp } from './stamp.ts';
import type { Origin } from './version.ts';

const nothing: readonly never[] = [];

/** A register with one sibling and no other part; it is its own entry. */
export class RegisterNode extends Stamp implements DocumentNode, Entry<Value> {
  readonly value: Value;

  constructor(stamp: Stamp, value: Value) {
    super(stamp.source, stamp.position, stamp.number, stamp.timeBelow);
    this.value = value;
  }

  get stamp(): Stamp {
    return this;
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

/** A counter with one presence, whose stamp it is, one cell, and no other part. */
export class CounterNode extends Stamp implements DocumentNode {
  readonly bases: Counter['bases'];
  readonly cellOrigin: Origin;
  readonly birth: number;
  readonly up: number;
  readonly down: number;
  readonly upFloor: number;
  readonly downFloor: number;

  constructor(stamp: Stamp, bases: Counter['bases'], cell: Cell) {
    super(stamp.source, stamp.position, stamp.number, stamp.timeBelow);
    this.bases = bases;
    this.cellOrigin = cell.origin;
    this.birth = cell.birth;
    this.up = cell.up;
    this.down = cell.down;
    this.upFloor = cell.upFloor;
    this.downFloor = cell.downFloor;
  }

  /** M6, at an empty node. @param before the cell's totals before, which become its floors @param after its totals */
  static begun(stamp: Stamp, origin: Origin, birth: number, before: Totals, after: Totals): CounterNode {
    return new CounterNode(stamp, nothing, {
      origin,
      birth,
      up: Math.max(before.up, after.up),
      down: Math.max(before.down, after.down),
      upFloor: before.up,
      downFloor: before.down,
    });
  }

  /** M6, if the writer had seen the presence. @param totals the cell's new totals */
  counted(stamp: Stamp, { up, down }: Totals): CounterNode {
    const { cellOrigin: origin, birth, upFloor, downFloor } = this;
    return new CounterNode(stamp, this.bases, {
      origin,
      birth,
      up: Math.max(this.up, up),
      down: Math.max(this.down, down),
      upFloor,
      downFloor,
    });
  }

  /** Whether this is the node's one cell. */
  isOf(origin: Origin, birth: number): boolean {
    return this.birth === birth && this.cellOrigin === origin;
  }

  /** The cell that an origin counts into; undefined if it has none here. */
  cellOf(origin: Origin): Cell | undefined {
    return origin === this.cellOrigin ? this.cell : undefined;
  }

  get cell(): Cell {
    const { cellOrigin, birth, up, down, upFloor, downFloor } = this;
    return { origin: cellOrigin, birth, up, down, upFloor, downFloor };
  }

  get registers(): readonly Entry<Value>[] {
    return nothing;
  }

  get map(): undefined {
    return undefined;
  }

  get counter(): Counter {
    return { presence: [this.alone()], bases: this.bases, cells: [this.cell] };
  }
}

/** A node with any combination of parts. */
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
