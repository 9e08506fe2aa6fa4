/** Caches parsed and validated queries by their text, and finds the requested operation in them. */
import {
  type ASTNode,
  BREAK,
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  parse,
  type SelectionSetNode,
  validate,
  visit,
} from 'graphql';
import { withoutStack } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { requestError, toldError } from './graphql-errors.ts';
import { Repetition } from './plans/repetition.ts';
import { depthOf, nestingOf } from './query-limits.ts';
import { conditionsAtRoot } from './subscription-root.ts';

/** One operation of a valid document. */
export interface Operation {
  readonly document: DocumentNode;
  readonly definition: OperationDefinitionNode;
  /** True if the operation selects only the schema: it does not need the store. */
  readonly isIntrospection: boolean;
  /** Executes the operation by a plan once it is repeated. */
  readonly repetition: Repetition;
}

/** A valid document, with those of its operations that were requested. */
interface KnownDocument {
  readonly document: DocumentNode;
  readonly operations: Map<OperationDefinitionNode, Operation>;
}

export class Operations {
  readonly #schema: GraphQLSchema;
  /** In the order of their last use. */
  readonly #documentsByQuery = new Map<string, KnownDocument>();
  #characters = 0;
  /** The operation requested last, which is the most likely next one: found without hashing the text. */
  #last: { readonly query: string; readonly name: string | undefined; readonly operation: Operation } | undefined;

  constructor(schema: GraphQLSchema) {
    this.#schema = schema;
  }

  /** The operation, or the errors in the query. */
  find(query: string, name: string | undefined): Operation | readonly GraphQLError[] {
    if (this.#last?.query === query && this.#last.name === name) return this.#last.operation;
    const known = this.#documentsByQuery.get(query) ?? this.#check(query);
    if (!('document' in known)) return known;
    this.#use(query, known);
    const { document, operations } = known;
    const definition = getOperationAST(document, name);
    if (definition == null) {
      const problem =
        name === undefined ? 'the query has several operations: name one' : `the query has no operation ${name}`;
      return [requestError(problem, 'OPERATION_RESOLUTION_FAILURE')];
    }
    const operation = operations.get(definition) ?? this.#operation(definition, document, query.length);
    operations.set(definition, operation);
    this.#last = { query, name, operation };
    return operation;
  }

  #operation(definition: OperationDefinitionNode, document: DocumentNode, characters: number): Operation {
    return {
      document,
      definition,
      isIntrospection: isIntrospection(definition, document),
      repetition: new Repetition(this.#schema, document, definition, characters / limits.charactersPerPlannedField),
    };
  }

  #check(query: string): KnownDocument | readonly GraphQLError[] {
    const { queryCharacters, queryNesting, queryTokens, queryDepth } = limits;
    const refuse = (problem: string) => [requestError(problem, 'GRAPHQL_VALIDATION_FAILED')];
    if (query.length > queryCharacters) {
      return refuse(
        `a query may have at most ${queryCharacters} characters, not ${query.length}: pass data as variables`,
      );
    }
    try {
      const nesting = nestingOf(query);
      if (nesting > queryNesting) return refuse(`a query may nest at most ${queryNesting} brackets, not ${nesting}`);
      const document = withoutStack(() => parse(query, { maxTokens: queryTokens }));
      const depth = depthOf(document);
      if (depth > queryDepth) return refuse(`a query may be at most ${queryDepth} fields deep, not ${depth}`);
      const conditions = conditionsAtRoot(document);
      const errors = conditions.length > 0 ? conditions : validate(this.#schema, document);
      if (errors.length === 0) return { document, operations: new Map() };
      return errors.map((error) => withCode(named(error, document), 'GRAPHQL_VALIDATION_FAILED'));
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      return [withCode(error, 'GRAPHQL_PARSE_FAILED')];
    }
  }

  #use(query: string, document: KnownDocument): void {
    if (!this.#documentsByQuery.delete(query)) this.#characters += query.length;
    this.#documentsByQuery.set(query, document);
    for (const oldest of this.#documentsByQuery.keys()) {
      if (this.#characters <= limits.cachedQueryCharacters) return;
      this.#documentsByQuery.delete(oldest);
      this.#characters -= oldest.length;
    }
  }
}

function withCode(error: GraphQLError, code: string): GraphQLError {
  const { message, nodes, source, positions, originalError, extensions } = error;
  return toldError(message, { nodes, source, positions, originalError, extensions: { code, ...extensions } });
}

/** Adds the argument's name to an error of a scalar, which does not know the place of the literal that it refuses. */
function named(error: GraphQLError, document: DocumentNode): GraphQLError {
  const [literal] = error.nodes ?? [];
  if (literal === undefined || error.extensions.code !== 'BAD_USER_INPUT') return error;
  const argument = argumentOf(literal, document);
  if (argument === '') return error;
  const { message, nodes, originalError, extensions } = error;
  return toldError(`${argument}: ${message}`, { nodes, originalError, extensions: { ...extensions, argument } });
}

/**
 * The place of a value in the arguments of its field, as `where.or.1.in.0`; empty if it is not in one, as a variable's
 * default.
 */
function argumentOf(value: ASTNode, document: DocumentNode): string {
  let argument = '';
  visit(document, {
    enter(node, _key, parent, _path, ancestors) {
      if (node !== value || parent === undefined) return undefined;
      const places = [...ancestors, parent, node].map((ancestor, depth, all) => {
        if (!('kind' in ancestor)) return undefined;
        if (ancestor.kind === Kind.ARGUMENT || ancestor.kind === Kind.OBJECT_FIELD) return ancestor.name.value;
        const list = all[depth - 1];
        const isItem = list !== undefined && !('kind' in list) && isList(all[depth - 2]);
        return isItem ? String(list.indexOf(ancestor)) : undefined;
      });
      argument = places.filter((place) => place !== undefined).join('.');
      return BREAK;
    },
  });
  return argument;
}

const isList = (node: ASTNode | readonly ASTNode[] | undefined): boolean =>
  node !== undefined && 'kind' in node && node.kind === Kind.LIST;

function isIntrospection({ operation, selectionSet }: OperationDefinitionNode, document: DocumentNode): boolean {
  const spread = new Set<string>();
  const isMeta = ({ selections }: SelectionSetNode): boolean =>
    selections.every((selection) => {
      if (selection.kind === Kind.FIELD) return selection.name.value.startsWith('__');
      if (selection.kind === Kind.INLINE_FRAGMENT) return isMeta(selection.selectionSet);
      const name = selection.name.value;
      if (spread.has(name)) return true;
      spread.add(name);
      return document.definitions.every(
        (definition) =>
          definition.kind !== Kind.FRAGMENT_DEFINITION ||
          definition.name.value !== name ||
          isMeta(definition.selectionSet),
      );
    });
  return operation === 'query' && isMeta(selectionSet);
}
