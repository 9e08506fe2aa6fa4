/** A schema with something of all that a schema may have, random operations on it, and random values that its resolvers find. */
import {
  assertValidSchema,
  GraphQLBoolean,
  GraphQLEnumType,
  type GraphQLFieldConfigArgumentMap,
  GraphQLFloat,
  GraphQLID,
  GraphQLInputObjectType,
  GraphQLInt,
  GraphQLInterfaceType,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLResolveInfo,
  GraphQLScalarType,
  GraphQLSchema,
  GraphQLString,
  GraphQLUnionType,
  valueFromASTUntyped,
} from 'graphql';

const Color = new GraphQLEnumType({
  name: 'Color',
  values: { RED: { value: 0 }, GREEN: { value: 'g' }, BLUE: {} },
});

const Any = new GraphQLScalarType<unknown>({
  name: 'Any',
  parseValue: (value) => ({ parsed: value }),
  parseLiteral: (node, variables) => ({ literal: valueFromASTUntyped(node, variables) }),
  serialize: (value) => (value === 'unfit' ? undefined : { serialized: value }),
});

const required = (type: typeof GraphQLInt) => new GraphQLNonNull(type);

const Inner: GraphQLInputObjectType = new GraphQLInputObjectType({
  name: 'Inner',
  fields: () => ({
    n: { type: GraphQLInt, defaultValue: 5 },
    must: { type: required(GraphQLInt), defaultValue: 6 },
    color: { type: Color },
    list: { type: new GraphQLList(required(GraphQLInt)) },
    any: { type: Any },
    inner: { type: Inner },
    one: { type: One },
  }),
});

const One: GraphQLInputObjectType = new GraphQLInputObjectType({
  name: 'One',
  isOneOf: true,
  fields: { a: { type: GraphQLInt }, b: { type: GraphQLString }, c: { type: Inner } },
});

const args: GraphQLFieldConfigArgumentMap = {
  int: { type: GraphQLInt },
  must: { type: required(GraphQLInt), defaultValue: 3 },
  float: { type: GraphQLFloat, defaultValue: 0.5 },
  id: { type: GraphQLID },
  bool: { type: GraphQLBoolean },
  str: { type: GraphQLString },
  color: { type: Color, defaultValue: 0 },
  list: { type: new GraphQLList(GraphQLInt) },
  lists: { type: new GraphQLList(new GraphQLList(required(GraphQLInt))) },
  inner: { type: Inner },
  inners: { type: new GraphQLList(new GraphQLNonNull(Inner)) },
  one: { type: One },
  any: { type: Any },
};

const fields = (type: () => GraphQLInterfaceType) => () => ({
  /** What it was given, as text: the order of arguments, and what is null or not there. */
  echo: {
    type: GraphQLString,
    args,
    resolve: (_: unknown, given: unknown) =>
      JSON.stringify(given, (_key, value) => (value === undefined ? '?' : value)),
  },
  /** What its resolver is told of where it stands. */
  path: {
    type: GraphQLString,
    resolve: (_source: unknown, _given: unknown, _context: unknown, info: GraphQLResolveInfo) =>
      JSON.stringify([
        info.path,
        info.fieldName,
        info.fieldNodes.length,
        String(info.returnType),
        info.parentType.name,
      ]),
  },
  text: { type: GraphQLString },
  color: { type: Color },
  any: { type: Any },
  exact: { type: new GraphQLNonNull(GraphQLInt) },
  numbers: { type: new GraphQLList(GraphQLInt) },
  thing: { type: type() },
  things: { type: new GraphQLList(type()) },
  cat: { type: Cat },
  pet: { type: Pet },
  lists: { type: new GraphQLList(new GraphQLNonNull(new GraphQLList(type()))) },
});

const Thing: GraphQLInterfaceType = new GraphQLInterfaceType({ name: 'Thing', fields: fields(() => Thing) });
const Cat: GraphQLObjectType = new GraphQLObjectType({
  name: 'Cat',
  interfaces: [Thing],
  fields: fields(() => Thing),
});
const Dog: GraphQLObjectType = new GraphQLObjectType({
  name: 'Dog',
  interfaces: [Thing],
  fields: fields(() => Thing),
  isTypeOf: (value) => !(typeof value === 'object' && value !== null && 'text' in value && value.text === 'no dog'),
});
const Pet = new GraphQLUnionType({ name: 'Pet', types: [Cat, Dog] });

