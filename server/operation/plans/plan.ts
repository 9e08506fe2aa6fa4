/**
 * A plan: the precomputed execution of an operation, with its fields by type, its known arguments and the completion of
 * each value. graphql-js computes this anew for each execution, which takes longer than a small mutation itself.
 *
 * A plan only handles executions that succeed synchronously. In any other case (an invalid value, a resolver that
 * throws or returns a promise) it throws, and graphql-js executes the operation from the start, so all errors are
 * graphql-js's own. Resolvers are called in the same order and with the same arguments as by graphql-js.
 * Source: GraphQL specification, October 2021, section 6 (Execution), as implemented in graphql-js 16.
 */
import {
  BREAK,
  type DocumentNode,
  defaultFieldResolver,
  defaultTypeResolver,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLAbstractType,
  type GraphQLNonNull,
  type GraphQLNullableType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type NamedTypeNode,
  type OperationDefinitionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { planArguments, planVariables, refuse, type Variables } from './input.ts';

export type Data = Record<string, unknown>;

type Path = GraphQLResolveInfo['path'];

/** The constants of one execution. */
interface Run {
  readonly variables: Variables;
  readonly contextValue: unknown;
  readonly rootValue: unknown;
}

/**
 * Completes a resolver's value.
 * @param info of its field
 * @param path of the value, which for a list item is below the field's
 */
type Complete = (value: unknown, info: GraphQLResolveInfo, path: Path, run: Run) => unknown;

/** Leaves the operation to graphql-js permanently. */
export class NotPlannedError extends Error {}

type NullableOutputType = Exclude<GraphQLOutputType, GraphQLNonNull<GraphQLNullableType>>;

/** The nodes of one response key, in the order of their occurrence. */
type FieldNodes = [FieldNode, ...FieldNode[]];

interface PlannedField {
  /** The response key: the alias, or else the name. */
  readonly key: string;
  readonly read: (source: unknown, path: Path | undefined, run: Run) => unknown;
}

type Selection = readonly PlannedField[];

export class Plan {
  readonly #schema: GraphQLSchema;
  readonly #operation: OperationDefinitionNode;
  readonly #fragments: Record<string, FragmentDefinitionNode> = Object.create(null);
  readonly #readVariables: (given: Variables) => Variables;
  readonly #root: Selection;
  /** How many more fields may be planned. */
  #room: number;

  /**
   * @param document valid, with a single operation
   * @param room the maximum number of planned fields: each takes about a kilobyte of memory
   * @throws {NotPlannedError}
   */
  constructor(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, room: number) {
    if (!isPlannable(document)) throw new NotPlannedError();
    this.#schema = schema;
    this.#operation = operation;
    this.#room = room;
    for (const definition of document.definitions) {
      if (definition.kind === Kind.FRAGMENT_DEFINITION) this.#fragments[definition.name.value] = definition;
    }
    const type = schema.getRootType(operation.operation);
    if (type == null) throw new NotPlannedError();
    this.#readVariables = planVariables(schema, operation.variableDefinitions ?? []);
    this.#root = this.#planSelection(type, [operation]);
  }

  /** @throws if there is an error, or a promise to wait for; the execution must then be discarded */
  execute(given: Variables, contextValue: unknown, rootValue: unknown): Data {
    return read(this.#root, rootValue, undefined, { variables: this.#readVariables(given), contextValue, rootValue });
  }

  #planSelection(
    type: GraphQLObjectType,
    nodes: readonly { readonly selectionSet?: SelectionSetNode | undefined }[],
  ): Selection {
    const nodesByKey = new Map<string, FieldNodes>();
    const spread = new Set<string>();
    for (const { selectionSet } of nodes) {
      if (selectionSet !== undefined) this.#collect(type, selectionSet, nodesByKey, spread);
    }
    return [...nodesByKey].map(([key, fieldNodes]) => this.#planField(type, key, fieldNodes));
  }

  /** Merges fields with the same key at the place of the first. */
  #collect(
    type: GraphQLObjectType,
    { selections }: SelectionSetNode,
    nodesByKey: Map<string, FieldNodes>,
    spread: Set<string>,
  ): void {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        const key = (selection.alias ?? selection.name).value;
        const nodes = nodesByKey.get(key);
        if (nodes === undefined) nodesByKey.set(key, [selection]);
        else nodes.push(selection);
        continue;
      }
      let fragment: { readonly typeCondition?: NamedTypeNode | undefined; readonly selectionSet: SelectionSetNode };
      if (selection.kind === Kind.INLINE_FRAGMENT) fragment = selection;
      else {
        const name = selection.name.value;
        const definition = this.#fragments[name];
        if (definition === undefined || spread.has(name)) continue;
        spread.add(name);
        fragment = definition;
      }
      if (this.#applies(type, fragment.typeCondition)) this.#collect(type, fragment.selectionSet, nodesByKey, spread);
    }
  }

  #applies(type: GraphQLObjectType, condition: NamedTypeNode | undefined): boolean {
    if (condition === undefined || condition.name.value === type.name) return true;
    const conditional = this.#schema.getType(condition.name.value);
    return isAbstractType(conditional) && this.#schema.isSubType(conditional, type);
  }

  #planField(parentType: GraphQLObjectType, key: string, fieldNodes: FieldNodes): PlannedField {
    this.#room -= 1;
    if (this.#room < 0) throw new NotPlannedError();
    const [{ name, arguments: argumentNodes = [] }] = fieldNodes;
    const fieldName = name.value;
    if (fieldName === '__typename') return { key, read: () => parentType.name };
    const field = parentType.getFields()[fieldName];
    if (field === undefined) throw new NotPlannedError();
    const { type: returnType, resolve = defaultFieldResolver } = field;
    const readArguments = planArguments(field.args, argumentNodes);
    const complete = this.#planCompletion(returnType, fieldNodes);
    const schema = this.#schema;
    const fragments = this.#fragments;
    const operation = this.#operation;
    return {
      key,
      read(source, prev, run) {
        const path = { prev, key, typename: parentType.name };
        const { variables: variableValues, contextValue, rootValue } = run;
        const info = {
          fieldName,
          fieldNodes,
          returnType,
          parentType,
          path,
          schema,
          fragments,
          rootValue,
          operation,
          variableValues,
        };
        return complete(resolve(source, readArguments(variableValues), contextValue, info), info, path, run);
      },
    };
  }

  #planCompletion(type: GraphQLOutputType, fieldNodes: readonly FieldNode[]): Complete {
    if (isNonNullType(type)) {
      const complete = this.#planCompletion(type.ofType, fieldNodes);
      return (value, info, path, run) => complete(value, info, path, run) ?? refuse();
    }
    const complete = this.#planPresent(type, fieldNodes);
    return (value, info, path, run) => {
      if (value === null || value === undefined) return null;
      if (value instanceof Error) refuse();
      if (isPromise(value)) abandon([value]);
      return complete(value, info, path, run);
    };
  }

  /** Completes a value that is neither null nor an error. */
  #planPresent(type: NullableOutputType, fieldNodes: readonly FieldNode[]): Complete {
    if (isLeafType(type)) return (value) => type.serialize(value) ?? refuse();
    if (isListType(type)) return this.#planList(type.ofType, fieldNodes);
    return isAbstractType(type) ? this.#planAbstract(type, fieldNodes) : this.#planObject(type, fieldNodes);
  }

  #planList(itemType: GraphQLOutputType, fieldNodes: readonly FieldNode[]): Complete {
    const complete = this.#planCompletion(itemType, fieldNodes);
    return (value, info, prev, run) => {
      if (!isIterable(value)) return refuse();
      const items = [...value];
      if (items.some(isPromise)) abandon(items);
      return items.map((item, key) => complete(item, info, { prev, key, typename: undefined }, run));
    };
  }

  /** Plans each object type when a value of it first occurs. */
  #planAbstract(type: GraphQLAbstractType, fieldNodes: readonly FieldNode[]): Complete {
    const completeByType = new Map<string, Complete>();
    const resolveType = type.resolveType ?? defaultTypeResolver;
    return (value, info, path, run) => {
      const name = resolveType(value, run.contextValue, info, type);
      if (isPromise(name)) return abandon([name]);
      if (name === undefined) return refuse();
      let complete = completeByType.get(name);
      if (complete === undefined) {
        const found = this.#schema.getType(name);
        if (!isObjectType(found) || !this.#schema.isSubType(type, found)) return refuse();
        complete = this.#planObject(found, fieldNodes);
        completeByType.set(name, complete);
      }
      return complete(value, info, path, run);
    };
  }

  #planObject(type: GraphQLObjectType, fieldNodes: readonly FieldNode[]): Complete {
    const selection = this.#planSelection(type, fieldNodes);
    const { isTypeOf } = type;
    if (isTypeOf == null) return (value, _info, path, run) => read(selection, value, path, run);
    return (value, info, path, run) => {
      const isOfType = isTypeOf(value, run.contextValue, info);
      if (isPromise(isOfType)) abandon([isOfType]);
      return isOfType ? read(selection, value, path, run) : refuse();
    };
  }
}

function read(selection: Selection, source: unknown, path: Path | undefined, run: Run): Data {
  const data: Data = {};
  for (const field of selection) data[field.key] = field.read(source, path, run);
  return data;
}

/** Handles the rejection of promises that no one awaits. */
function abandon(values: readonly unknown[]): never {
  for (const value of values) if (isPromise(value)) value.then(undefined, () => {});
  throw new NotPlannedError();
}

/** The same test as in graphql-js. */
const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';

const isIterable = (value: unknown): value is Iterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.iterator in value;

/** True if nothing in the document is left to graphql-js: directives, introspection, names on Object.prototype. */
function isPlannable(document: DocumentNode): boolean {
  let isOrdinary = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION).length === 1;
  const leave = () => {
    isOrdinary = false;
    return BREAK;
  };
  visit(document, {
    Directive: leave,
    Field: ({ name, alias }) => {
      const isOfSchema = name.value.startsWith('__') && name.value !== '__typename';
      return isOfSchema || alias?.value === '__proto__' ? leave() : undefined;
    },
    Variable: ({ name }) => (name.value in Object.prototype ? leave() : undefined),
  });
  return isOrdinary;
}
