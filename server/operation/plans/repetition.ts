/** Executes a repeated operation by a plan from its second time on, if the first execution succeeded synchronously. */
import type { DocumentNode, ExecutionResult, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import type { Variables } from './input.ts';
import { type Data, NotPlannedError, Plan } from './plan.ts';

export class Repetition {
  readonly #schema: GraphQLSchema;
  readonly #document: DocumentNode;
  readonly #definition: OperationDefinitionNode;
  readonly #room: number;
  #state: 'untried' | 'to plan' | 'left to graphql-js' = 'untried';
  #plan: Plan | undefined;

  /** @param document valid @param room the maximum number of planned fields */
  constructor(schema: GraphQLSchema, document: DocumentNode, definition: OperationDefinitionNode, room: number) {
    this.#schema = schema;
    this.#document = document;
    this.#definition = definition;
    this.#room = room;
  }

  /** Whether it is worth while to begin anything for execute(). */
  get isPlanned(): boolean {
    return this.#planned() !== undefined;
  }

  /**
   * Executes the operation by its plan. Undefined: graphql-js must execute it from the start. The resolver calls made
   * here are then discarded, and errors thrown here will be thrown again.
   */
  execute(variables: Variables | null | undefined, contextValue: unknown, rootValue: unknown): Data | undefined {
    const plan = this.#planned();
    if (plan === undefined) return undefined;
    try {
      return plan.execute(variables ?? {}, contextValue, rootValue);
    } catch (error) {
      if (error instanceof NotPlannedError) this.#leave();
      return undefined;
    }
  }

  /**
   * Must be called with the result of an execution by graphql-js. A plan would be useless for one that was
   * asynchronous.
   */
  learn(executed: ExecutionResult | Promise<ExecutionResult>): void {
    if (executed instanceof Promise) this.#leave();
    else if (executed.errors === undefined && this.#state === 'untried') this.#state = 'to plan';
  }

  #planned(): Plan | undefined {
    if (this.#plan !== undefined || this.#state !== 'to plan') return this.#plan;
    try {
      this.#plan = new Plan(this.#schema, this.#document, this.#definition, this.#room);
    } catch {
      this.#leave();
    }
    return this.#plan;
  }

  #leave(): void {
    this.#state = 'left to graphql-js';
    this.#plan = undefined;
  }
}
