/**
 * Executes GraphQL operations of every transport: waits for the request's tokens, opens one view or transaction,
 * commits the writes, and answers with the token of the version shown.
 */

import { createSourceEventStream, type ExecutionResult, execute, type GraphQLError, type GraphQLSchema } from 'graphql';
import type { Definitions } from '../../definitions/definitions.ts';
import { limits } from '../../limits.ts';
import type { Logger } from '../../replica/environment/logger.ts';
import type { DocumentReader } from '../../replica/query/access/document-reader.ts';
import type { Replica } from '../../replica/replica.ts';
import type { Transaction } from '../../replica/transaction.ts';
import type { Context } from '../../resolvers/context.ts';
import { Source } from '../../resolvers/streams.ts';
import { Warnings } from '../../resolvers/warnings.ts';
import type { Attachments } from '../../uploads/attachments.ts';
import { isTokenAsked, tokensOf } from '../operation/causality.ts';
import { publicError, requestError } from '../operation/graphql-errors.ts';
import { type Operation, Operations } from '../operation/operation-cache.ts';
import { type OperationKind, type OperationRequest, Prepared } from '../operation/request.ts';
import { type Answer, answerTo, codeOf, type Result, shows } from '../operation/result.ts';
import { sharingKey } from '../subscriptions/sharing-key.ts';
import type { Subscription } from '../subscriptions/subscription.ts';
import { type Reader, Subscriptions } from '../subscriptions/subscriptions.ts';

/** The parts of a request that the execution needs: an open subscription keeps only these. */
type RunWith = Pick<OperationRequest, 'operationName' | 'variables'>;

interface ShowWith extends RunWith {
  readonly isTokenAsked: boolean;
  /** The warnings of the subscription, repeated with each event. */
  readonly warnings: Warnings | undefined;
}

/** Observes executions, for metrics. */
export interface ExecutionObserver {
  /** @param code the code of the first error, if there is one */
  finished(kind: OperationKind | 'invalid', code: string | undefined, milliseconds: number): void;
  /** @param change 1 when a subscription starts, -1 when it ends */
  subscriptions(change: 1 | -1): void;
}

export interface ExecutionOptions {
  readonly schema: GraphQLSchema;
  readonly replica: Replica;
  readonly definitions: Definitions;
  readonly attachments: Attachments;
  readonly logger: Logger;
  readonly observer: ExecutionObserver;
  /** A monotonic clock, in milliseconds. */
  readonly elapsed: () => number;
  /** Whether responses list names that do not exist, in `extensions.warnings`. */
  readonly warns: boolean;
}

export class Execution {
  readonly #options: ExecutionOptions;
  readonly #operations: Operations;
  readonly #subscriptions: Subscriptions;
  /** The number of operations that are not answered yet, and the callers that wait until there are none. */
  #running = 0;
  #settled: (() => void)[] = [];

