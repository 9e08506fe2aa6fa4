/** One GraphQL operation as it is asked for, and as it is found valid. */
import type { Operation } from './operation-cache.ts';

export interface OperationRequest {
  readonly query: string;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | null | undefined;
  /** Beside the one in `extensions.causality.token`, as it may come with HTTP's header. */
  readonly token?: string | undefined;
  /** False where a mutation would be against the rules of its door: HTTP GET. */
  readonly mayWrite: boolean;
}

/** An operation that was found valid, and the request that it is run with. */
export class Prepared {
  readonly operation: Operation;
  readonly request: OperationRequest;
  constructor(operation: Operation, request: OperationRequest) {
    this.operation = operation;
    this.request = request;
  }
}

export type OperationKind = 'query' | 'mutation' | 'subscription';
