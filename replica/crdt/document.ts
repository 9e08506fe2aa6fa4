/**
 * A document: a tree of nodes by keypath, each with registers, a map and a counter. docs/internals/data-model.md. The
 * state is an immutable value: applying operations returns a new state that shares the unchanged parts.
 * M23. Replicas that have applied the same transactions, in any causal order, show the same document.
 */

import { invariant } from '../../invariant.ts';
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
  /** The origin of the variant's newest entry; `time` is its time. */
  readonly origin: Origin;
  readonly time: Time;
}

export interface FieldConflict {
  readonly path: Path;
  readonly shown: FieldVariant;
  readonly retained: readonly FieldVariant[];
}

/**
 * Applies a transaction's operations on one document, in order. Returns undefined if no node is left. A state that is
 * left may hold only hidden bases and cells: documentExists tells whether the document exists.
 */
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

/**
 * M13. A document exists while its root has presence or a live entry below it. Hidden bases and cells may keep a state
 * longer.
 */
export function documentExists(state: DocumentState | undefined): state is DocumentState {
  return state !== undefined && isLive(state.root);
}

/** The whole document, without `_id`. */
export function documentValue(state: DocumentState): ValueObject {
  return mapValue(state.root.map);
}

/**
 * The value shown at a path, which may lead into an object stored whole; undefined if nothing is shown. A counter
 * yields its number.
 */
export function valueAt(state: DocumentState, path: Path): Value | undefined {
  const { node, rest } = shownNode(state.root, path);
  let value = node && (rest === 0 ? shownValue(node) : node.registers[0]?.value);
  for (let depth = path.length - rest; depth < path.length; depth++) {
    const key = path[depth];
    value = isValueObject(value) && key !== undefined ? value[key] : undefined;
  }
  return value;
}

/** Follows a path through shown maps until it ends or reaches a shown register; `rest` is the number of keys left. */
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

/** M10. The fields that have live values beside the shown one. */
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

/** A cheap pre-check, so that variantsOf does not build whole map values in vain. */
function hasConflict({ registers, map, counter }: DocumentNode): boolean {
  const others = (mapIsLive(map) ? 1 : 0) + (counterIsLive(counter) ? 1 : 0);
  return others + Math.min(registers.length, 2) > 1;
}

/** All live values of a node, the shown one first; registers with equal values count once. */
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
  invariant(newest !== undefined, 'a variant was written by somebody');
  return { type, value, origin: newest.origin, time: newest.time };
}

/** M14. The greatest time of a live entry; 0 if all is default data. */
export function updatedAt(state: DocumentState): Time {
  let greatest = 0;
  for (const { time } of stampsInNode(state.root)) if (time > greatest) greatest = time;
  return greatest;
}

/**
 * The position in the log at which the document was touched last; 0 if that was in an ancestor of the log. Stamps
 * stored in a former format may have no position: then the newest entry's position counts.
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

/** Whether two states show the same, including conflicts, writers and times. Positions in a log are not compared. */
export function showsSame(a: DocumentState | undefined, b: DocumentState | undefined): boolean {
  if (a === b) return true;
  if (!documentExists(a) || !documentExists(b)) return documentExists(a) === documentExists(b);
  return sameNode(a.root, b.root);
}
