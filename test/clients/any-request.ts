/** Requests as nobody should send them: operations over a schema, valid only by chance, with whatever values. */
import {
  type GraphQLArgument,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import type { Choose } from '../server/plans/any-schema.ts';

export interface AnyRequest {
  readonly query: unknown;
  readonly operationName?: unknown;
  readonly variables?: unknown;
  readonly extensions?: unknown;
}

const pick = <Item>(choose: Choose, items: readonly Item[]): Item => {
  const item = items[choose(items.length)];
  if (item === undefined) throw new Error('there is nothing to choose from');
  return item;
};

const oddNames = ['__proto__', 'constructor', 'toString', 'a', 'id', '_id', '__typename', 'length', 'then', 'x'];
const oddTexts = [
  '',
  'a',
  '__proto__',
  'constructor',
  '\ud800',
  '\u0000',
  '\u2028',
  'a.b',
  'a..b',
  '["a"].b',
  '[',
  '../..',
  'x'.repeat(300),
  'ÿ'.repeat(5_000),
  '1e999',
  'null',
  'cGVvcGxlOmE',
  'OjpbXQ==',
];
const oddNumbers = [0, -0, 1, -1, 0.5, 2 ** 31, -(2 ** 31) - 1, 2 ** 53, 1e21, 1.7e308, 5e-324];

/** What JSON can say, and a request should not. */
export function anyJson(choose: Choose, depth = 0): unknown {
  switch (choose(depth > 4 ? 5 : 8)) {
    case 0:
      return null;
    case 1:
      return choose(2) === 0;
    case 2:
      return pick(choose, oddNumbers);
    case 3:
    case 4:
      return pick(choose, oddTexts);
    case 5:
      return Array.from({ length: choose(4) }, () => anyJson(choose, depth + 1));
    case 6:
      return { [pick(choose, ['$int64', '$uint64', '$attachment', '$float'])]: anyJson(choose, depth + 1) };
    default: {
      const entries = Array.from({ length: choose(4) }, () => [
        pick(choose, [...oddNames, ...oddTexts]),
        anyJson(choose, depth + 1),
      ]);
      // As JSON.parse does: __proto__ is a member like any other.
      return Object.fromEntries(entries);
    }
  }
}

/** A value for what a type takes, most of the time. */
function anyInput(choose: Choose, type: GraphQLInputType, depth = 0): unknown {
  if (choose(25) === 0) return anyJson(choose);
  if (isNonNullType(type)) return anyInput(choose, type.ofType, depth);
  if (choose(12) === 0) return null;
  if (isListType(type)) {
    return Array.from({ length: choose(3) }, () => anyInput(choose, type.ofType, depth + 1));
  }
  if (isEnumType(type)) return pick(choose, type.getValues()).name;
  if (isInputObjectType(type)) {
    if (depth > 5) return {};
    const fields = Object.values(type.getFields()).filter(() => choose(3) === 0);
    return Object.fromEntries(fields.map(({ name, type: of }) => [name, anyInput(choose, of, depth + 1)]));
  }
  switch (type.name) {
    case 'Boolean':
      return choose(2) === 0;
    case 'Int':
      return pick(choose, oddNumbers);
    case 'Float':
      return pick(choose, oddNumbers);
    case 'JSON':
      return anyJson(choose);
    default:
      return choose(2) === 0 ? pick(choose, ['t', 'people', 'a', 'n', 'map.b.c']) : pick(choose, oddTexts);
  }
}

/** A value as a literal, where it can be one. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(' ')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([name]) => /^[_A-Za-z]\w*$/.test(name));
    return `{${members.map(([name, member]) => `${name}: ${literal(member)}`).join(' ')}}`;
  }
  if (typeof value === 'string' && /^[A-Z_]+$/.test(value)) return value;
  return JSON.stringify(value);
}

const operationKinds = ['query', 'mutation', 'subscription'] as const;

class OperationWriter {
  readonly #choose: Choose;
  readonly #schema: GraphQLSchema;
  readonly variables = new Map<string, { readonly type: string; readonly value: unknown }>();
  readonly fragments = new Map<string, string>();

  constructor(choose: Choose, schema: GraphQLSchema) {
    this.#choose = choose;
    this.#schema = schema;
  }

  operation(): string {
    const choose = this.#choose;
    const kind = pick(choose, operationKinds);
    const root = {
      query: this.#schema.getQueryType(),
      mutation: this.#schema.getMutationType(),
      subscription: this.#schema.getSubscriptionType(),
    }[kind];
    const selections = root == null ? '{ __typename }' : this.#selections(root, 0);
    const name = choose(3) !== 0 ? '' : pick(choose, ['A', 'B', '__proto__']);
    const defined = [...this.variables].map(([variable, { type }]) => `$${variable}: ${type}`);
    const directives = choose(30) === 0 ? this.#directives() : '';
    return `${kind} ${name} ${defined.length > 0 ? `(${defined.join(', ')})` : ''} ${directives} ${selections}`;
  }

  #selections(type: GraphQLNamedType, depth: number): string {
    const choose = this.#choose;
    if (!isObjectType(type) && !isInterfaceType(type)) return '{ __typename }';
    const fields = Object.values(type.getFields());
    const selections = Array.from({ length: depth === 0 ? 1 + (choose(15) === 0 ? 1 : 0) : 1 + choose(3) }, () => {
      switch (choose(depth === 0 ? 30 : 10)) {
        case 0:
          return `__typename ${this.#directives()}`;
        case 1:
          return depth > 3 ? '__typename' : `... ${this.#directives()} ${this.#selections(type, depth + 1)}`;
        case 2:
          return this.#spread(type, depth);
        default: {
          const field = pick(choose, fields);
          const below = getNamedType(field.type);
          if (isCompositeType(below) && depth > 4) return '__typename';
          const alias = choose(4) === 0 ? `${pick(choose, oddNames)}: ` : '';
          const selected = isCompositeType(below) ? this.#selections(below, depth + 1) : '';
          return `${alias}${field.name}${this.#arguments(field.args)} ${this.#directives()} ${selected}`;
        }
      }
    });
    return `{ ${selections.join(' ')} }`;
  }

  #spread(type: GraphQLNamedType, depth: number): string {
    const name = `F${this.fragments.size}`;
    if (depth > 3) return '__typename';
    this.fragments.set(name, '');
    const on = this.#choose(8) === 0 ? 'Query' : type.name;
    this.fragments.set(name, `fragment ${name} on ${on} ${this.#selections(type, depth + 1)}`);
    return `...${name} ${this.#directives()}`;
  }

  #arguments(all: readonly GraphQLArgument[]): string {
    const given = all.filter(({ type }) => isNonNullType(type) || this.#choose(3) === 0);
    if (given.length === 0) return '';
    return `(${given.map(({ name, type }) => `${name}: ${this.#value(type)}`).join(', ')})`;
  }

  #value(type: GraphQLInputType): string {
    const choose = this.#choose;
    const value = anyInput(choose, type);
    if (choose(2) === 0) return literal(value);
    const name = pick(choose, [`v${this.variables.size}`, '__proto__', 'constructor']);
    this.variables.set(name, { type: String(type), value });
    return `$${name}`;
  }

  #directives(): string {
    const choose = this.#choose;
    if (choose(7) !== 0) return '';
    if (choose(2) === 0) return `@${pick(choose, ['skip', 'include'])}(if: ${choose(2) === 0})`;
    const name = `if${this.variables.size}`;
    this.variables.set(name, { type: 'Boolean!', value: choose(6) === 0 ? anyJson(choose) : choose(2) === 0 });
    return `@${pick(choose, ['skip', 'include'])}(if: $${name})`;
  }
}

export function anyRequest(choose: Choose, schema: GraphQLSchema): AnyRequest {
  const writer = new OperationWriter(choose, schema);
  const operations = [writer.operation()];
  if (choose(20) === 0) operations.push(choose(2) === 0 ? '{ __typename }' : writer.operation());
  const text = [...operations, ...writer.fragments.values()].join('\n');
  const given = [...writer.variables].filter(() => choose(10) !== 0).map(([name, { value }]) => [name, value]);
  return {
    query: choose(30) === 0 ? anyJson(choose) : choose(30) === 0 ? text.slice(0, choose(text.length)) : text,
    ...(choose(15) === 0 && { operationName: choose(2) === 0 ? 'A' : anyJson(choose) }),
    ...(choose(20) === 0 ? { variables: anyJson(choose) } : { variables: Object.fromEntries(given) }),
    ...(choose(10) === 0 && {
      extensions: choose(2) === 0 ? { causality: anyJson(choose) } : anyJson(choose),
    }),
  };
}
