/** A GraphQL operation as requested, and as prepared for execution. */
import type { Operation } from './operation-cache.ts';

export interface OperationRequest {
  readonly query: string;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | null | undefined;
  /** The token from the HTTP header, in addition to `extensions.causality.token`. */
  readonly token?: string | undefined;
  /** False if the transport does not allow mutations: HTTP GET. */
  readonly mayWrite: boolean;
}

/** A valid operation with the request that asked for it. */
export class Prepared {
  readonly operation: Operation;
  readonly request: OperationRequest;
  constructor(operation: Operation, request: OperationRequest) {
    this.operation = operation;
    this.request = request;
  }
}

export type OperationKind = 'query' | 'mutation' | 'subscription';
