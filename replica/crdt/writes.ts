/**
 * Turns users' writes into wire operations, based on what the writer sees. docs/internals/data-model.md, section
 * "Writes".
 */
import { BadUserInputError, IdImmutableError, TypeMismatchError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Path } from '../values/keypath.ts';
import { formatKeypath } from '../values/keypath.ts';
import { equalValues, isValueObject, levelsOf, type Value, type ValueObject } from '../values/value.ts';
import { applyOperation } from './apply.ts';
import { aboveFloors, ownCell } from './counter.ts';
import type { Floor, Totals, WireOperation } from './delta.ts';
import type { DocumentNode, DocumentState, FieldType } from './document-node.ts';
import { Edit } from './map.ts';
import { counterIsLive, isLive, shownType } from './node.ts';
import { shownValue } from './shown.ts';
import { CounterNode, RegisterNode } from './tree.ts';
import type { Writer } from './version.ts';

export type WriteStrategy = 'MERGE' | 'INSERT_IF_ABSENT' | 'INSERT_DEFAULT_IF_ABSENT' | 'UPDATE_DIFFERENT';

export type UpdateOperation =
  | { readonly kind: 'set'; readonly path: Path; readonly value: Value; readonly as: 'REGISTER' | 'MAP' | undefined }
  | { readonly kind: 'remove'; readonly path: Path }
  | { readonly kind: 'replaceWithCounter'; readonly path: Path }
  | { readonly kind: 'increment'; readonly path: Path; readonly by: number };

const nothing: readonly never[] = [];

type IsCounter = (path: Path) => boolean;

/** The options of one upsert. */
interface Manner {
  readonly isCounter: IsCounter;
  readonly isDefault: boolean;
  /** Which values the upsert leaves alone: none, equal ones, or all that are shown. */
  readonly leaves: 'NOTHING' | 'EQUAL' | 'SHOWN';
}

function isLeft(node: DocumentNode | undefined, value: Value, { leaves }: Manner): boolean {
  if (leaves === 'NOTHING' || !isLive(node) || node === undefined) return false;
  return leaves === 'SHOWN' || equalValues(shownValue(node), value);
}

/** A document while one transaction writes to it. Each write is based on the current state and applied at once. */
export class DocumentDraft {
  readonly writer: Writer;
  /** The state before the transaction. */
  readonly former: DocumentState | undefined;
  #operations: WireOperation[] | undefined;
  #state: DocumentState | undefined;
  #root: DocumentNode | undefined;
  readonly #edit: Edit;

  /** @param writer covers everything, as a transaction has seen all that its staging sees */
  constructor(state: DocumentState | undefined, writer: Writer) {
    this.writer = writer;
    this.former = state;
    this.#state = state;
    this.#root = state?.root;
    this.#edit = new Edit(writer);
  }

  get operations(): readonly WireOperation[] {
    return this.#operations ?? nothing;
  }

  /** The current state, an immutable value: later writes of the draft do not change it. */
  get state(): DocumentState | undefined {
    if (this.#root !== this.#state?.root) {
      this.#state = this.#edit.end(this.#root);
      this.#root = this.#state?.root;
    }
    return this.#state;
  }

  /**
   * @param fields the document without `_id`
   * @param isCounter whether a definition declares a counter at a path
   * @param isAbsent whether the writer sees no document; true also for an evicted one, whose state is kept but hidden
   * @throws {TypeMismatchError} @throws {IdImmutableError} if `_id` is among the fields
   */
  upsert(fields: ValueObject, strategy: WriteStrategy, isCounter: IsCounter, isAbsent = !isLive(this.#root)): void {
    if (Object.hasOwn(fields, '_id')) throw new IdImmutableError('document._id');
    checkLevels([], levelsOf(fields), 'document');
    const isDefault = strategy === 'INSERT_DEFAULT_IF_ABSENT';
    if ((isDefault || strategy === 'INSERT_IF_ABSENT') && !isAbsent) return;
    if (isDefault && isLive(this.#root)) {
      // An evicted document still exists elsewhere: add the default data beside it, and touch it so that it is shown
      // here.
      this.#apply({ kind: 'makeMap', path: [], isDefault: false });
      this.#upsertObject([], fields, { isCounter, isDefault, leaves: 'SHOWN' });
    } else {
      const leaves = strategy === 'UPDATE_DIFFERENT' && !isAbsent ? 'EQUAL' : 'NOTHING';
      this.#upsertObject([], fields, { isCounter, isDefault, leaves });
    }
  }

  /**
   * @throws {TypeMismatchError} @throws {IdImmutableError}
   * @throws {BadUserInputError} if the path is too deep, or a count would not be finite
   */
  update(operation: UpdateOperation, isCounter: IsCounter): void {
    const { kind, path } = operation;
    checkPath(operation);
    if (kind === 'set') this.#set(path, operation.value, operation.as, isCounter);
    else if (kind === 'remove') this.#remove(path);
    else if (kind === 'replaceWithCounter') this.#replaceWithCounter(path);
    else this.#increment(path, operation.by);
  }

  /** Removes the whole document. */
  remove(): void {
    this.#remove([]);
  }

  /** M19. Writes one member of an upserted object. */
  #upsertMember(path: Path, value: Value, manner: Manner): void {
    if (isValueObject(value)) this.#upsertObject(path, value, manner);
    else if (isNumber(value)) this.#upsertNumber(path, value, manner);
    else this.#upsertRegister(path, value, manner);
  }

  #upsertObject(path: Path, value: ValueObject, manner: Manner): void {
    const node = this.#nodeAt(path);
    const isMap = node !== undefined && shownType(node) === 'MAP';
    const members = Object.entries(value);
    if (manner.leaves !== 'NOTHING' && node && isMap && members.length === 0) return;
    if (!isMap && isLeft(node, value, manner)) return;
    if (!isMap || members.length === 0) this.#apply({ kind: 'makeMap', path, isDefault: manner.isDefault });
    for (const [key, member] of members) this.#upsertMember(pathBelow(path, key), member, manner);
  }

