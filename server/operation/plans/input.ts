/**
 * Precomputes how the variables and arguments of a repeated operation are coerced.
 * Values are coerced as in graphql-js (coerceVariableValues, getArgumentValues, valueFromAST). For every error,
 * `refusal` is thrown instead.
 */
import {
  type ArgumentNode,
  coerceInputValue,
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLSchema,
  getNullableType,
  isInputObjectType,
  isInputType,
  isListType,
  isNonNullType,
  Kind,
  type ObjectFieldNode,
  typeFromAST,
  type ValueNode,
  type VariableDefinitionNode,
  valueFromAST,
} from 'graphql';

/** The provided variables by name. None has a name of Object.prototype (isPlannable). */
export type Variables = Readonly<Record<string, unknown>>;

/** The arguments that resolvers receive. */
export type Arguments = Readonly<Record<string, unknown>>;

/** Undefined if there is no value. */
type ReadValue = (variables: Variables) => unknown;

/** Thrown for any invalid value. A shared object without details, as graphql-js then finds and reports the error. */
export const refusal = new Error('graphql-js has to tell what is wrong');

/** Leaves this one execution to graphql-js. */
export function refuse(): never {
  throw refusal;
}

/** @returns a function that coerces a request's variables; it throws `refusal` for an invalid one */
export function planVariables(
  schema: GraphQLSchema,
  definitions: readonly VariableDefinitionNode[],
): (given: Variables) => Variables {
  const planned = definitions.map(({ variable, type: typeNode, defaultValue }) => {
    const type = typeFromAST(schema, typeNode);
    if (!isInputType(type)) return refuse();
    return { name: variable.name.value, type, defaultValue: frozen(valueFromAST(defaultValue, type)) };
  });
  return (given) => {
    const variables: Record<string, unknown> = {};
    for (const { name, type, defaultValue } of planned) {
      if (Object.hasOwn(given, name)) variables[name] = coerceInputValue(given[name], type, refuse);
      else if (defaultValue !== undefined) variables[name] = defaultValue;
      else if (isNonNullType(type)) refuse();
    }
    return variables;
  };
}

const noArguments: Arguments = Object.freeze({});

/** @returns a function that reads a field's arguments; it throws `refusal` for an invalid one */
export function planArguments(
  definitions: readonly GraphQLArgument[],
  nodes: readonly ArgumentNode[],
): (variables: Variables) => Arguments {
  const members = planMembers(definitions, nodes);
  if (members.length === 0) return () => noArguments;
  return (variables) => readMembers(members, variables, {});
}

interface PlannedMember {
  readonly name: string;
  readonly read: ReadValue;
}

/** Plans the members of arguments or of an input object. */
function planMembers(
  definitions: readonly (GraphQLArgument | GraphQLInputField)[],
  nodes: readonly (ArgumentNode | ObjectFieldNode)[],
): readonly PlannedMember[] {
  const nodesByName = new Map(nodes.map(({ name, value }) => [name.value, value]));
  const members: PlannedMember[] = [];
  for (const { name, type, defaultValue } of definitions) {
    const node = nodesByName.get(name);
    if (node !== undefined) members.push({ name, read: planMember(node, type, defaultValue) });
    else if (defaultValue !== undefined) members.push({ name, read: () => defaultValue });
    else if (isNonNullType(type)) refuse();
  }
  return members;
}

function planMember(node: ValueNode, type: GraphQLInputType, defaultValue: unknown): ReadValue {
  if (node.kind !== Kind.VARIABLE) return planLiteral(node, type);
  const name = node.name.value;
  const isRequired = isNonNullType(type);
  return (variables) => {
    const value = variables[name];
    if (value === undefined) return isRequired && defaultValue === undefined ? refuse() : defaultValue;
    return value === null && isRequired ? refuse() : value;
  };
}

function readMembers(
  members: readonly PlannedMember[],
  variables: Variables,
  into: Record<string, unknown>,
): Record<string, unknown> {
  for (const { name, read } of members) {
    const value = read(variables);
    if (value !== undefined) into[name] = value;
  }
  return into;
}

/** Plans a literal, which may contain variables. */
function planLiteral(node: ValueNode, type: GraphQLInputType): ReadValue {
  if (!namesVariable(node)) {
    const value = frozen(literalValue(node, type, undefined));
    return () => value;
  }
  const nullable = getNullableType(type);
  if (isListType(nullable)) return planList(node, nullable.ofType);
  if (isInputObjectType(nullable) && node.kind === Kind.OBJECT) return planObject(node.fields, nullable);
  return (variables) => literalValue(node, type, variables);
}

function literalValue(node: ValueNode, type: GraphQLInputType, variables: Variables | undefined): unknown {
  const value = valueFromAST(node, type, variables);
  return value === undefined ? refuse() : value;
}

/** A value that is not a list stands for a list of one; an absent variable stands for null. */
function planList(node: ValueNode, itemType: GraphQLInputType): ReadValue {
  const items = (node.kind === Kind.LIST ? node.values : [node]).map((item) => planMember(item, itemType, undefined));
  return (variables) => items.map((read) => read(variables) ?? null);
}

/** A OneOf type needs no check: validation has ensured that exactly one member is set, and not null. */
function planObject(nodes: readonly ObjectFieldNode[], type: GraphQLInputObjectType): ReadValue {
  const members = planMembers(Object.values(type.getFields()), nodes);
  return (variables) => readMembers(members, variables, Object.create(null));
}

function namesVariable(node: ValueNode): boolean {
  switch (node.kind) {
    case Kind.VARIABLE:
      return true;
    case Kind.LIST:
      return node.values.some(namesVariable);
    case Kind.OBJECT:
      return node.fields.some(({ value }) => namesVariable(value));
    default:
      return false;
  }
}

/** Freezes a value that all executions share. */
function frozen(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  for (const member of Object.values(value)) frozen(member);
  return Object.freeze(value);
}
