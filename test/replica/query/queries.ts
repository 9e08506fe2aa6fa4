/** Random filters and orders over the documents of store.ts, and filters read by the words of the contract alone. */
import fc from 'fast-check';
import { valueAt } from '../../../replica/crdt/document.ts';
import type { Filter } from '../../../replica/query/filters/filter.ts';
import type { OrderField } from '../../../replica/query/filters/order.ts';
import type { StoredDocument } from '../../../replica/query/stored-document.ts';
import type { Path } from '../../../replica/values/keypath.ts';
import { AttachmentToken, compareValues, equalValues, type Value } from '../../../replica/values/value.ts';
import { paths, values } from './store.ts';

export const ids = ['d0', 'd1', 'd2', 'd3', 'd4', 'd5', 'd6', 'd7', 'd8', 'd9', '\uffee', '\u{1f600}'];

const filterPaths: fc.Arbitrary<Path> = fc.oneof(paths, fc.constantFrom<Path>(['_id'], ['c'], ['counted']));
const filterValues = fc.oneof(values, fc.constantFrom(...ids));

const comparisons: fc.Arbitrary<Filter> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'contains'),
    path: filterPaths,
    value: filterValues,
  }),
  fc.record({ kind: fc.constant('in'), path: filterPaths, values: fc.array(filterValues, { maxLength: 6 }) }),
  fc.record({
    kind: fc.constant('startsWith'),
    path: filterPaths,
    value: fc.constantFrom('', 'a', 'ab', 'd', '\u{1f600}'),
  }),
  fc.record({ kind: fc.constant('exists'), path: filterPaths, value: fc.boolean() }),
);

export const filters: fc.Arbitrary<Filter> = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    comparisons,
    fc.record({
      kind: fc.constantFrom('and', 'or'),
      filters: fc.array(tie('filter'), { maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('not'), filter: tie('filter') }),
  ),
})).filter;

export const orders: fc.Arbitrary<OrderField[]> = fc.array(
  fc.record({ path: filterPaths, direction: fc.constantFrom('ASC', 'DESC') }),
  { maxLength: 2 },
);

/** The contract's words, one by one. */
export function holds(filter: Filter, document: StoredDocument): boolean {
  if ('filters' in filter) {
    const each = filter.filters.map((member) => holds(member, document));
    return filter.kind === 'and' ? !each.includes(false) : each.includes(true);
  }
  if ('filter' in filter) return !holds(filter.filter, document);
  const found = filter.path[0] === '_id' ? document.id : valueAt(document.state, filter.path);
  if (filter.kind === 'exists') return filter.value === (found !== undefined);
  if (found === undefined) return false;
  switch (filter.kind) {
    case 'eq':
      return equalValues(found, filter.value);
    case 'ne':
      return !equalValues(found, filter.value);
    case 'in':
      return filter.values.some((value) => equalValues(found, value));
    case 'startsWith':
      return typeof found === 'string' && found.startsWith(filter.value);
    case 'contains':
      if (typeof found === 'string') return typeof filter.value === 'string' && found.includes(filter.value);
      return Array.isArray(found) && found.some((member: Value) => equalValues(member, filter.value));
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte': {
      if (typeName(found) !== typeName(filter.value)) return false;
      const compared = compareValues(found, filter.value);
      return { gt: compared > 0, gte: compared >= 0, lt: compared < 0, lte: compared <= 0 }[filter.kind];
    }
  }
}

function typeName(value: Value): string {
  if (value === null) return 'null';
  if (value instanceof AttachmentToken) return 'attachment';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'bigint' ? 'number' : typeof value;
}

/** What a query gives: filtered one by one, sorted by pairs. */
export function freshly(
  documents: readonly StoredDocument[],
  filter: Filter | undefined,
  order: readonly OrderField[],
): StoredDocument[] {
  const read = (document: StoredDocument, path: Path) =>
    path[0] === '_id' ? document.id : valueAt(document.state, path);
  return documents
    .filter((document) => filter === undefined || holds(filter, document))
    .sort((a, b) => {
      for (const { path, direction } of order) {
        const compared = compareValues(read(a, path), read(b, path));
        if (compared !== 0) return direction === 'ASC' ? compared : -compared;
      }
      return compareValues(a.id, b.id);
    });
}
