/**
 * How an operation is executed, worked out once: which fields of which types, what of their arguments is known, how each value
 * is completed. graphql-js works that out anew in each execution, which takes longer than what a small mutation does.
 *
 * A plan gives only what succeeds at once. Wherever something is out of the ordinary (a value that does not fit, a resolver
 * that throws or gives a promise) it throws, and graphql-js is to execute the operation from the beginning: so errors are its
 * own, to the letter. Resolvers are called in the same order, with the same arguments, as by graphql-js.
 * Source: GraphQL specification, October 2021, section 6 (Execution), as graphql-js 16 has it.
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

/** What is the same in all of one execution. */
interface Run {
  readonly variables: Variables;
  readonly contextValue: unknown;
  readonly rootValue: unknown;
}

/** Completes what a resolver gave. @param info of its field @param path to the value: in a list, beyond the field's */
type Complete = (value: unknown, info: GraphQLResolveInfo, path: Path, run: Run) => unknown;

/** The operation is left to graphql-js, for good. */
export class NotPlannedError extends Error {}

type NullableOutputType = Exclude<GraphQLOutputType, GraphQLNonNull<GraphQLNullableType>>;

/** Of one key, in the order in which they stand. */
type FieldNodes = [FieldNode, ...FieldNode[]];

interface PlannedField {
  /** As the answer has it: its alias, or its name. */
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
  /** So many fields may be planned yet. */
  #room: number;

  /**
   * @param document valid, with one operation
   * @param room so many fields may be planned: each takes about a kilobyte of memory
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

  /** @throws where there is any error, or anything to wait for: nothing of this execution counts */
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

  /** Fields of one key are merged, at the place of the first. */
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

  /** Of what is neither null nor an error. */
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

  /** Planned for each type of what is found. */
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

/** Nobody waits for them: that they are rejected is no error. */
function abandon(values: readonly unknown[]): never {
  for (const value of values) if (isPromise(value)) value.then(undefined, () => {});
  throw new NotPlannedError();
}

/** As graphql-js has it. */
const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';

const isIterable = (value: unknown): value is Iterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.iterator in value;

/** Whether there is nothing in a document that is left to graphql-js: what is rare, and names that an object has a meaning for. */
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
