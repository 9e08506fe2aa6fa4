/** Validates the root selection of a subscription. */
import {
  type DirectiveNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  OperationTypeNode,
  type SelectionSetNode,
} from 'graphql';
import { withoutStack } from '../../errors.ts';

const conditions: ReadonlySet<string> = new Set(['skip', 'include']);

/**
 * A subscription must have one root field whatever its variables are, so `@skip` and `@include` are refused there:
 * GraphQL specification, September 2025, CollectSubscriptionFields. graphql-js lacks this rule, and fails on such
 * operations.
 */
export function conditionsAtRoot(document: DocumentNode): readonly GraphQLError[] {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const errors: GraphQLError[] = [];
  const looked = new Set<SelectionSetNode>();
  const look = (selectionSet: SelectionSetNode | undefined) => {
    if (selectionSet === undefined || looked.has(selectionSet)) return;
    looked.add(selectionSet);
    for (const selection of selectionSet.selections) {
      const found = selection.directives?.find(({ name }) => conditions.has(name.value));
      if (found !== undefined) errors.push(refused(found));
      if (selection.kind === Kind.INLINE_FRAGMENT) look(selection.selectionSet);
      if (selection.kind === Kind.FRAGMENT_SPREAD) look(fragments.get(selection.name.value)?.selectionSet);
    }
  };
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION || definition.operation !== OperationTypeNode.SUBSCRIPTION)
      continue;
    look(definition.selectionSet);
  }
  return errors;
}

const refused = (directive: DirectiveNode) =>
  withoutStack(
    () =>
      new GraphQLError(`@${directive.name.value} is not allowed at the root of a subscription: leave it out`, {
        nodes: directive,
      }),
  );
