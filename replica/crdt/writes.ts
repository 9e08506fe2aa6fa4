/** What users ask for, turned into wire operations against what the writer sees. docs/internals/data-model.md, section "Writes". */
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

/** How one upsert writes. */
interface Manner {
  readonly isCounter: IsCounter;
  readonly isDefault: boolean;
  /** What stands there already is left alone: never, where it is equal, or whatever it is. */
  readonly leaves: 'NOTHING' | 'EQUAL' | 'SHOWN';
}

function isLeft(node: DocumentNode | undefined, value: Value, { leaves }: Manner): boolean {
  if (leaves === 'NOTHING' || !isLive(node) || node === undefined) return false;
  return leaves === 'SHOWN' || equalValues(shownValue(node), value);
}

/** A document while one transaction writes to it: every write is made against what stands, and applied at once. */
export class DocumentDraft {
  readonly writer: Writer;
  /** What the transaction found. */
  readonly former: DocumentState | undefined;
  #operations: WireOperation[] | undefined;
  #state: DocumentState | undefined;
  #root: DocumentNode | undefined;
  readonly #edit: Edit;

  /** @param writer its `covers` answers true for everything: a transaction covers all that its staging sees */
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

  /** What stands now: a value, which no later write of the draft changes. */
  get state(): DocumentState | undefined {
    if (this.#root !== this.#state?.root) {
      this.#state = this.#edit.end(this.#root);
      this.#root = this.#state?.root;
    }
    return this.#state;
  }

  /**
   * @param fields the document without `_id`
   * @param isCounter whether a definition says that a counter stands at a path
   * @param isAbsent to who writes; also where a document is kept that is hidden from everybody here
   * @throws {TypeMismatchError} @throws {IdImmutableError} where `_id` is among the fields
   */
  upsert(fields: ValueObject, strategy: WriteStrategy, isCounter: IsCounter, isAbsent = !isLive(this.#root)): void {
    if (Object.hasOwn(fields, '_id')) throw new IdImmutableError('document._id');
    checkLevels([], levelsOf(fields), 'document');
    const isDefault = strategy === 'INSERT_DEFAULT_IF_ABSENT';
    if ((isDefault || strategy === 'INSERT_IF_ABSENT') && !isAbsent) return;
    if (isDefault && isLive(this.#root)) {
      // What is hidden here is real elsewhere: default data goes beside it, and the document is touched, to be shown.
      this.#apply({ kind: 'makeMap', path: [], isDefault: false });
      this.#upsertObject([], fields, { isCounter, isDefault, leaves: 'SHOWN' });
    } else {
      const leaves = strategy === 'UPDATE_DIFFERENT' && !isAbsent ? 'EQUAL' : 'NOTHING';
      this.#upsertObject([], fields, { isCounter, isDefault, leaves });
    }
  }

  /**
   * @throws {TypeMismatchError} @throws {IdImmutableError}
   * @throws {BadUserInputError} where a path past the depth limit is written to, or what is counted is not finite
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

  /** M19. */
  #upsertMember(path: Path, value: Value, manner: Manner): void {
    if (isValueObject(value)) this.#upsertObject(path, value, manner);
    else if (isNumber(value)) this.#upsertNumber(path, value, manner);
    else this.#upsertRegister(path, value, manner);
  }

  #upsertObject(path: Path, value: ValueObject, manner: Manner): void {
    const node = this.#nodeAt(path);
    const isMap = node !== undefined && shownType(node) === 'MAP';
    const keys = Object.keys(value);
    if (manner.leaves !== 'NOTHING' && node && isMap && keys.length === 0) return;
    if (!isMap && isLeft(node, value, manner)) return;
    if (!isMap || keys.length === 0) this.#apply({ kind: 'makeMap', path, isDefault: manner.isDefault });
    for (const key of keys) this.#upsertMember(pathBelow(path, key), value[key] ?? null, manner);
  }

  /** M20. Documents read, edited and written back must not turn counters into numbers. */
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