const root = (name: string) => new GraphQLObjectType({ name, fields: fields(() => Thing) });

export const anySchema = new GraphQLSchema({
  query: root('Query'),
  mutation: root('Mutation'),
  subscription: root('Subscription'),
});
assertValidSchema(anySchema);

/** One of so many, 0 the simplest. */
export type Choose = (count: number) => number;

/** Chooses by numbers, and the simplest once there are no more. */
export function chooseBy(numbers: readonly number[]): Choose {
  let next = 0;
  return (count) => (numbers[next++] ?? 0) % count;
}

/** Chooses for ever (xorshift); by 0, always the simplest. */
export function chooseFrom(seed: number): Choose {
  let state = seed;
  return (count) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % count;
  };
}

function oneOf<Option>(choose: Choose, options: readonly [Option, ...Option[]]): Option {
  return options[choose(options.length)] ?? options[0];
}

function many<Item>(choose: Choose, most: number, make: () => Item): readonly Item[] {
  return Array.from({ length: choose(most + 1) }, make);
}

const variables =
  '$int: Int, $must: Int!, $has: Int = 7, $mustHave: Int! = 8, $str: String = "s", $color: Color = BLUE, ' +
  '$list: [Int], $item: Int!, $inner: Inner, $any: Any, $one: One';

/** Valid literals of the types of arguments; they may name variables. */
const literals: Readonly<Record<string, readonly [string, ...string[]]>> = {
  Int: ['1', '-2', 'null', '$int', '$has', '$must', '$mustHave'],
  'Int!': ['3', '$must', '$mustHave', '$item', '$has'],
  Float: ['1', '1.5', '1e999', '-0.0', 'null'],
  ID: ['1', '"a"', '"__proto__"', 'null'],
  Boolean: ['true', 'false', 'null'],
  String: ['"a"', '"""b\n  c"""', '"\\u2028\\""', '$str', 'null'],
  Color: ['RED', 'GREEN', 'BLUE', '$color', 'null'],
  Any: ['1', '"x"', '{ a: [1, { b: $any }], __proto__: 2 }', '[$any, 1]', '$any', 'null', 'RED', '1.0'],
  One: ['{ a: 1 }', '{ b: "x" }', '{ a: $must }', '$one', 'null'],
  '[Int]': ['4', '$list', 'null'],
};

const members = { n: 'Int', must: 'Int!', color: 'Color', list: '[Int!]', any: 'Any', inner: 'Inner', one: 'One' };

function literal(choose: Choose, type: string, depth: number): string {
  const listed = /^\[(.*)\]$/.exec(type)?.[1];
  if (listed !== undefined && choose(3) > 0) {
    return `[${many(choose, 3, () => literal(choose, listed, depth)).join(', ')}]`;
  }
  if (type === 'Inner' && choose(5) === 1) return '$inner';
  if (type === 'Inner' || type === 'Inner!' || (type === 'One' && depth < 3 && choose(3) === 1)) {
    const object = Object.entries(members)
      .filter(([name]) => choose(3) === 1 && (depth < 3 || name === 'n'))
      .map(([name, member]) => `${name}: ${literal(choose, member, depth + 1)}`);
    return type === 'One' ? `{ c: { ${object.join(', ')} } }` : `{ ${object.join(', ')} }`;
  }
  const known = literals[type];
  return known === undefined ? oneOf(choose, ['null', '[]']) : oneOf(choose, known);
}

function echo(choose: Choose): string {
  const given = Object.entries(args)
    .filter(() => choose(4) === 1)
    .map(([name, { type }]) => `${name}: ${literal(choose, name === 'must' ? 'Int' : String(type), 0)}`)
    .filter((argument) => argument !== 'must: null');
  return given.length === 0 ? 'echo' : `echo(${given.join(', ')})`;
}

