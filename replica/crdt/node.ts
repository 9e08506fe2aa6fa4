/**
 * A node of a document's tree: three parts, each empty or not, of which one is shown. docs/data-model.md, M9 and M15.
 * The order of the parts never depends on time, so that no peer's next write flips what is shown.
 * Invariant: no part and no node in a tree is empty; what has nothing in it is not there.
 */
import { type Counter, sameCounter } from './counter.ts';
import { type Entry, type Stamp, sameStamp } from './stamp.ts';
import { equalValues, type Value } from './value.ts';

export interface DocumentNode {
  /** Siblings, latest first. */
  readonly registers: readonly Entry<Value>[];
  readonly map: MapPart | undefined;
  readonly counter: Counter | undefined;
}

export interface MapPart {
  /** Latest first. */
  readonly presence: readonly Stamp[];
  readonly children: ReadonlyMap<string, DocumentNode>;
  /** How many of the children have a live entry at them or below. */
  readonly liveChildren: number;
  /** How many of those have one that is no default data. */
  readonly realChildren: number;
}

export type FieldType = 'REGISTER' | 'MAP' | 'COUNTER';

/** What stands where nothing is. */
export const emptyNode: DocumentNode = { registers: [], map: undefined, counter: undefined };

/** Undefined where all parts are empty. */
export function nodeOf(
  registers: readonly Entry<Value>[],
  map: MapPart | undefined,
  counter: Counter | undefined,
): DocumentNode | undefined {
  const keptMap = map && (map.presence.length > 0 || map.children.size > 0) ? map : undefined;
  const keptCounter = counter && !isEmptyCounter(counter) ? counter : undefined;
  if (registers.length === 0 && keptMap === undefined && keptCounter === undefined) return undefined;
  return { registers, map: keptMap, counter: keptCounter };
}

const isEmptyCounter = ({ presence, bases, cells }: Counter): boolean =>
  presence.length === 0 && bases.length === 0 && cells.length === 0;

const isReal = (stamp: Stamp): boolean => !stamp.isDefault;

export const mapIsLive = (map: MapPart | undefined): map is MapPart =>
  map !== undefined && (map.presence.length > 0 || map.liveChildren > 0);

const mapIsReal = (map: MapPart | undefined): boolean =>
  map !== undefined && (map.realChildren > 0 || map.presence.some(isReal));

/** Without presence, bases and cells are hidden: not live. */
export const counterIsLive = (counter: Counter | undefined): counter is Counter =>
  counter !== undefined && counter.presence.length > 0;

const counterIsReal = (counter: Counter | undefined): boolean =>
  counterIsLive(counter) && (counter.presence.some(isReal) || counter.bases.some(({ stamp }) => isReal(stamp)));

const registersAreReal = (registers: DocumentNode['registers']): boolean =>
  registers.some(({ stamp }) => isReal(stamp));

/** Whether an entry at the node or below it is live. */
export const isLive = (node: DocumentNode | undefined): boolean =>
  node !== undefined && (node.registers.length > 0 || mapIsLive(node.map) || counterIsLive(node.counter));

/** Whether an entry at the node or below it is live and no default data. */
export const hasReal = (node: DocumentNode | undefined): boolean =>
  node !== undefined && (registersAreReal(node.registers) || mapIsReal(node.map) || counterIsReal(node.counter));

/** M9, M15. Map before counter before register; a part of default data only where no part has anything else. */
export function shownType(node: DocumentNode): FieldType | undefined {
  const { registers, map, counter } = node;
  if (hasReal(node)) {
    if (mapIsReal(map)) return 'MAP';
    return counterIsReal(counter) ? 'COUNTER' : 'REGISTER';
  }
  if (mapIsLive(map)) return 'MAP';
  if (counterIsLive(counter)) return 'COUNTER';
  return registers.length > 0 ? 'REGISTER' : undefined;
}

/** Equal but for the places of dots in logs and the order in which keys came. */
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

function sameMap(a: MapPart | undefined, b: MapPart | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || a.children.size !== b.children.size) return false;
  if (a.presence.length !== b.presence.length) return false;
  for (const [index, stamp] of a.presence.entries()) {
    const other = b.presence[index];
    if (other === undefined || !sameStamp(stamp, other)) return false;
  }
  for (const [key, child] of a.children) if (!sameNode(child, b.children.get(key))) return false;
  return true;
}
