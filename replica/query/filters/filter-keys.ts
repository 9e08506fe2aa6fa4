/**
 * Derives from a filter at which keypaths, and for which keys there, it can hold. Matching documents, and the live
 * queries that a change may concern, are then found by key instead of by trying each.
 * L17. A cover loses nothing: every document for which the filter holds has, at the keypath of one of the cover's
 * pieces, a key of that
 *      piece.
 */
import type { Path } from '../../values/keypath.ts';
import type { Filter } from './filter.ts';
import {
  complementOf,
  everyKey,
  intersectionOf,
  type KeySet,
  keysCompared,
  keysStarting,
  onlyKey,
  unionOf,
} from './key-set.ts';

export interface Piece {
  readonly path: Path;
  readonly keys: KeySet;
}

export interface Cover {
  readonly pieces: readonly Piece[];
  readonly cost: number;
}

/** The cost of finding documents by a piece; infinite if that is impossible. */
export type CostOf = (piece: Piece) => number;

/** `cover` is the cheapest cover; undefined if no piece can be used. */
export type FilterKeys =
  | { readonly kind: 'all' | 'none' }
  | {
      readonly kind: 'some';
      readonly cover: Cover | undefined;
      /** Set if the filter holds exactly for the documents with these keys. */
      readonly exactly: Piece | undefined;
    };

export function keysOfFilter(filter: Filter | undefined, costOf: CostOf): FilterKeys {
  if (filter === undefined) return { kind: 'all' };
  const found = analyse(filter, costOf);
  if (found.kind !== 'some') return found;
  const { cover, byPath, only } = found;
  return { kind: 'some', cover, exactly: only === undefined ? undefined : byPath.get(only) };
}

interface Some {
  readonly kind: 'some';
  /** By keypath as text: no document matches that has any other key there. */
  readonly byPath: ReadonlyMap<string, Piece>;
  /** Set if the filter depends on this keypath alone, and holds for exactly the keys listed for it. */
  readonly only: string | undefined;
  readonly cover: Cover | undefined;
}

type Analysis = { readonly kind: 'all' } | { readonly kind: 'none' } | Some;

const unknown: Some = { kind: 'some', byPath: new Map(), only: undefined, cover: undefined };

function analyse(filter: Filter, costOf: CostOf): Analysis {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return combine(
        filter.kind,
        filter.filters.map((member) => analyse(member, costOf)),
        costOf,
      );
    case 'not':
      return negate(analyse(filter.filter, costOf), costOf);
    default: {
      const keys = keysOfComparison(filter);
      return keys === undefined ? unknown : exactly({ path: filter.path, keys }, costOf);
    }
  }
}

/** Undefined if keys alone do not decide the comparison. */
function keysOfComparison(filter: Exclude<Filter, { readonly kind: 'and' | 'or' | 'not' }>): KeySet | undefined {
  switch (filter.kind) {
    case 'eq':
      return onlyKey(filter.value);
    case 'ne':
      return complementOf(unionOf([onlyKey(undefined), onlyKey(filter.value)]));
    case 'in':
      return unionOf(filter.values.map(onlyKey));
    case 'startsWith':
      return keysStarting(filter.value);
    case 'exists':
      return filter.value ? complementOf(onlyKey(undefined)) : onlyKey(undefined);
    case 'contains':
      return undefined;
    default:
      return keysCompared(filter.kind, filter.value);
  }
}

function negate(analysis: Analysis, costOf: CostOf): Analysis {
  if (analysis.kind !== 'some') return { kind: analysis.kind === 'all' ? 'none' : 'all' };
  const { only, byPath } = analysis;
  const piece = only === undefined ? undefined : byPath.get(only);
  return piece === undefined ? unknown : exactly({ path: piece.path, keys: complementOf(piece.keys) }, costOf);
}

/** The analysis of a filter that holds for exactly these keys. */
function exactly(piece: Piece, costOf: CostOf): Analysis {
  const text = JSON.stringify(piece.path);
  return some(new Map([[text, piece]]), text, undefined, costOf);
}

function combine(kind: 'and' | 'or', members: readonly Analysis[], costOf: CostOf): Analysis {
  const decides = kind === 'and' ? 'none' : 'all';
  if (members.some((member) => member.kind === decides)) return { kind: decides };
  const rest = members.filter((member) => member.kind === 'some');
  const [first, ...others] = rest;
  if (first === undefined) return { kind: kind === 'and' ? 'all' : 'none' };
  if (others.length === 0) return first;
  const only = others.every((member) => member.only === first.only) ? first.only : undefined;
  return kind === 'and'
    ? some(intersected(rest), only, cheapest(rest.map(({ cover }) => cover)), costOf)
    : some(united(rest), only, together(rest), costOf);
}

/** @param cover a cover that is already known */
function some(
  byPath: ReadonlyMap<string, Piece>,
  only: string | undefined,
  cover: Cover | undefined,
  costOf: CostOf,
): Analysis {
  const covers = [];
  for (const piece of byPath.values()) {
    if (piece.keys.length === 0) return { kind: 'none' };
    const cost = costOf(piece);
    if (cost < Number.POSITIVE_INFINITY) covers.push({ pieces: [piece], cost });
  }
  return { kind: 'some', byPath, only, cover: cheapest([...covers, cover]) };
}

function cheapest(covers: readonly (Cover | undefined)[]): Cover | undefined {
  let least: Cover | undefined;
  for (const cover of covers)
    if (cover !== undefined && (least === undefined || cover.cost < least.cost)) least = cover;
  return least;
}

function intersected(members: readonly Some[]): ReadonlyMap<string, Piece> {
  const pieces = new Map<string, Piece>();
  for (const { byPath } of members) {
    for (const [text, { path, keys }] of byPath) {
      const known = pieces.get(text);
      pieces.set(text, { path, keys: known === undefined ? keys : intersectionOf(known.keys, keys) });
    }
  }
  return pieces;
}

function united(members: readonly Some[]): ReadonlyMap<string, Piece> {
  const pieces = new Map<string, Piece>();
  for (const [text, { path }] of members[0]?.byPath ?? []) {
    const keys = unionOf(members.map(({ byPath }) => byPath.get(text)?.keys ?? everyKey));
    if (members.every(({ byPath }) => byPath.has(text))) pieces.set(text, { path, keys });
  }
  return pieces;
}

/** The union of all members' covers, with one piece per keypath. */
function together(members: readonly Some[]): Cover | undefined {
  const sets = new Map<string, { readonly path: Path; readonly keys: KeySet[] }>();
  let cost = 0;
  for (const { cover } of members) {
    if (cover === undefined) return undefined;
    cost += cover.cost;
    for (const { path, keys } of cover.pieces) {
      const text = JSON.stringify(path);
      const known = sets.get(text);
      if (known === undefined) sets.set(text, { path, keys: [keys] });
      else known.keys.push(keys);
    }
  }
  return { pieces: Array.from(sets.values(), ({ path, keys }) => ({ path, keys: unionOf(keys) })), cost };
}
