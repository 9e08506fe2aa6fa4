/**
 * Filters over documents: a small tree, compiled once into a predicate. The schema's `Filter` documents each
 * comparison; docs/internals/live-queries.md has the rules.
 * L6. If nothing is at a path, only `exists: false` holds; null is a value.
 * L7. `gt`, `gte`, `lt`, `lte` hold within one type only; numbers are one type, and integers of any size compare
 * exactly.
 */
import { partitionPoint } from '../../values/binary-search.ts';
import type { Path } from '../../values/keypath.ts';
import { compareValues, equalValues, type Value } from '../../values/value.ts';
import type { StoredDocument } from '../stored-document.ts';
import { fieldReader, valueType } from './fields.ts';

/** A checked filter with parsed paths. The path ['_id'] reads the id. */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly filters: readonly Filter[] }
  | { readonly kind: 'not'; readonly filter: Filter }
  | {
      readonly kind: 'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte' | 'contains';
      readonly path: Path;
      readonly value: Value;
    }
  | { readonly kind: 'in'; readonly path: Path; readonly values: readonly Value[] }
  | { readonly kind: 'startsWith'; readonly path: Path; readonly value: string }
  | { readonly kind: 'exists'; readonly path: Path; readonly value: boolean };

type Comparison = Exclude<Filter, { readonly kind: 'and' | 'or' | 'not' | 'exists' }>;

export type Predicate = (document: StoredDocument) => boolean;

/** A test of the value at a path; it is not called if there is none. */
type Test = (found: Value) => boolean;

export function compileFilter(filter: Filter | undefined): Predicate {
  if (filter === undefined) return () => true;
  switch (filter.kind) {
    case 'and': {
      const predicates = filter.filters.map(compileFilter);
      return (document) => predicates.every((predicate) => predicate(document));
    }
    case 'or': {
      const predicates = filter.filters.map(compileFilter);
      return (document) => predicates.some((predicate) => predicate(document));
    }
    case 'not': {
      const predicate = compileFilter(filter.filter);
      return (document) => !predicate(document);
    }
    case 'exists': {
      const read = fieldReader(filter.path);
      const { value } = filter;
      return (document) => (read(document) !== undefined) === value;
    }
    default: {
      const read = fieldReader(filter.path);
      const test = compileComparison(filter);
      return (document) => {
        const found = read(document);
        return found !== undefined && test(found);
      };
    }
  }
}

function compileComparison(filter: Comparison): Test {
  switch (filter.kind) {
    case 'eq': {
      const { value } = filter;
      return (found) => equalValues(found, value);
    }
    case 'ne': {
      const { value } = filter;
      return (found) => !equalValues(found, value);
    }
    case 'gt':
      return within(filter.value, (order) => order > 0);
    case 'gte':
      return within(filter.value, (order) => order >= 0);
    case 'lt':
      return within(filter.value, (order) => order < 0);
    case 'lte':
      return within(filter.value, (order) => order <= 0);
    case 'in':
      return oneOf(filter.values);
    case 'startsWith': {
      const { value } = filter;
      return (found) => typeof found === 'string' && found.startsWith(value);
    }
    case 'contains': {
      const { value } = filter;
      return (found) => {
        if (typeof found === 'string') return typeof value === 'string' && found.includes(value);
        return isArray(found) && found.some((member) => equalValues(member, value));
      };
    }
  }
}

function within(value: Value, holds: (order: number) => boolean): Test {
  const type = valueType(value);
  return (found) => valueType(found) === type && holds(compareValues(found, value));
}

/** Finds strings in a set. Other values are few in practice, and are found by binary search. */
function oneOf(values: readonly Value[]): Test {
  const strings = new Set<Value>();
  const others: Value[] = [];
  for (const value of values) {
    if (typeof value === 'string') strings.add(value);
    else others.push(value);
  }
  others.sort(compareValues);
  return (found) => {
    if (typeof found === 'string') return strings.has(found);
    const index = partitionPoint(0, others.length, (at) => compareValues(others[at], found) < 0);
    return index < others.length && compareValues(others[index], found) === 0;
  };
}

const isArray = (value: Value): value is readonly Value[] => Array.isArray(value);
