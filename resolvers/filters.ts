/** Checks `Filter` and `Order` of the generic API. */
import { BadUserInputError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Filter } from '../replica/query/filters/filter.ts';
import type { OrderField } from '../replica/query/filters/order.ts';
import { valueFromJson } from '../replica/values/json.ts';
import type { Path } from '../replica/values/keypath.ts';
import { parseKeypath } from '../replica/values/keypath.ts';

export interface FilterInput {
  readonly path?: string | null | undefined;
  readonly eq?: unknown;
  readonly ne?: unknown;
  readonly gt?: unknown;
  readonly gte?: unknown;
  readonly lt?: unknown;
  readonly lte?: unknown;
  readonly in?: readonly unknown[] | null | undefined;
  readonly exists?: boolean | null | undefined;
  readonly contains?: unknown;
  readonly startsWith?: string | null | undefined;
  readonly and?: readonly FilterInput[] | null | undefined;
  readonly or?: readonly FilterInput[] | null | undefined;
  readonly not?: FilterInput | null | undefined;
}

export interface OrderInput {
  readonly path: string;
  readonly direction?: 'ASC' | 'DESC' | null | undefined;
}

/** Counts the conditions of a filter, and enforces the limits. */
export class FilterBudget {
  #nodes = 0;

  /** @throws {BadUserInputError} */
  spend(depth: number, argument: string): void {
    this.#nodes += 1;
    if (this.#nodes > limits.filterNodes) {
      throw new BadUserInputError(argument, `a filter may have at most ${limits.filterNodes} conditions`);
    }
    if (depth > limits.filterDepth) {
      throw new BadUserInputError(argument, `a filter may be at most ${limits.filterDepth} levels deep`);
    }
  }
}

/** @throws {BadUserInputError} for null where it has no meaning: ignoring it would silently widen the filter */
export function present<Member>(member: Member, argument: string): NonNullable<Member> {
  if (member === null || member === undefined) {
    throw new BadUserInputError(argument, 'null is not a filter: leave it out');
  }
  return member;
}

/** Requires all filters; a single one is returned as it is, and undefined for none. */
export function allOf(filters: readonly Filter[]): Filter | undefined {
  const [only, ...rest] = filters;
  if (only === undefined) return undefined;
  return rest.length === 0 ? only : { kind: 'and', filters };
}

/**
 * Refuses an empty part of a filter. GraphQL omits a member of an input object if its variable is not provided; reading
 * such a part as "everything", or as "nothing", would silently change the meaning of the filter.
 * @throws {BadUserInputError}
 */
export function filled<Part extends Filter | readonly unknown[]>(part: Part | undefined, argument: string): Part {
  if (part === undefined || (isList(part) && part.length === 0)) {
    const problem = 'is empty (is a variable missing?): add a condition, or leave it out';
    throw new BadUserInputError(argument, problem);
  }
  return part;
}

const isList = (part: Filter | readonly unknown[]): part is readonly unknown[] => Array.isArray(part);

const comparisons = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'contains'] as const;

/** Undefined if all documents match. @throws {BadUserInputError} */
export function checkFilter(input: FilterInput | null | undefined, argument: string): Filter | undefined {
  return input === null || input === undefined ? undefined : filterOf(input, argument, 1, new FilterBudget());
}

/** The filter of a mutation of many documents. It selects a whole collection only if `all` says so. */
export interface ManyFilterInput {
  readonly where: FilterInput;
  readonly all?: boolean | null | undefined;
}

/** Undefined if all documents match. @throws {BadUserInputError} */
export function checkManyFilter({ where, all }: ManyFilterInput): Filter | undefined {
  const filter = checkFilter(where, 'where');
  if (filter === undefined && all !== true) {
    const problem = 'is empty (is a variable missing?): add a condition, or set all: true';
    throw new BadUserInputError('where', problem);
  }
  if (filter !== undefined && all === true) {
    throw new BadUserInputError('all', 'where has conditions as well: leave out one of the two');
  }
  return filter;
}

/** Undefined for an empty filter. */
function filterOf(input: FilterInput, argument: string, depth: number, budget: FilterBudget): Filter | undefined {
  budget.spend(depth, argument);
  const filters = conditionsOf(input, argument, budget);
  const memberOf = (member: FilterInput, place: string): Filter =>
    filled(filterOf(member, place, depth + 1, budget), place);
  for (const kind of ['and', 'or'] as const) {
    if (input[kind] === undefined) continue;
    const place = `${argument}.${kind}`;
    const members = filled(present(input[kind], place), place);
    filters.push({ kind, filters: members.map((member, index) => memberOf(member, `${place}.${index}`)) });
  }
  if (input.not !== undefined) {
    const place = `${argument}.not`;
    filters.push({ kind: 'not', filter: memberOf(present(input.not, place), place) });
  }
  return allOf(filters);
}

function conditionsOf(input: FilterInput, argument: string, budget: FilterBudget): Filter[] {
  const conditions: ((path: Path) => Filter)[] = [];
  const condition = (make: (path: Path) => Filter, name: string) => {
    budget.spend(1, `${argument}.${name}`);
    conditions.push(make);
  };
  for (const kind of comparisons) {
    if (input[kind] === undefined) continue;
    const value = valueFromJson(input[kind], `${argument}.${kind}`);
    condition((path) => ({ kind, path, value }), kind);
  }
  if (input.in !== undefined) {
    const values = present(input.in, `${argument}.in`).map((item, index) =>
      valueFromJson(item, `${argument}.in.${index}`),
    );
    condition((path) => ({ kind: 'in', path, values }), 'in');
  }
  if (input.startsWith !== undefined) {
    const value = present(input.startsWith, `${argument}.startsWith`);
    condition((path) => ({ kind: 'startsWith', path, value }), 'startsWith');
  }
  if (input.exists !== undefined) {
    const value = present(input.exists, `${argument}.exists`);
    condition((path) => ({ kind: 'exists', path, value }), 'exists');
  }
  if (input.path === undefined) {
    if (conditions.length > 0) throw new BadUserInputError(`${argument}.path`, 'a comparison needs a path');
    return [];
  }
  const path = parseKeypath(present(input.path, `${argument}.path`), `${argument}.path`);
  if (conditions.length === 0) {
    throw new BadUserInputError(`${argument}.path`, 'a path needs a comparison beside it, such as eq or exists');
  }
  return conditions.map((make) => make(path));
}

/** @throws {BadUserInputError} */
export function checkOrder(inputs: readonly OrderInput[] | null | undefined): readonly OrderField[] {
  checkOrderLength(inputs?.length ?? 0);
  return (inputs ?? []).map(({ path, direction }, index) => ({
    path: parseKeypath(path, `orderBy.${index}.path`),
    direction: direction ?? 'ASC',
  }));
}

/** @throws {BadUserInputError} */
export function checkOrderLength(length: number): void {
  if (length > limits.orderFields) {
    throw new BadUserInputError('orderBy', `an order may have at most ${limits.orderFields} fields`);
  }
}
