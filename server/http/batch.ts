/** Batches: several operations in one POST request, as a JSON array, as Apollo's batching link sends them. */
import type { GraphQLParams } from 'graphql-yoga';
import { limits } from '../../limits.ts';
import type { Execution } from '../execution/execution.ts';
import { requestError } from '../operation/graphql-errors.ts';
import type { OperationRequest } from '../operation/request.ts';
import type { Answer } from '../operation/result.ts';
import { runJsonPost } from './json-post.ts';

/** @throws {GraphQLError} with code BAD_REQUEST if the batch is empty or too large */
export function checkBatch(operations: readonly unknown[]): void {
  if (operations.length > 0 && operations.length <= limits.batchedOperations) return;
  const problem = `a batch must have 1 to ${limits.batchedOperations} operations, not ${operations.length}`;
  throw requestError(problem, 'BAD_REQUEST');
}

/** Runs the operations one after the other, so that each sees the mutations before it. Never rejects. */
export async function runBatch(
  execution: Execution,
  batch: readonly GraphQLParams[],
  requestOf: (parameters: GraphQLParams) => OperationRequest,
): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (const parameters of batch) {
    const answer = await runJsonPost(execution, requestOf(parameters), parameters);
    answers.push(answer ?? { result: { errors: [notBatched] }, token: undefined });
  }
  return answers;
}

const notBatched = requestError(
  'an operation of a batch must be a query or a mutation: a string `query`, and objects for variables and extensions; send a subscription by itself',
  'BAD_REQUEST',
);
