/**
 * The key by which subscriptions are shared.
 * L30. Subscriptions are equal if they have the same query, operation, variables and rights, and both ask for tokens or
 * both do not.
 *      The token with which one resumes does not matter, as it only says where that one starts.
 */
import { type FieldNode, type FragmentDefinitionNode, Kind, type OperationDefinitionNode, visit } from 'graphql';
import { canonicalJson } from '../../replica/values/canonical-json.ts';
import { isTokenAsked } from '../operation/causality.ts';
import type { Operation } from '../operation/operation-cache.ts';
import type { OperationRequest } from '../operation/request.ts';

/** Clients are not authenticated, so all have the same rights. */
const everybody = 'everybody';

const tokenVariables = new WeakMap<OperationDefinitionNode, { readonly name: string | undefined }>();

export function sharingKey(operation: Operation, request: OperationRequest): string {
  const { query, operationName, variables } = request;
  const shared: Record<string, unknown> = { ...variables };
  const token = tokenVariableOf(operation);
  if (token !== undefined) delete shared[token];
  return canonicalJson([everybody, isTokenAsked(request), operationName ?? null, shared, query]);
}

/** The variable that is used only as the root field's `after`. */
function tokenVariableOf({ definition, document }: Operation): string | undefined {
  const known = tokenVariables.get(definition);
  if (known !== undefined) return known.name;
  const fragments = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
  const name = variableOf(definition);
  const uses = name === undefined ? 0 : usesOf(name, [definition, ...fragments]);
  const found = { name: uses === 1 ? name : undefined };
  tokenVariables.set(definition, found);
  return found.name;
}

function variableOf({ selectionSet }: OperationDefinitionNode): string | undefined {
  const [field] = selectionSet.selections.filter((selection): selection is FieldNode => selection.kind === Kind.FIELD);
  const value = field?.arguments?.find((argument) => argument.name.value === 'after')?.value;
  return value?.kind === Kind.VARIABLE ? value.name.value : undefined;
}

function usesOf(name: string, nodes: readonly (OperationDefinitionNode | FragmentDefinitionNode)[]): number {
  let uses = 0;
  for (const node of nodes) {
    visit(node, {
      // The definition of a variable is not a use of it.
      VariableDefinition: () => false,
      Variable: (variable) => {
        if (variable.name.value === name) uses += 1;
      },
    });
  }
  return uses;
}