  /** M18. */
  #set(path: Path, value: Value, as: 'REGISTER' | 'MAP' | undefined, isCounter: IsCounter): void {
    const isMap = isValueObject(value);
    if (as === 'MAP' && !isMap) throw new BadUserInputError('set.value', 'must be an object, to be stored as a map');
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

  /** M21. */
  #remove(path: Path): void {
    const node = this.#nodeAt(path);
    if (node) this.#reset(path, node);
    else this.#refuseWithinRegister(path);
  }

  /** M21. */
  #replaceWithCounter(path: Path): void {
    this.#makeAncestors(path);
    const node = this.#nodeAt(path);
    const type = node && shownType(node);
    if (type === 'COUNTER') return;
    const shown = node && shownValue(node);
    if (shown !== undefined && !isNumber(shown)) {
      throw mismatch(path, `is ${nameOf(type)} and no number, so no counter can be made of it: use set first`);
    }
    const isHidden = node?.counter !== undefined && !counterIsLive(node.counter);
    this.#makeCounter(path, isHidden ? undefined : shown, false);
  }

  /** M21. */
  #increment(path: Path, by: number): void {
    if (!Number.isFinite(by)) throw new BadUserInputError('increment.by', 'must be a finite number');
    const { origin } = this.writer;
    this.#makeAncestors(path);
    const node = this.#nodeAt(path);
    const type = node && shownType(node);
    if (type !== undefined && type !== 'COUNTER') {
      throw mismatch(path, `is ${nameOf(type)} and no counter: use replaceWithCounter, or set`);
    }
    const own = node instanceof CounterNode ? node.cellOf(origin) : ownCell(node?.counter?.cells ?? [], origin);
    const before: Totals = { up: own?.up ?? 0, down: own?.down ?? 0 };
    const after: Totals =
      by >= 0 ? { up: before.up + by, down: before.down } : { up: before.up, down: before.down - by };
    if (!Number.isFinite(after.up) || !Number.isFinite(after.down)) {
      throw new BadUserInputError('increment.by', 'the counter cannot count so far');
    }
    const birth = own?.birth ?? this.writer.number;
    this.#apply({ kind: 'increment', path, birth, before, after, isDefault: false });
  }

  /** M17. Above what is written there are maps: made where nothing or null is shown. */
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
      throw mismatch(path, `is ${nameOf(shownType(node))} and no map: use set to replace it`);
    }
    this.#apply({ kind: 'makeMap', path, isDefault: false });
    return this.#nodeAt(path);
  }

  #makeCounter(path: Path, base: number | bigint | undefined, isDefault: boolean): void {
    const number = base === undefined ? undefined : Number(base);
    if (number !== undefined && !equalValues(number, base)) {
      throw mismatch(path, `cannot be a counter that begins with ${base}, which is not exact as a float: use set`);
    }
    this.#apply({ kind: 'makeCounter', path, base: number, isDefault });
  }

  /** @param node at the path */
  #assign(path: Path, node: DocumentNode | undefined, value: Value, isDefault: boolean): void {
    const floors = node === undefined || node instanceof RegisterNode ? nothing : floorsOf(node, path, false);
    this.#apply({ kind: 'assign', path, value, floors, isDefault });
  }

  #reset(path: Path, node: DocumentNode): void {
    this.#apply({ kind: 'remove', path, floors: floorsOf(node, path, true) });
  }

  /** There is no node where an object stored whole has a member, and nothing that could be removed alone. */
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
    for (let depth = 0; depth < path.length && node !== undefined; depth++) node = node.map?.get(path[depth] ?? '');
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

/** M22. */
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

/** A literal has no room for growing; a spread has. */
const pathBelow = (path: Path, key: string): Path => (path.length === 0 ? [key] : [...path, key]);

const mismatch = (path: Path, problem: string): TypeMismatchError =>
  new TypeMismatchError(formatKeypath(path), problem);

/** For people. */
const nameOf = (type: FieldType | undefined): string => `a ${type?.toLowerCase()}`;

/** What a reset of the node has seen of the counters below it, and at it where that is asked for. */
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