/** A valid operation, with fragments. */
export function anyOperation(choose: Choose): string {
  let aliases = 0;
  const alias = (field: string) => `f${aliases++}: ${field}`;
  const leaves = ['path', '__typename', 'text', 'color', 'any', 'exact', 'numbers'] as const;
  const field = (depth: number, isRoot: boolean): string => {
    const kind = choose(depth > 3 ? 3 : 8);
    if (kind === 0) return oneOf(choose, leaves);
    if (kind === 1) return alias(oneOf(choose, [...leaves]));
    if (kind === 2) return alias(echo(choose));
    if (kind === 3) return `pet { __typename ... on Thing ${selection(depth + 1)} ... on Cat { text } }`;
    const place = oneOf(choose, ['thing', 'things', 'cat', 'lists']);
    const fieldName = choose(3) === 1 ? alias(place) : place;
    if (kind < 6 || isRoot) return `${fieldName} ${selection(depth + 1)}`;
    return oneOf(choose, [
      () => `... ${selection(depth + 1)}`,
      () => `... on Thing ${selection(depth + 1)}`,
      () => `thing { ... on ${oneOf(choose, ['Cat', 'Dog'])} ${selection(depth + 1)} }`,
      () => (depth < 10 ? oneOf(choose, ['...OfThing', 'thing { ...OfCat }']) : 'path'),
    ])();
  };
  const selection = (depth: number, isRoot = false): string =>
    `{ ${[field(depth, isRoot), ...many(choose, 4, () => field(depth, isRoot))].join(' ')} }`;
  const kind = oneOf(choose, ['query', 'mutation', 'subscription']);
  const own = kind === 'subscription' ? `{ thing ${selection(1)} }` : selection(0, true);
  // Within fragments no other is spread.
  const fragment = () => selection(11);
  return `${kind} (${variables}) ${own}\nfragment OfThing on Thing ${fragment()}\nfragment OfCat on Cat ${fragment()}`;
}

/** As a request brings them: most can be taken. */
export function anyVariables(choose: Choose): Record<string, unknown> {
  const int = () => oneOf<unknown>(choose, [1, 0, null]);
  const json = () => oneOf<unknown>(choose, [1, { a: [null, 'b'] }, 'c', [], null]);
  const inner = () =>
    oneOf<unknown>(choose, [{}, { n: int(), any: json() }, { must: 1, color: 'RED', list: [1] }, null]);
  const given: Record<string, unknown> = { must: choose(30) === 29 ? null : 2, item: 4, unknown: 1 };
  const others = {
    int: () => (choose(30) === 29 ? 'no number' : int()),
    has: int,
    mustHave: () => 1,
    str: () => oneOf<unknown>(choose, ['t', null]),
    color: () => oneOf<unknown>(choose, ['GREEN', 'RED', null]),
    list: () => oneOf<unknown>(choose, [1, [1, null], [], null]),
    inner,
    any: json,
    one: () => oneOf<unknown>(choose, [{ a: 1 }, { b: 'c' }, { c: inner() ?? {} }, null]),
  };
  for (const [name, make] of Object.entries(others)) if (choose(3) > 0) given[name] = make();
  return given;
}

const rejected = () => Promise.reject(new Error('rejected'));

/** What resolvers find: now and then what no field may give, or what has to be awaited. */
export function anyValue(choose: Choose, depth = 0): unknown {
  const rare = (made: unknown): unknown => {
    if (choose(5) !== 4) return made;
    return oneOf<() => unknown>(choose, [
      () => null,
      () => undefined,
      () => () => made,
      () => () => null,
      () => null,
      () => undefined,
      () => new Error('given'),
      () => oneOf<unknown>(choose, ['unfit', Number.NaN, [], { __typename: 'Nobody' }]),
      () => () => {
        throw new Error('thrown');
      },
      () => () => Promise.resolve(made),
      () => rejected,
      // Where it is in no list, nobody looks for it, and it is an unhandled rejection.
      () => (Array.isArray(made) ? () => [rejected(), rejected(), ...made] : made),
    ])();
  };
  const value = () => (depth > 3 ? null : anyValue(choose, depth + 1));
  return {
    __typename: oneOf(choose, ['Cat', 'Dog']),
    text: rare(oneOf<unknown>(choose, ['x', '', 1, true, choose(10) === 9 ? 'no dog' : 'y'])),
    color: rare(oneOf<unknown>(choose, [0, 'g', 'BLUE'])),
    any: rare(oneOf<unknown>(choose, [1, 'b', { a: 2 }])),
    exact: choose(40) === 39 ? rare(1) : 2,
    numbers: rare(oneOf<unknown>(choose, [[1, null], new Set([1, 2]), []])),
    thing: rare(value()),
    things: rare(many(choose, 3, () => rare(value()))),
    cat: rare(value()),
    pet: rare(value()),
    lists: rare(many(choose, 2, () => many(choose, 2, value))),
  };
}
