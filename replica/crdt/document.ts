/**
 * A document: a tree of nodes by keypath, each with registers, a map and a counter. docs/internals/data-model.md.
 * Its state is an immutable value: applying gives another one, which shares what did not change.
 * M23. Whoever has applied the same transactions, in whatever causal order, shows the same.
 */

import type { Path } from '../values/keypath.ts';
import { equalValues, isValueObject, type Value, type ValueObject } from '../values/value.ts';
import { applyOperation } from './apply.ts';
import { type Counter, counterValue } from './counter.ts';
import type { WireOperation } from './delta.ts';
import type { DocumentNode, DocumentState, FieldType } from './document-node.ts';
import { Edit } from './map.ts';
import type { MapNode } from './map-node.ts';
import { counterIsLive, isLive, mapIsLive, sameNode, shownType } from './node.ts';
import { mapValue, shownValue } from './shown.ts';
import { compareStamps, type Stamp } from './stamp.ts';
import type { LogId, Origin, Position, Time, Writer } from './version.ts';

export interface FieldVariant {
  readonly type: FieldType;
  readonly value: Value;
  /** Of the newest entry in it. */
  readonly origin: Origin;
  readonly time: Time;
}

export interface FieldConflict {
  readonly path: Path;
  readonly shown: FieldVariant;
  readonly retained: readonly FieldVariant[];
}

/** Applies a transaction's operations on one document, in order. Undefined: no such document (any more). May keep nodes of no document (hidden bases and cells) — see documentExists. */
export function applyOperations(
  state: DocumentState | undefined,
  operations: readonly WireOperation[],
  writer: Writer,
): DocumentState | undefined {
  const edit = new Edit(writer);
  let root: DocumentNode | undefined = state?.root;
  for (const operation of operations) root = applyOperation(root, operation, edit);
  return edit.end(root);
}

/** M13. A document exists while its root has presence or anything live below it. A state may outlive it for hidden bases and cells. */
export function documentExists(state: DocumentState | undefined): state is DocumentState {
  return state !== undefined && isLive(state.root);
}

/** The whole document, without `_id`. */
export function documentValue(state: DocumentState): ValueObject {
  return mapValue(state.root.map);
}

/** What is shown at a path, objects stored whole read into; undefined where nothing is. A counter is its number. */
export function valueAt(state: DocumentState, path: Path): Value | undefined {
  const { node, rest } = shownNode(state.root, path);
  let value = node && (rest === 0 ? shownValue(node) : node.registers[0]?.value);
  for (let depth = path.length - rest; depth < path.length; depth++) {
    const key = path[depth];
    value = isValueObject(value) && key !== undefined ? value[key] : undefined;
  }
  return value;
}

/** The last node on a path that goes through shown maps and may end in a shown register; `rest` is how many keys it leaves. */
function shownNode(root: DocumentNode, path: Path): { readonly node: DocumentNode | undefined; readonly rest: number } {
  let node: DocumentNode | undefined = root;
  for (const [depth, key] of path.entries()) {
    const type = shownType(node);
    if (type === 'REGISTER') return { node, rest: path.length - depth };
    node = type === 'MAP' ? node.map?.get(key) : undefined;
    if (node === undefined) return { node, rest: 0 };
  }
  return { node, rest: 0 };
}

/** M10. Fields at which more is live than what is shown. */
export function conflictsOf(state: DocumentState): readonly FieldConflict[] {
  const conflicts: FieldConflict[] = [];
  const path: string[] = [];
  const visit = (node: DocumentNode): void => {
    const [shown, ...retained] = hasConflict(node) ? variantsOf(node) : [];
    if (shown && retained.length > 0) conflicts.push({ path: [...path], shown, retained });
    if (shownType(node) !== 'MAP') return;
    for (const [key, child] of node.map ?? []) {
      path.push(key);
      visit(child);
      path.pop();
    }
  };
  visit(state.root);
  return conflicts;
}

/** Whether it is worth asking for its variants: values of whole maps are not made for nothing. */
function hasConflict({ registers, map, counter }: DocumentNode): boolean {
  const others = (mapIsLive(map) ? 1 : 0) + (counterIsLive(counter) ? 1 : 0);
  return others + Math.min(registers.length, 2) > 1;
}

/** All that is live at a node, what is shown first; registers of one value are one. */
function variantsOf(node: DocumentNode): readonly FieldVariant[] {
  const { registers, map, counter } = node;
  const variants: FieldVariant[] = [];
  if (mapIsLive(map)) variants.push(variantOf('MAP', mapValue(map), stampsInMap(map)));
  if (counterIsLive(counter)) variants.push(variantOf('COUNTER', counterValue(counter), stampsInCounter(counter)));
  const values: Value[] = [];
  for (const { stamp, value } of registers) {
    if (values.some((other) => equalValues(other, value))) continue;
    values.push(value);
    variants.push(variantOf('REGISTER', value, [stamp]));
  }
  const shown = shownType(node);
  return [...variants.filter(({ type }) => type === shown), ...variants.filter(({ type }) => type !== shown)];
}

function variantOf(type: FieldType, value: Value, stamps: Iterable<Stamp>): FieldVariant {
  let newest: Stamp | undefined;
  for (const stamp of stamps) if (newest === undefined || compareStamps(stamp, newest) < 0) newest = stamp;
  return { type, value, origin: newest?.origin ?? '', time: newest?.time ?? 0 };
}

/** M14. The greatest time of a live entry; 0 where all is default data. */
export function updatedAt(state: DocumentState): Time {
  let greatest = 0;
  for (const { time } of stampsInNode(state.root)) if (time > greatest) greatest = time;
  return greatest;
}

/**
 * Where in a log a document was touched last; 0 where that was in a log that it grew from. Touches that were stored in a former
 * format may have no place: they count as at that of the newest entry.
 */
export function touchPosition({ lastStamp, root }: DocumentState, log: LogId): Position {
  if (lastStamp.log === log) return lastStamp.position;
  if (lastStamp.log !== undefined) return 0;
  let newest = 0;
  for (const stamp of stampsInNode(root)) if (stamp.log === log && stamp.position > newest) newest = stamp.position;
  return newest;
}

function* stampsInNode({ registers, map, counter }: DocumentNode): Iterable<Stamp> {
  for (const { stamp } of registers) yield stamp;
  if (map) yield* stampsInMap(map);
  if (counterIsLive(counter)) yield* stampsInCounter(counter);
}

function* stampsInMap(map: MapNode): Iterable<Stamp> {
  yield* map.presence;
  for (const [, child] of map) yield* stampsInNode(child);
}

function* stampsInCounter({ presence, bases }: Counter): Iterable<Stamp> {
  yield* presence;
  for (const { stamp } of bases) yield stamp;
}

/** Whether two states show the same, conflicts, writers and times included; where in a log it stands makes no difference. */
export function showsSame(a: DocumentState | undefined, b: DocumentState | undefined): boolean {
  if (a === b) return true;
  if (!documentExists(a) || !documentExists(b)) return documentExists(a) === documentExists(b);
  return sameNode(a.root, b.root);
}
