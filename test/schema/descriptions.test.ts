/** The documentation explorer of GraphiQL, and every tool like it, shows these texts. */
import {
  type GraphQLArgument,
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
} from 'graphql';
import { expect, it } from 'vitest';
import { loadDefinitions } from '../../definitions/load.ts';
import { buildSchema } from '../../schema/schema.ts';

interface Described {
  readonly place: string;
  readonly description: string | undefined | null;
}

function* membersOf(type: GraphQLNamedType): Generator<Described> {
  if (isObjectType(type) || isInterfaceType(type)) {
    for (const field of Object.values(type.getFields())) {
      yield { place: `${type.name}.${field.name}`, description: field.description };
      for (const argument of field.args) yield describedArgument(type, field.name, argument);
    }
  }
  if (isInputObjectType(type)) {
    for (const field of Object.values(type.getFields())) {
      yield { place: `${type.name}.${field.name}`, description: field.description };
    }
  }
  if (isEnumType(type)) {
    for (const value of type.getValues()) {
      yield { place: `${type.name}.${value.name}`, description: value.description };
    }
  }
}

const describedArgument = (type: GraphQLNamedType, field: string, argument: GraphQLArgument): Described => ({
  place: `${type.name}.${field}(${argument.name}:)`,
  description: argument.description,
});

it('every type, field, argument and enum value has a description, and the schema says where to begin', async () => {
  const schema = buildSchema(await loadDefinitions('collections.ts'));
  const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'));
  const described = types.flatMap((type) => [{ place: type.name, description: type.description }, ...membersOf(type)]);
  expect(described.length).toBeGreaterThan(750);
  expect(described.filter(({ description }) => !description?.trim()).map(({ place }) => place)).toEqual([]);
  expect(schema.description).toContain('Begin with');
});