  constructor(options: ExecutionOptions) {
    this.#options = options;
    this.#operations = new Operations(options.schema);
    this.#subscriptions = new Subscriptions({
      token: () => options.replica.token,
      publicError: (error) => this.#publicError(error),
      changed: (change) => options.observer.subscriptions(change),
    });
  }

  /** Resolves once nothing but subscriptions is running. */
  settled(): Promise<void> {
    return this.#running === 0 ? Promise.resolve() : new Promise((resolve) => this.#settled.push(resolve));
  }

  /** The prepared operation, or the errors in the request. Never throws. */
  prepare(asked: OperationRequest): Prepared | readonly GraphQLError[] {
    // Some clients send an empty name for no name.
    const request = asked.operationName === '' ? { ...asked, operationName: undefined } : asked;
    const operation = this.#find(request);
    if ('definition' in operation) return new Prepared(operation, request);
    const errors = operation.map((error) => this.#publicError(error));
    this.#options.observer.finished('invalid', codeOf({ errors }), 0);
    return errors;
  }

  /** Runs a query or a mutation. Never rejects: errors are part of the answer. */
  run({ operation, request }: Prepared): Promise<Answer> {
    return this.#measured(
      operation,
      () => this.#run(operation, request),
      (shown) => answerTo(request, shown, operation.definition.operation === 'mutation'),
    );
  }

  /**
   * Opens a subscription, whose events are then sent over the reader's connection. Returns the error if that fails.
   * Never rejects.
   */
  subscribe({ operation, request }: Prepared, reader: Reader): Promise<Result | Subscription> {
    return this.#measured(
      operation,
      () => this.#subscribe(operation, request, reader),
      (opened) => opened,
    );
  }

  /** @param give converts the outcome to the returned value */
  #measured<Outcome extends Result | Subscription, Given>(
    { definition }: Operation,
    work: () => Outcome | Promise<Outcome>,
    give: (outcome: Outcome | Result) => Given,
  ): Promise<Given> {
    const { observer, elapsed } = this.#options;
    const begun = elapsed();
    this.#running += 1;
    const finished = (outcome: Outcome | Result): Given => {
      this.#running -= 1;
      if (this.#running === 0) for (const resolve of this.#settled.splice(0)) resolve();
      observer.finished(definition.operation, 'errors' in outcome ? codeOf(outcome) : undefined, elapsed() - begun);
      return give(outcome);
    };
    const failed = (error: unknown) => finished(this.#failed([error]));
    let outcome: Outcome | Promise<Outcome>;
    try {
      outcome = work();
    } catch (error) {
      return Promise.resolve(failed(error));
    }
    return outcome instanceof Promise ? outcome.then(finished, failed) : Promise.resolve(finished(outcome));
  }

  #find({ query, operationName }: OperationRequest): Operation | readonly unknown[] {
    try {
      return this.#operations.find(query, operationName ?? undefined);
    } catch (error) {
      return [error];
    }
  }

  /** Not async: each async function delays the response by turns of its own. */
  #run(operation: Operation, request: OperationRequest): Result | Promise<Result> {
    const { operation: kind } = operation.definition;
    if (operation.isIntrospection) return this.#execute(operation, request, undefined);
    if (kind === 'mutation' && !request.mayWrite) {
      throw requestError('a mutation must be sent by POST, not by GET', 'METHOD_NOT_ALLOWED');
    }
    const tokens = tokensOf(request);
    if (tokens.length > 0) return this.#runAfter(tokens, operation, request);
    return kind === 'mutation' ? this.#mutate(operation, request) : this.#query(operation, request);
  }

  async #runAfter(tokens: readonly string[], operation: Operation, request: OperationRequest): Promise<Result> {
    const { replica } = this.#options;
    for (const token of tokens) await replica.waitFor(token, limits.tokenWaitMilliseconds);
    const isMutation = operation.definition.operation === 'mutation';
    return await (isMutation ? this.#mutate(operation, request) : this.#query(operation, request));
  }

  async #query(operation: Operation, request: OperationRequest): Promise<Result> {
    using view = this.#options.replica.read();
    const context = this.#context(view);
    const shown = this.#repeat(operation, request, context) ?? (await this.#execute(operation, request, context));
    return shows(view.token, shown, context.warnings);
  }

  /** Not async: while the commit is awaited, this keeps nothing alive that most mutations no longer need. */
  #mutate(operation: Operation, request: OperationRequest): Promise<Result> {
    if (!operation.repetition.isPlanned) return this.#mutateUnplanned(operation, request);
    const transaction = this.#options.replica.begin();
    const context = this.#context(transaction.reader, transaction);
    const planned = this.#repeat(operation, request, context);
    if (planned !== undefined) return this.#commit(transaction, planned, operation, request, context.warnings);
    // Start over: what the plan may have done does not count.
    transaction.close();
    return this.#mutateUnplanned(operation, request);
  }

  async #mutateUnplanned(operation: Operation, request: OperationRequest): Promise<Result> {
    const transaction = this.#options.replica.begin();
    try {
      const context = this.#context(transaction.reader, transaction);
      const executed = this.#execute(operation, request, context);
      const first = executed instanceof Promise ? await executed : executed;
      if (first.errors !== undefined) return 'data' in first ? { errors: first.errors, data: null } : first;
      return await this.#commit(transaction, first, operation, request, context.warnings);
    } catch (error) {
      return this.#undone(error);
    } finally {
      transaction.close();
    }
  }

  /** @param first the result of the operation before the commit */
  #commit(
    transaction: Transaction,
    first: Result,
    operation: Operation,
    request: OperationRequest,
    warnings: Warnings | undefined,
  ): Promise<Result> {
    return this.#options.replica.commit(transaction).then(
      ({ token, again }) =>
        again === undefined ? shows(token, first, warnings) : this.#executeAgain(again, token, operation, request),
      (error: unknown) => this.#undone(error),
    );
  }

  async #executeAgain(
    again: Transaction,
    token: string,
    operation: Operation,
    request: OperationRequest,
  ): Promise<Result> {
    try {
      const context = this.#context(again.reader, again);
      return shows(token, await this.#execute(operation, request, context), context.warnings);
    } catch (error) {
      return this.#undone(error);
    } finally {
      again.close();
    }
  }

  /** The result of a failed mutation. */
  #undone(error: unknown): Result {
    return { ...this.#failed([error]), data: null };
  }

  async #subscribe(operation: Operation, request: OperationRequest, reader: Reader): Promise<Result | Subscription> {
    const { replica, schema } = this.#options;
    const key = sharingKey(operation, request);
    this.#subscriptions.check(key);
    for (const token of tokensOf(request)) await replica.waitFor(token, limits.tokenWaitMilliseconds);
    using view = replica.read();
    const contextValue = this.#context(view);
    const source = await createSourceEventStream({
      schema,
      document: operation.document,
      operationName: request.operationName,
      variableValues: request.variables,
      contextValue,
    });
    if (!(source instanceof Source)) return this.#failed('errors' in source ? (source.errors ?? []) : []);
    if (!reader.isWaiting()) return {};
    // Kept as long as the subscription is open; the query itself is kept by the operation.
    const { operationName, variables } = request;
    const { warnings } = contextValue;
    const runWith = { operationName, variables, isTokenAsked: isTokenAsked(request), warnings };
    const execute = (event: unknown) => this.#show(operation, runWith, event);
    return this.#subscriptions.open({ key, source, execute }, reader);
  }

  /**
   * The result of an event: it shows at least the event's version, and has the event's own token if there is one. Never
   * fails.
   */
  #show(operation: Operation, request: ShowWith, event: unknown): Result | Promise<Result> {
    try {
      const view = this.#options.replica.read();
      const token = request.isTokenAsked ? (tokenOf(event) ?? view.token) : undefined;
      const told = (result: Result) => shows(token, result, request.warnings);
      const context = this.#context(view);
      const shown =
        this.#repeat(operation, request, context, event) ?? this.#execute(operation, request, context, event);
      if (shown instanceof Promise) {
        return shown
          .then(told)
          .catch((error: unknown) => this.#failed([error]))
          .finally(() => view.close());
      }
      view.close();
      return told(shown);
    } catch (error) {
      return this.#failed([error]);
    }
  }

  /** Executes a repeated operation by its plan; undefined if graphql-js must execute it from the start. */
  #repeat(
    { repetition }: Operation,
    { variables }: RunWith,
    contextValue: Context,
    rootValue?: unknown,
  ): Result | undefined {
    const data = repetition.execute(variables, contextValue, rootValue);
    return data && { data };
  }

  /** Returns a promise only if a resolver does, so that a transaction can start, run and commit in one turn. */
  #execute(
    { document, repetition }: Operation,
    { operationName, variables }: RunWith,
    contextValue: Context | undefined,
    rootValue?: unknown,
  ): Result | Promise<Result> {
    const { schema } = this.#options;
    const args = { schema, document, operationName, variableValues: variables, contextValue, rootValue };
    const executed = execute(args);
    repetition.learn(executed);
    return executed instanceof Promise ? executed.then((result) => this.#told(result)) : this.#told(executed);
  }

  #told({ data, errors }: ExecutionResult): Result {
    if (errors === undefined) return { data };
    return data === undefined ? this.#failed(errors) : { ...this.#failed(errors), data };
  }

  #context(reader: DocumentReader, transaction?: Transaction): Context {
    const { replica, definitions, attachments, warns } = this.#options;
    const warnings = warns ? new Warnings(reader, definitions) : undefined;
    return { replica, definitions, attachments, reader, transaction, warnings };
  }

  #failed(errors: readonly unknown[]): Result {
    return { errors: errors.map((error) => this.#publicError(error)) };
  }

  #publicError(error: unknown): GraphQLError {
    return publicError(error, this.#options.logger);
  }
}

/** Events of live queries and of the log carry the token of the version that they show. */
function tokenOf(event: unknown): string | undefined {
  return typeof event === 'object' && event !== null && 'token' in event && typeof event.token === 'string'
    ? event.token
    : undefined;
}
