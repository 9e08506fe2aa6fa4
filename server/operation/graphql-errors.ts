/**
 * Makes errors safe for clients: ours keep their codes, GraphQL's get the customary ones, and all others are hidden.
 */
import { GraphQLError, type GraphQLErrorOptions, Kind } from 'graphql';
import { hiddenMessage, TidelineError, withoutStack } from '../../errors.ts';
import type { Logger } from '../../replica/environment/logger.ts';

/** GraphQL quotes whole values in its messages, however long they are. */
const messageCharacters = 1_000;

const shorten = (message: string) =>
  message.length <= messageCharacters ? message : `${message.slice(0, messageCharacters)}…`;

/** Creates an error that the client may see. */
export const toldError = (message: string, options: GraphQLErrorOptions) =>
  withoutStack(() => new GraphQLError(message, options));

/** A fault of the request itself, for which errors.ts has no class. */
export const requestError = (message: string, code: string) => toldError(shorten(message), { extensions: { code } });

/** The error and its causes: GraphQL wraps what a resolver or a scalar throws, sometimes twice. */
function causes(error: unknown): readonly unknown[] {
  const chain: unknown[] = [error];
  for (let next = error; next instanceof GraphQLError && next.originalError != null; ) {
    next = next.originalError;
    chain.push(next);
  }
  return chain;
}

/**
 * The variable with the invalid value, and the place in it: `operations.0.increment.by`. GraphQL says this only in its
 * message.
 */
function variableOf({ nodes, message }: GraphQLError): string | undefined {
  const [node] = nodes ?? [];
  if (node?.kind !== Kind.VARIABLE_DEFINITION) return undefined;
  const { value: name } = node.variable.name;
  const [, place = ''] = new RegExp(` at "${name}((?:\\.\\w+|\\[\\d+\\])+)"; `).exec(message) ?? [];
  return `${name}${place.replace(/\[(\d+)\]/g, '.$1')}`;
}

/** Recursion over a client's input overflows the stack if the input is nested deeply enough. */
export const isStackOverflow = (error: unknown): boolean =>
  error instanceof RangeError && error.message === 'Maximum call stack size exceeded';

/**
 * The error as the client sees it. An error that was not thrown on purpose is logged, and becomes `Unexpected error`.
 * Idempotent.
 */
export function publicError(error: unknown, logger: Logger): GraphQLError {
  const chain = causes(error);
  const root = chain.at(-1);
  if (isStackOverflow(root)) {
    logger.warn({ err: root }, 'a request is nested too deeply');
    return requestError('the request is nested too deeply: make it flatter', 'BAD_USER_INPUT');
  }
  const known = chain.find((cause) => cause instanceof TidelineError);
  if (!(error instanceof GraphQLError)) {
    if (known === undefined) {
      logger.error({ err: error }, 'a request failed unexpectedly');
      return requestError(hiddenMessage, 'INTERNAL_SERVER_ERROR');
    }
    return toldError(shorten(known.message), { extensions: { code: known.code, ...known.details } });
  }
  const { message, nodes, source, positions, path, extensions } = error;
  const told = (text: string, fields: object) =>
    toldError(text, { nodes, source, positions, path, extensions: { ...fields } });
  if (known !== undefined) return told(shorten(message), { code: known.code, ...known.details });
  if (!(root instanceof GraphQLError)) {
    logger.error({ err: root, path }, 'a resolver failed unexpectedly');
    return told(hiddenMessage, { code: 'INTERNAL_SERVER_ERROR' });
  }
  const argument = variableOf(error);
  return told(shorten(message), {
    code: 'BAD_USER_INPUT',
    ...(argument === undefined ? {} : { argument }),
    ...extensions,
  });
}