  /** M20. A document that was read, edited and written back must not turn its counters into numbers. */
  #upsertNumber(path: Path, value: number | bigint, manner: Manner): void {
    const node = this.#nodeAt(path);
    const type = node && shownType(node);
    if (manner.leaves === 'SHOWN' && type !== undefined) return;
    if (type === 'COUNTER') {
      if (equalValues(node && shownValue(node), value)) return;
      throw mismatch(path, 'is a counter: change it with increment, or replace it by a number with set');
    }
    if (type === undefined && manner.isCounter(path)) this.#makeCounter(path, value, manner.isDefault);
    else if (!isLeft(node, value, manner)) this.#assign(path, node, value, manner.isDefault);
  }

  #upsertRegister(path: Path, value: Value, manner: Manner): void {
    const node = this.#nodeAt(path);
    if (!isLeft(node, value, manner)) this.#assign(path, node, value, manner.isDefault);
  }

  /** M18. Sets a register or a map. */
  #set(path: Path, value: Value, as: 'REGISTER' | 'MAP' | undefined, isCounter: IsCounter): void {
    const isMap = isValueObject(value);
    if (as === 'MAP' && !isMap) throw new BadUserInputError('set.value', 'must be an object to be stored as a map');
    this.#makeAncestors(path);
    const node = this.#nodeAt(path);
    if (isMap && as !== 'REGISTER') {
      if (node) this.#reset(path, node);
      this.#upsertObject(path, value, { isCounter, isDefault: false, leaves: 'NOTHING' });
    } else if (isNumber(value) && as === undefined && !isLive(node) && isCounter(path)) {
      this.#makeCounter(path, value, false);
    } else {
      this.#assign(path, node, value, false);
    }
  }

  /** M21. Removes a value. */
  #remove(path: Path): void {
    const node = this.#nodeAt(path);
    if (node) this.#reset(path, node);
    else this.#refuseWithinRegister(path);
  }

  /** M21. Turns a number into a counter, or brings back a hidden one. */
  #replaceWithCounter(path: Path): void {
    this.#makeAncestors(path);
    const node = this.#nodeAt(path);
    const type = node && shownType(node);
    if (type === 'COUNTER') return;
    const shown = node && shownValue(node);
    if (shown !== undefined && !isNumber(shown)) {
      throw mismatch(path, `is ${nameOf(type)} and not a number, so it cannot become a counter: use set first`);
    }
    const isHidden = node?.counter !== undefined && !counterIsLive(node.counter);
    this.#makeCounter(path, isHidden ? undefined : shown, false);
  }

  /** M21. Counts into this origin's newest cell, or into a new one. */
  #increment(path: Path, by: number): void {
    if (!Number.isFinite(by)) throw new BadUserInputError('increment.by', 'must be a finite number');
    const { origin } = this.writer;
    this.#makeAncestors(path);
    const node = this.#nodeAt(path);
    const type = node && shownType(node);
    if (type !== undefined && type !== 'COUNTER') {
      throw mismatch(path, `is ${nameOf(type)} and not a counter: use replaceWithCounter, or set`);
    }
    const own = node instanceof CounterNode ? node.cellOf(origin) : ownCell(node?.counter?.cells ?? [], origin);
    const before: Totals = { up: own?.up ?? 0, down: own?.down ?? 0 };
    const after: Totals =
      by >= 0 ? { up: before.up + by, down: before.down } : { up: before.up, down: before.down - by };
    if (!Number.isFinite(after.up) || !Number.isFinite(after.down)) {
      throw new BadUserInputError('increment.by', 'would take the counter past the largest finite number');
    }
    const birth = own?.birth ?? this.writer.number;
    this.#apply({ kind: 'increment', path, birth, before, after, isDefault: false });
  }

  /** M17. Creates the maps above the written path, wherever nothing or null is shown. */
  #makeAncestors(path: Path): void {
    let node = this.#root;
    for (let depth = 0; depth < path.length; depth++) {
      const key = depth === 0 ? undefined : path[depth - 1];
      if (key !== undefined) node = node?.map?.get(key);
      if (node === undefined || shownType(node) !== 'MAP') node = this.#makeMapAt(path.slice(0, depth), node);
    }
  }

  #makeMapAt(path: Path, node: DocumentNode | undefined): DocumentNode | undefined {
    if (node && (shownValue(node) ?? null) !== null) {
      throw mismatch(path, `is ${nameOf(shownType(node))} and not a map: use set to replace it`);
    }
    this.#apply({ kind: 'makeMap', path, isDefault: false });
    return this.#nodeAt(path);
  }

  #makeCounter(path: Path, base: number | bigint | undefined, isDefault: boolean): void {
    const number = base === undefined ? undefined : Number(base);
    if (number !== undefined && !equalValues(number, base)) {
      throw mismatch(path, `cannot become a counter: ${base} is not exact as a float. Use set`);
    }
    this.#apply({ kind: 'makeCounter', path, base: number, isDefault });
  }

  /** @param node the node at the path */
  #assign(path: Path, node: DocumentNode | undefined, value: Value, isDefault: boolean): void {
    const floors = node === undefined || node instanceof RegisterNode ? nothing : floorsOf(node, path, false);
    this.#apply({ kind: 'assign', path, value, floors, isDefault });
  }

  #reset(path: Path, node: DocumentNode): void {
    this.#apply({ kind: 'remove', path, floors: floorsOf(node, path, true) });
  }

  /** An object stored whole has no nodes for its members, so a member cannot be removed alone. */
  #refuseWithinRegister(path: Path): void {
    for (let depth = 1; depth < path.length; depth++) {
      const ancestor = path.slice(0, depth);
      const node = this.#nodeAt(ancestor);
      if (node && shownType(node) === 'REGISTER' && isValueObject(shownValue(node))) {
        throw mismatch(ancestor, 'is an object stored whole: use set to replace it');
      }
    }
  }

  #nodeAt(path: Path): DocumentNode | undefined {
    let node = this.#root;
    for (const key of path) node = node?.map?.get(key);
    return node;
  }

  #apply(operation: WireOperation): void {
    this.#root = applyOperation(this.#root, operation, this.#edit);
    if (this.#operations === undefined) this.#operations = [operation];
    else this.#operations.push(operation);
  }
}

