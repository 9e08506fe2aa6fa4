/**
 * The merge rules from first principles, as slow as they are plain: all transactions are kept for ever, and each entry is
 * judged alone. It is live unless an operation that had seen it drops it. No dots, no positions, no floors, no totals.
 */

import type { Delta, WireOperation } from '../../../replica/crdt/delta.ts';
import type { FieldConflict, FieldVariant } from '../../../replica/crdt/document.ts';
import type { FieldType } from '../../../replica/crdt/document-node.ts';
import type { Path } from '../../../replica/values/keypath.ts';
import { equalValues, isValueObject, type Value, type ValueObject } from '../../../replica/values/value.ts';

/** A transaction, and all transactions that it had seen. */
export interface Made {
  readonly delta: Delta;
  readonly seen: ReadonlySet<Made>;
}

export interface Judged {
  readonly kind: 'register' | 'map' | 'counter' | 'base' | 'count';
  readonly path: Path;
  readonly made: Made;
  /** The operation's place in its transaction. */
  readonly index: number;
  readonly isDefault: boolean;
  /** Of a register. */
  readonly value: Value;
  /** Of a base, or what an increment added. */
  readonly amount: number;
}

const operationsOf = ({ delta }: Made, id: string): readonly WireOperation[] =>
  delta.operations.find((touched) => touched.id === id)?.operations ?? [];

/** All entries of a document that are not dropped, in no order that means anything. */
export function liveEntries(history: ReadonlySet<Made>, id: string): readonly Judged[] {
  const all = [...history].filter((made) => operationsOf(made, id).length > 0);
  const entries = all.flatMap((made) =>
    operationsOf(made, id).flatMap((operation, index) => entriesOf(made, index, operation)),
  );
  return entries.filter((entry) => !all.some((made) => dropsInTransaction(made, operationsOf(made, id), entry)));
}

function entriesOf(made: Made, index: number, operation: WireOperation): readonly Judged[] {
  if (operation.kind === 'remove') return [];
  const { path, isDefault } = operation;
  const entry = { path, made, index, isDefault, value: null, amount: 0 };
  switch (operation.kind) {
    case 'assign':
      return [{ ...entry, kind: 'register', value: operation.value }];
    case 'makeMap':
      return [{ ...entry, kind: 'map' }];
    case 'makeCounter': {
      const presence: Judged = { ...entry, kind: 'counter' };
      return operation.base === undefined ? [presence] : [presence, { ...entry, kind: 'base', amount: operation.base }];
    }
    case 'increment': {
      const { before, after } = operation;
      const amount = after.up - before.up - (after.down - before.down);
      return [
        { ...entry, kind: 'counter' },
        { ...entry, kind: 'count', amount },
      ];
    }
  }
}

function dropsInTransaction(made: Made, operations: readonly WireOperation[], entry: Judged): boolean {
  if (made !== entry.made && !made.seen.has(entry.made)) return false;
  return operations.some((operation, index) => (made !== entry.made || index > entry.index) && drops(operation, entry));
}

function drops(operation: WireOperation, { kind, path }: Judged): boolean {
  const above = isBeginning(operation.path, path) && path.length > operation.path.length;
  const at = isBeginning(operation.path, path) && path.length === operation.path.length;
  switch (operation.kind) {
    case 'remove':
      return above || at;
    case 'assign':
      return above || (at && (kind === 'register' || kind === 'map' || kind === 'counter'));
    case 'makeMap':
      return at && (kind === 'register' || kind === 'map' || kind === 'counter');
    case 'makeCounter':
      return at && (kind === 'register' || kind === 'counter' || (kind === 'base' && operation.base !== undefined));
    case 'increment':
      return at && kind === 'counter';
  }
}

const isBeginning = (beginning: Path, path: Path): boolean => beginning.every((key, depth) => path[depth] === key);

/** What the entries show. Undefined: there is no such document. */
export interface Shown {
  readonly value: ValueObject;
  readonly conflicts: readonly FieldConflict[];
  readonly updatedAt: number;
}

