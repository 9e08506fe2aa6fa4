/** Translates typed filters and orders (`PersonFilter`, `PersonOrder`) into those of the generic API. */
import type { CollectionDefinition, FieldDefinition } from '../../definitions/definitions.ts';
import { fieldAt } from '../../definitions/values.ts';
import { BadUserInputError } from '../../errors.ts';
import type { Filter } from '../../replica/query/filters/filter.ts';
import type { OrderField } from '../../replica/query/filters/order.ts';
import { valueFromJson } from '../../replica/values/json.ts';
import type { Path } from '../../replica/values/keypath.ts';
import { allOf, checkOrderLength, FilterBudget, filled, present } from '../filters.ts';

/** An input object that GraphQL has validated against its type. */
export type TypedInput = Readonly<Record<string, unknown>>;

export const isTypedInput = (value: unknown): value is TypedInput =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

type Fields = Readonly<Record<string, FieldDefinition>>;

interface Place {
  readonly argument: string;
  readonly path: Path;
  readonly depth: number;
  readonly budget: FilterBudget;
}

/** Undefined if all documents match. @throws {BadUserInputError} */
export function typedFilter(
  definition: CollectionDefinition,
  input: TypedInput | null | undefined,
): Filter | undefined {
  if (input === null || input === undefined) return undefined;
  return documentFilter(definition.fields, input, {
    argument: 'where',
    path: [],
    depth: 1,
    budget: new FilterBudget(),
  });
}

/** Undefined for an empty filter. */
function documentFilter(fields: Fields, input: TypedInput, place: Place): Filter | undefined {
  place.budget.spend(place.depth, place.argument);
  const { and, or, not, ...conditions } = input;
  const filters = fieldsFilter(fields, conditions, place);
  for (const [kind, members] of Object.entries({ and, or })) {
    if (members === undefined) continue;
    const argument = `${place.argument}.${kind}`;
    filters.push({
      kind: kind === 'and' ? 'and' : 'or',
      filters: filled(listOf(members, argument), argument).map((member, index) =>
        memberFilter(fields, member, within(place, `${kind}.${index}`)),
      ),
    });
  }
  if (not !== undefined) filters.push({ kind: 'not', filter: memberFilter(fields, not, within(place, 'not')) });
  return allOf(filters);
}

const memberFilter = (fields: Fields, member: unknown, place: Place): Filter =>
  filled(documentFilter(fields, inputOf(member, place.argument), place), place.argument);

const within = (place: Place, member: string): Place => ({
  ...place,
  argument: `${place.argument}.${member}`,
  depth: place.depth + 1,
});

function fieldsFilter(fields: Fields, input: TypedInput, place: Place): Filter[] {
  return Object.entries(input).flatMap(([name, member]) => {
    const argument = `${place.argument}.${name}`;
    const path = [...place.path, name];
    const field = fieldAt(fields, name);
    const conditions = inputOf(member, argument);
    if (field?.kind === 'map') {
      return filled(fieldsFilter(field.fields, conditions, { ...place, argument, path }), argument);
    }
    const comparisons = Object.entries(conditions).map(([kind, operand]) => {
      place.budget.spend(1, `${argument}.${kind}`);
      const filter = comparison(kind, path, operand, `${argument}.${kind}`);
      return field?.kind === 'counter' && kind !== 'exists' ? orUncounted(filter, path) : filter;
    });
    return filled(comparisons, argument);
  });
}

function comparison(kind: string, path: Path, operand: unknown, argument: string): Filter {
  switch (kind) {
    case 'eq':
    case 'ne':
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return { kind, path, value: valueFromJson(operand, argument) };
    case 'contains':
      return { kind, path, value: valueFromJson(present(operand, argument), argument) };
    case 'in':
      return {
        kind,
        path,
        values: listOf(operand, argument).map((item, index) => valueFromJson(item, `${argument}.${index}`)),
      };
    case 'startsWith':
      if (typeof operand === 'string') return { kind, path, value: operand };
      break;
    case 'exists':
      if (typeof operand === 'boolean') return { kind, path, value: operand };
      break;
  }
  present(operand, argument);
  throw new BadUserInputError(argument, 'is not a condition');
}

/** The typed view shows 0 for a counter that was never written, so filters treat it as 0. */
function orUncounted(filter: Filter, path: Path): Filter {
  return holdsForZero(filter) ? { kind: 'or', filters: [filter, { kind: 'exists', path, value: false }] } : filter;
}

function holdsForZero(filter: Filter): boolean {
  switch (filter.kind) {
    case 'eq':
      return filter.value === 0;
    case 'ne':
      return filter.value !== 0;
    case 'in':
      return filter.values.includes(0);
    case 'gt':
      return typeof filter.value === 'number' && filter.value < 0;
    case 'gte':
      return typeof filter.value === 'number' && filter.value <= 0;
    case 'lt':
      return typeof filter.value === 'number' && filter.value > 0;
    case 'lte':
      return typeof filter.value === 'number' && filter.value >= 0;
    default:
      return false;
  }
}

const listOf = (value: unknown, argument: string): readonly unknown[] => {
  if (!Array.isArray(value)) throw new BadUserInputError(argument, 'null is not a filter: leave it out');
  return value;
};

const inputOf = (value: unknown, argument: string): TypedInput => {
  if (!isTypedInput(value)) throw new BadUserInputError(argument, 'null is not a filter: leave it out');
  return value;
};

/** @throws {BadUserInputError} */
export function typedOrder(inputs: readonly TypedInput[] | null | undefined): readonly OrderField[] {
  checkOrderLength(inputs?.length ?? 0);
  return (inputs ?? []).map((input, index) => orderField(input, `orderBy.${index}`));
}

/** Each input has one member: a direction, or the order of a nested map. */
function orderField(input: TypedInput, argument: string): OrderField {
  const path: string[] = [];
  let member: unknown = input;
  while (isTypedInput(member)) {
    const [entry] = Object.entries(member);
    if (entry === undefined) break;
    path.push(entry[0]);
    member = entry[1];
  }
  if (member !== 'ASC' && member !== 'DESC') throw new BadUserInputError(argument, 'must be ASC or DESC');
  return { path, direction: member };
}
