import { readFileSync } from 'node:fs';
import {
  buildASTSchema,
  extendSchema,
  findBreakingChanges,
  type GraphQLArgument,
  type GraphQLEnumType,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isSpecifiedScalarType,
  parse,
  printSchema,
  buildSchema as schemaFromText,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { checkDefinitions } from '../../definitions/check.ts';
import { loadDefinitions } from '../../definitions/load.ts';
import { genericRootFields, genericTypes } from '../../definitions/names.ts';
import { buildSchema } from '../../schema/schema.ts';

const contractFile = (name: string) => readFileSync(new URL(`./contract/${name}.graphql`, import.meta.url), 'utf8');

const generic = buildASTSchema(parse(contractFile('generic')));
const typed = extendSchema(generic, parse(contractFile('typed')));
const contract = ['ids', 'changes'].reduce((schema, name) => extendSchema(schema, parse(contractFile(name))), typed);

/** What a schema promises, a line each, sorted; descriptions are apart. */
function promises(schema: GraphQLSchema): readonly string[] {
  return Object.values(schema.getTypeMap()).flatMap(linesOf).sort();
}

function linesOf(type: GraphQLNamedType): readonly string[] {
  if (type.name.startsWith('__') || isSpecifiedScalarType(type)) return [];
  const kind = type.constructor.name.replace(/^GraphQL|Type$/g, '');
  const lines = [`${kind} ${type.name}`];
  if (isEnumType(type)) lines.push(...type.getValues().map(({ name }) => `${type.name}.${name}`));
  if (isInputObjectType(type)) {
    if (type.isOneOf) lines.push(`${type.name} @oneOf`);
    lines.push(...Object.values(type.getFields()).map((field) => `${type.name}.${inputLine(field)}`));
  }
  if (isObjectType(type) || isInterfaceType(type)) {
    lines.push(...type.getInterfaces().map(({ name }) => `${type.name} implements ${name}`));
    for (const field of Object.values(type.getFields())) lines.push(...fieldLines(type.name, field));
  }
  return lines;
}

const inputLine = ({ name, type, defaultValue }: GraphQLArgument | GraphQLInputField): string =>
  `${name}: ${type}${defaultValue === undefined ? '' : ` = ${JSON.stringify(defaultValue)}`}`;

const fieldLines = (parent: string, { name, type, args }: GraphQLField<unknown, unknown>): readonly string[] => [
  `${parent}.${name}: ${type}`,
  ...args.map((argument) => `${parent}.${name}(${inputLine(argument)})`),
];

/** Descriptions by what they are of. */
function descriptions(schema: GraphQLSchema): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const add = (name: string, text: string | null | undefined) => {
    if (text) found.set(name, text.replace(/\s+/g, ' '));
  };
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__') || isSpecifiedScalarType(type)) continue;
    add(type.name, type.description);
    if (isEnumType(type))
      for (const { name, description } of enumValues(type)) add(`${type.name}.${name}`, description);
    if (isInputObjectType(type) || isObjectType(type) || isInterfaceType(type)) {
      for (const field of Object.values(type.getFields())) add(`${type.name}.${field.name}`, field.description);
    }
  }
  return found;
}

const enumValues = (type: GraphQLEnumType) => type.getValues();

/** As it is printed, and read again: what clients see. */
const printed = (schema: GraphQLSchema) => schemaFromText(printSchema(schema));

describe('the schema', () => {
  it('holds all of the contract files', async () => {
    const schema = printed(buildSchema(await loadDefinitions('collections.ts')));
    const held = new Set(promises(schema));

    const promised = promises(contract);
    expect(promised.length).toBeGreaterThan(400);
    expect(promised.filter((line) => !held.has(line))).toEqual([]);
  });

  it('breaks no client that was made for the contract', async () => {
    expect(findBreakingChanges(contract, buildSchema(await loadDefinitions('collections.ts')))).toEqual([]);
  });

  it("carries the contract's descriptions", async () => {
    const carried = descriptions(printed(buildSchema(await loadDefinitions('collections.ts'))));
    const missing = [...descriptions(contract)].filter(([name, text]) => carried.get(name) !== text);
    expect(missing).toEqual([]);
  });

  it('of no definitions is the generic API, and its names are those that definitions must not take', () => {
    const schema = buildSchema(checkDefinitions({}));
    const typed = new Set(genericTypes.filter((name) => /^(String|Int|Float|Boolean|Id)(List)?Filter$/.test(name)));
    const types = Object.keys(schema.getTypeMap()).filter((name) => !name.startsWith('__'));
    expect([...types].sort()).toEqual([...genericTypes].sort());
    expect(typed.size).toBe(9);

    const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
    const fields = new Set(roots.flatMap((root) => Object.keys(root?.getFields() ?? {})));
    expect([...fields].sort()).toEqual([...genericRootFields].sort());
  });
});
