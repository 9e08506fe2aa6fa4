/**
 * What makes two subscriptions one.
 * L30. Equal are those of the same query, operation, variables and rights that alike ask for tokens or not; the token with
 *      which one comes back makes no difference, as it only says where that one begins.
 */
import { type FieldNode, type FragmentDefinitionNode, Kind, type OperationDefinitionNode, visit } from 'graphql';
import { canonicalJson } from '../../replica/values/canonical-json.ts';
import { isTokenAsked } from '../operation/causality.ts';
import type { Operation } from '../operation/operation-cache.ts';
import type { OperationRequest } from '../operation/request.ts';

/** Nobody is asked yet who they are: all see the same. */
const everybody = 'everybody';

const tokenVariables = new WeakMap<OperationDefinitionNode, { readonly name: string | undefined }>();

export function sharingKey(operation: Operation, request: OperationRequest): string {
  const { query, operationName, variables } = request;
  const shared: Record<string, unknown> = { ...variables };
  const token = tokenVariableOf(operation);
  if (token !== undefined) delete shared[token];
  return canonicalJson([everybody, isTokenAsked(request), operationName ?? null, shared, query]);
}

/** The variable that is the root field's `after`, and nothing else. */
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
      // Where it is defined is no use of it.
      VariableDefinition: () => false,
      Variable: (variable) => {
        if (variable.name.value === name) uses += 1;
      },
    });
  }
  return uses;
}
