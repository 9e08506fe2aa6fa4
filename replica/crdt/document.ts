/**
 * A document: a tree of nodes by keypath, each with registers, a map and a counter. docs/data-model.md.
 * Its state is an immutable value: applying gives another one, which shares what did not change.
 */
import type { Path, WireOperation } from './delta.ts';
import type { Value, ValueObject } from './value.ts';
import type { Origin, Time, Writer } from './version.ts';

/** Which transaction touched a document last, as applied here. */
export interface Touch {
  readonly origin: Origin;
  readonly number: number;
}

/** Opaque outside crdt/. `root` is never empty: a document without anything in it is undefined. */
export interface DocumentState {
  readonly touch: Touch;
  readonly root: unknown;
}

export type FieldType = 'REGISTER' | 'MAP' | 'COUNTER';

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
  _state: DocumentState | undefined,
  _operations: readonly WireOperation[],
  _writer: Writer,
): DocumentState | undefined {
  throw new Error('pending');
}

/** A document exists while its root has presence or anything live below it. A state may outlive it for hidden bases and cells. */
export function documentExists(_state: DocumentState | undefined): _state is DocumentState {
  throw new Error('pending');
}

/** The whole document, without `_id`. */
export function documentValue(_state: DocumentState): ValueObject {
  throw new Error('pending');
}

/** What is shown at a path, objects stored whole read into; undefined where nothing is. A counter is its number. */
export function valueAt(_state: DocumentState, _path: Path): Value | undefined {
  throw new Error('pending');
}

/** The type shown at a path of nodes; within an object stored whole, REGISTER. Undefined where nothing is. */
export function typeAt(_state: DocumentState, _path: Path): FieldType | undefined {
  throw new Error('pending');
}

export function conflictsOf(_state: DocumentState): readonly FieldConflict[] {
  throw new Error('pending');
}

/** The greatest time of a live entry; 0 where all is default data. */
export function updatedAt(_state: DocumentState): Time {
  throw new Error('pending');
}

/** Whether two states show the same, conflicts, writers and times included; where in a log it stands makes no difference. */
export function showsSame(_a: DocumentState | undefined, _b: DocumentState | undefined): boolean {
  throw new Error('pending');
}
