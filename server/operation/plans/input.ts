/**
 * Variables and arguments of an operation that comes again: what of them is always the same is worked out once.
 * What is taken for which value is as in graphql-js (coerceVariableValues, getArgumentValues, valueFromAST); where that has an
 * error to tell, `refusal` is thrown.
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

/** By name; those that were not given are not there. None is called as a member that every object has. */
export type Variables = Readonly<Record<string, unknown>>;

/** As resolvers get them. */
export type Arguments = Readonly<Record<string, unknown>>;

/** Undefined where there is none. */
type ReadValue = (variables: Variables) => unknown;

/** Thrown where something is not as it should be. One for all: what is wrong is for graphql-js to find and tell. */
export const refusal = new Error('graphql-js has to tell what is wrong');

/** Leaves to graphql-js the one execution that is under way. */
export function refuse(): never {
  throw refusal;
}

/** @returns coerces a request's variables; throws `refusal` where one cannot be taken */
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

/** @returns reads a field's arguments; throws `refusal` where one cannot be taken */
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

/** Of arguments, or of an input object. */
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

/** Of a literal in which there may be variables. */
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

/** What is no list stands for a list of one; a variable that was not given, for null. */
function planList(node: ValueNode, itemType: GraphQLInputType): ReadValue {
  const items = (node.kind === Kind.LIST ? node.values : [node]).map((item) => planMember(item, itemType, undefined));
  return (variables) => items.map((read) => read(variables) ?? null);
}

/** That one of OneOf has one member, and not null, is known of a valid document. */
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

/** Shared by all executions from now on. */
function frozen(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  for (const member of Object.values(value)) frozen(member);
  return Object.freeze(value);
}