const isNumber = (value: Value | undefined): value is number | bigint =>
  typeof value === 'number' || typeof value === 'bigint';

/** M22. Checks the path of a write. */
function checkPath(operation: UpdateOperation): void {
  const { kind, path } = operation;
  const levelsBelow = kind === 'set' ? levelsOf(operation.value) : 0;
  if (path.length > 0 && path[0] !== '_id' && path.length + levelsBelow <= limits.documentDepth) return;
  const argument = `${kind}.path`;
  if (path[0] === '_id') throw new IdImmutableError(argument);
  if (path.length === 0) throw new BadUserInputError(argument, 'must name a field: upsert or remove whole documents');
  checkLevels(path, levelsBelow, argument);
}

function checkLevels(path: Path, levelsBelow: number, argument: string): void {
  if (path.length + levelsBelow > limits.documentDepth) {
    throw new BadUserInputError(argument, `a document may have at most ${limits.documentDepth} levels`);
  }
}

/** A literal array has no spare capacity; an array from a spread has. */
const pathBelow = (path: Path, key: string): Path => (path.length === 0 ? [key] : [...path, key]);

const mismatch = (path: Path, problem: string): TypeMismatchError =>
  new TypeMismatchError(formatKeypath(path), problem);

/** The type's name in error messages. */
const nameOf = (type: FieldType | undefined): string => `a ${type?.toLowerCase()}`;

/** The floors for a reset of the node: the totals of all counters below it, and at it if `includingNode`. */
function floorsOf(node: DocumentNode, path: Path, includingNode: boolean): readonly Floor[] {
  const floors: Floor[] = [];
  const visit = ({ map, counter }: DocumentNode, at: Path, included: boolean): void => {
    for (const cell of included ? (counter?.cells ?? []) : []) {
      const { origin, birth, up, down } = cell;
      if (aboveFloors(cell)) floors.push({ path: at, origin, birth, up, down });
    }
    for (const [key, child] of map ?? []) visit(child, [...at, key], true);
  };
  visit(node, path, includingNode);
  return floors;
}