export function showEntries(entries: readonly Judged[]): Shown | undefined {
  const isShownBase = (base: Judged): boolean =>
    entries.some(({ kind, path }) => kind === 'counter' && samePath(path, base.path));
  const live = entries.filter((entry) => entry.kind !== 'count' && (entry.kind !== 'base' || isShownBase(entry)));
  if (live.length === 0) return undefined;
  const reader = new Reader(live, entries);
  const root = reader.variants([])[0]?.value;
  return {
    value: isValueObject(root) ? root : {},
    conflicts: reader.conflicts([]),
    updatedAt: Math.max(...live.map(timeOf)),
  };
}

const samePath = (a: Path, b: Path): boolean => a.length === b.length && isBeginning(a, b);

const timeOf = ({ made, isDefault }: Judged): number => (isDefault ? 0 : made.delta.time);

/** Later first. */
export function byTime(a: Judged, b: Judged): number {
  if (timeOf(a) !== timeOf(b)) return timeOf(b) - timeOf(a);
  if (a.made.delta.origin !== b.made.delta.origin) return a.made.delta.origin < b.made.delta.origin ? 1 : -1;
  return b.made.delta.number - a.made.delta.number;
}

class Reader {
  readonly #live: readonly Judged[];
  readonly #all: readonly Judged[];

  constructor(live: readonly Judged[], all: readonly Judged[]) {
    this.#live = live;
    this.#all = all;
  }

  /** What is shown first, then what is live beside it. */
  variants(path: Path): readonly FieldVariant[] {
    const at = this.#live.filter((entry) => samePath(entry.path, path));
    const map = this.#live.filter(
      (entry) => isBeginning(path, entry.path) && (entry.path.length > path.length || entry.kind === 'map'),
    );
    const counter = at.filter(({ kind }) => kind === 'counter' || kind === 'base');
    const registers = at.filter(({ kind }) => kind === 'register').sort(byTime);
    const parts: { readonly real: boolean; readonly variants: readonly FieldVariant[] }[] = [
      part(map, () => [variant('MAP', this.#mapValue(path), map)]),
      part(counter, () => [variant('COUNTER', this.#counted(path), counter)]),
      part(registers, () => distinct(registers).map((entry) => variant('REGISTER', entry.value, [entry]))),
    ].filter(({ variants }) => variants.length > 0);
    const shown = parts.find(({ real }) => real) ?? parts[0];
    return [
      ...(shown?.variants ?? []),
      ...parts.filter((other) => other !== shown).flatMap(({ variants }) => variants),
    ];
  }

  conflicts(path: Path): readonly FieldConflict[] {
    const [shown, ...retained] = this.variants(path);
    const own = shown && retained.length > 0 ? [{ path, shown, retained }] : [];
    if (shown?.type !== 'MAP') return own;
    return [...own, ...this.#keys(path).flatMap((key) => this.conflicts([...path, key]))];
  }

  #mapValue(path: Path): ValueObject {
    const object: Record<string, Value> = Object.create(null);
    for (const key of this.#keys(path)) {
      const shown = this.variants([...path, key])[0];
      if (shown) object[key] = shown.value;
    }
    return object;
  }

  #counted(path: Path): number {
    const at = this.#all.filter((entry) => samePath(entry.path, path));
    const base = at.filter(({ kind }) => kind === 'base').sort(byTime)[0]?.amount ?? 0;
    return at.filter(({ kind }) => kind === 'count').reduce((sum, { amount }) => sum + amount, base);
  }

  #keys(path: Path): readonly string[] {
    const below = this.#live.filter((entry) => isBeginning(path, entry.path) && entry.path.length > path.length);
    return [...new Set(below.flatMap((entry) => entry.path[path.length] ?? []))];
  }
}

const part = (entries: readonly Judged[], variants: () => readonly FieldVariant[]) => ({
  real: entries.some(({ isDefault }) => !isDefault),
  variants: entries.length === 0 ? [] : variants(),
});

function distinct(registers: readonly Judged[]): readonly Judged[] {
  return registers.filter(
    ({ value }, index) => registers.findIndex((other) => equalValues(other.value, value)) === index,
  );
}

function variant(type: FieldType, value: Value, entries: readonly Judged[]): FieldVariant {
  const newest = [...entries].sort(byTime)[0];
  return { type, value, origin: newest?.made.delta.origin ?? '', time: newest ? timeOf(newest) : 0 };
}
