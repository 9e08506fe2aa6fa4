/**
 * One GraphQL operation, whichever door it came in by: it waits for its token, opens its one view or transaction, commits
 * what it wrote, and answers with the token of what it shows.
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

/** The parts of a request that its execution needs: an open subscription keeps no more of it. */
type RunWith = Pick<OperationRequest, 'operationName' | 'variables'>;

interface ShowWith extends RunWith {
  readonly isTokenAsked: boolean;
  /** Of the subscription: each of its events has them. */
  readonly warnings: Warnings | undefined;
}

/** Told what was done, for metrics. */
export interface ExecutionObserver {
  /** @param code the first error's, if there was any */
  finished(kind: OperationKind | 'invalid', code: string | undefined, milliseconds: number): void;
  /** @param change 1 where one begins, -1 where it is over */
  subscriptions(change: 1 | -1): void;
}

export interface ExecutionOptions {
  readonly schema: GraphQLSchema;
  readonly replica: Replica;
  readonly definitions: Definitions;
  readonly attachments: Attachments;
  readonly logger: Logger;
  readonly observer: ExecutionObserver;
  /** Milliseconds that never go back. */
  readonly elapsed: () => number;
  /** Whether answers name what does not exist, in `extensions.warnings`. */
  readonly warns: boolean;
}

export class Execution {
  readonly #options: ExecutionOptions;
  readonly #operations: Operations;
  readonly #subscriptions: Subscriptions;
  /** Operations that were begun and are not answered, and who waits until there are none. */
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

  /** Resolves once nothing runs but subscriptions. */
  settled(): Promise<void> {
    return this.#running === 0 ? Promise.resolve() : new Promise((resolve) => this.#settled.push(resolve));
  }

  /** What is to be run, or what is wrong with the request. Never throws. */
  prepare(asked: OperationRequest): Prepared | readonly GraphQLError[] {
    // Some clients send an empty name where they have none.
    const request = asked.operationName === '' ? { ...asked, operationName: undefined } : asked;
    const operation = this.#find(request);
    if ('definition' in operation) return new Prepared(operation, request);
    const errors = operation.map((error) => this.#publicError(error));
    this.#options.observer.finished('invalid', codeOf({ errors }), 0);
    return errors;
  }

  /** Of a query or a mutation. Never rejects: errors are part of the answer. */
  run({ operation, request }: Prepared): Promise<Answer> {
    return this.#measured(
      operation,
      () => this.#run(operation, request),
      (shown) => answerTo(request, shown, operation.definition.operation === 'mutation'),
    );
  }

  /** What is wrong with a subscription, or the subscription; then its events come over the reader's connection. Never rejects. */
  subscribe({ operation, request }: Prepared, reader: Reader): Promise<Result | Subscription> {
    return this.#measured(
      operation,
      () => this.#subscribe(operation, request, reader),
      (opened) => opened,
    );
  }

  /** @param give makes of what came out of the work what is given back */
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

  /** Not async, as each function on the way of an answer makes it wait for turns of its own. */
  #run(operation: Operation, request: OperationRequest): Result | Promise<Result> {
    const { operation: kind } = operation.definition;
    if (operation.isIntrospection) return this.#execute(operation, request, undefined);
    if (kind === 'mutation' && !request.mayWrite) {
      throw requestError('a mutation is sent by POST, not by GET', 'METHOD_NOT_ALLOWED');
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

  /** Not async: while its answer is waited for, nothing is held of what nearly all mutations do not need any more. */
  #mutate(operation: Operation, request: OperationRequest): Promise<Result> {
    if (!operation.repetition.isPlanned) return this.#mutateUnplanned(operation, request);
    const transaction = this.#options.replica.begin();
    const context = this.#context(transaction.reader, transaction);
    const planned = this.#repeat(operation, request, context);
    if (planned !== undefined) return this.#commit(transaction, planned, operation, request, context.warnings);
    // From the beginning: what a plan may have done does not count.
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

  /** @param first what the operation gave before the commit */
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

  /** Of a mutation. */
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
    // For as long as it is open: its query is the operation's.
    const { operationName, variables } = request;
    const { warnings } = contextValue;
    const runWith = { operationName, variables, isTokenAsked: isTokenAsked(request), warnings };
    const execute = (event: unknown) => this.#show(operation, runWith, event);
    return this.#subscriptions.open({ key, source, execute }, reader);
  }

  /** What an event shows: at least all that it was made of, and its own token where it has one. Never fails. */
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

  /** What an operation that came before gives at once; undefined where it is to be executed, from the beginning. */
  #repeat(
    { repetition }: Operation,
    { variables }: RunWith,
    contextValue: Context,
    rootValue?: unknown,
  ): Result | undefined {
    const data = repetition.execute(variables, contextValue, rootValue);
    return data && { data };
  }

  /** Gives no promise where no resolver does: so a transaction is begun, run and committed in one turn. */
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

/** Events of live queries and of the log carry the token of what they show. */
function tokenOf(event: unknown): string | undefined {
  return typeof event === 'object' && event !== null && 'token' in event && typeof event.token === 'string'
    ? event.token
    : undefined;
}
