/**
 * A node of a document's tree: three parts, each empty or not, of which one is shown. docs/internals/data-model.md, M9
 * and M15. Which part is shown never depends on time, so a peer's next write cannot flip it.
 * Invariant: a tree contains no empty part and no empty node.
 */

import { equalValues, type Value } from '../values/value.ts';
import { type Counter, sameCounter } from './counter.ts';
import type { DocumentNode, FieldType, Liveness } from './document-node.ts';
import { MapNode } from './map-node.ts';
import { type Entry, type Stamp, sameStamp } from './stamp.ts';
import { CounterNode, MixedNode, RegisterNode } from './tree.ts';

/** Stands for a node where the tree has none. */
export const emptyNode: DocumentNode = new MixedNode([], undefined, undefined);

/** Makes a node of these parts; undefined if all are empty. */
export function nodeOf(
  registers: readonly Entry<Value>[],
  map: MapNode | undefined,
  counter: Counter | undefined,
): DocumentNode | undefined {
  const keptMap = map && (map.hasPresence || map.size > 0) ? map : undefined;
  const keptCounter = counter && !isEmptyCounter(counter) ? counter : undefined;
  const [only] = registers;
  if (only === undefined && keptCounter === undefined) return keptMap;
  if (only === undefined && keptMap === undefined && keptCounter) return counterNodeOf(keptCounter);
  if (only === undefined || registers.length > 1 || keptMap || keptCounter) {
    return new MixedNode(registers, keptMap, keptCounter);
  }
  return only instanceof RegisterNode ? only : new RegisterNode(only.stamp, only.value);
}

function counterNodeOf(counter: Counter): CounterNode | MixedNode {
  const { presence, bases, cells } = counter;
  const [stamp] = presence;
  const [cell] = cells;
  if (stamp === undefined || cell === undefined || presence.length > 1 || cells.length > 1)
    return new MixedNode([], undefined, counter);
  return new CounterNode(stamp, bases, cell);
}

const isEmptyCounter = ({ presence, bases, cells }: Counter): boolean =>
  presence.length === 0 && bases.length === 0 && cells.length === 0;

const isReal = (stamp: Stamp): boolean => !stamp.isDefault;

export const mapIsLive = (map: MapNode | undefined): map is MapNode =>
  map !== undefined && (map.isUsual || map.liveChildren > 0 || map.hasPresence);

const mapIsReal = (map: MapNode | undefined): boolean =>
  map !== undefined && (map.isUsual || map.realChildren > 0 || (map.hasPresence && map.presence.some(isReal)));

/** Without presence, bases and cells are hidden, that is, not live. */
export const counterIsLive = (counter: Counter | undefined): counter is Counter =>
  counter !== undefined && counter.presence.length > 0;

const counterIsReal = (counter: Counter | undefined): boolean =>
  counterIsLive(counter) && (counter.presence.some(isReal) || counter.bases.some(({ stamp }) => isReal(stamp)));

const registersAreReal = (registers: DocumentNode['registers']): boolean =>
  registers.some(({ stamp }) => isReal(stamp));

/** The liveness of the node and all below it. */
export function livenessOf(node: DocumentNode | undefined): Liveness {
  if (node === undefined) return 0;
  if (node instanceof RegisterNode) return node.isDefault ? 1 : 3;
  if (node instanceof MapNode) return mapIsReal(node) ? 3 : mapIsLive(node) ? 1 : 0;
  if (node instanceof CounterNode && !node.isDefault) return 3;
  const { registers, map, counter } = node;
  if (registersAreReal(registers) || mapIsReal(map) || counterIsReal(counter)) return 3;
  return registers.length > 0 || mapIsLive(map) || counterIsLive(counter) ? 1 : 0;
}

/** Whether the node, or one below it, has a live entry. */
export const isLive = (node: DocumentNode | undefined): boolean => livenessOf(node) > 0;

/**
 * M9, M15. Map before counter before register. A part that is all default data is shown only if the others are, too.
 */
export function shownType(node: DocumentNode): FieldType | undefined {
  if (node instanceof RegisterNode) return 'REGISTER';
  if (node instanceof MapNode) return mapIsLive(node) ? 'MAP' : undefined;
  if (node instanceof CounterNode) return 'COUNTER';
  const { registers, map, counter } = node;
  if (livenessOf(node) === 3) {
    if (mapIsReal(map)) return 'MAP';
    return counterIsReal(counter) ? 'COUNTER' : 'REGISTER';
  }
  if (mapIsLive(map)) return 'MAP';
  if (counterIsLive(counter)) return 'COUNTER';
  return registers.length > 0 ? 'REGISTER' : undefined;
}

/** Whether two nodes are equal, except for the positions of dots in logs and the insertion order of keys. */
export function sameNode(a: DocumentNode | undefined, b: DocumentNode | undefined): boolean {
  if (a === b) return true;
  return a !== undefined && b !== undefined && sameRegisters(a, b) && sameMap(a.map, b.map) && bothCounters(a, b);
}

function sameRegisters({ registers: a }: DocumentNode, { registers: b }: DocumentNode): boolean {
  return (
    a.length === b.length &&
    a.every(({ stamp, value }, index) => {
      const other = b[index];
      return other !== undefined && sameStamp(stamp, other.stamp) && equalValues(value, other.value);
    })
  );
}

function bothCounters({ counter: a }: DocumentNode, { counter: b }: DocumentNode): boolean {
  return a === b || (a !== undefined && b !== undefined && sameCounter(a, b));
}

const isSame = (a: Stamp, b: Stamp | undefined): boolean => b !== undefined && sameStamp(a, b);

/** Compares children before presence: a write mostly changes a child. */
function sameMap(a: MapNode | undefined, b: MapNode | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || a.size !== b.size) return false;
  for (const key of a.keys()) if (!sameNode(a.get(key), b.get(key))) return false;
  const { presence } = b;
  return a.presence.length === presence.length && a.presence.every((stamp, index) => isSame(stamp, presence[index]));
}
