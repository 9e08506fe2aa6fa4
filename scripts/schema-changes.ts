/** Describes the differences between two schemas for people: one line per field, argument, value or type. */
import {
  buildSchema,
  findBreakingChanges,
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
  isUnionType,
} from 'graphql';

/**
 * @param before SDL @param after SDL
 * @returns `+ Person.age: Int`, `- Person.name: String`, `~ Person.n: Int, was Float`; then the changes that break
 * clients, as
 *   GraphQL.js words them
 */
export function schemaChanges(before: string, after: string): readonly string[] {
  const [old, young] = [buildSchema(before), buildSchema(after)];
  const membersOf = (schema: typeof old) =>
    new Map(
      Object.values(schema.getTypeMap())
        .filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type))
        .flatMap((type) => [...members(type)]),
    );
  const [was, is] = [membersOf(old), membersOf(young)];
  const lines: string[] = [];
  for (const [name, type] of was) if (!is.has(name)) lines.push(`- ${name}${suffix(type)}`);
  for (const [name, type] of is) {
    const former = was.get(name);
    if (former === undefined) lines.push(`+ ${name}${suffix(type)}`);
    else if (former !== type) lines.push(`~ ${name}${suffix(type)}, was ${former}`);
  }
  const breaking = findBreakingChanges(old, young).map(
    ({ description }) => `breaks clients that use it: ${description}`,
  );
  return [...lines, ...breaking];
}

const suffix = (type: string): string => (type === '' ? '' : `: ${type}`);

/** The type by its name, and its members by their places, with the types of their values. */
function* members(type: GraphQLNamedType): Generator<readonly [string, string]> {
  if (isObjectType(type) || isInterfaceType(type)) {
    yield [`type ${type.name}`, ''];
    for (const field of Object.values(type.getFields())) {
      yield [`${type.name}.${field.name}`, String(field.type)];
      for (const argument of field.args) yield [`${type.name}.${field.name}(${argument.name}:)`, String(argument.type)];
    }
  } else if (isInputObjectType(type)) {
    yield [`input ${type.name}`, ''];
    for (const field of Object.values(type.getFields())) yield [`${type.name}.${field.name}`, String(field.type)];
  } else if (isEnumType(type)) {
    yield [`enum ${type.name}`, ''];
    for (const { name } of type.getValues()) yield [`${type.name}.${name}`, ''];
  } else if (isUnionType(type)) {
    yield [`union ${type.name}`, type.getTypes().join(' | ')];
  } else {
    yield [`scalar ${type.name}`, ''];
  }
}
