/** Results of operations, with their extensions. */
import type { ExecutionResult } from 'graphql';
import type { Warnings } from '../../resolvers/warnings.ts';
import { isTokenAsked } from './causality.ts';
import type { OperationRequest } from './request.ts';

export type ResultExtensions = {
  /** Only for clients that ask for it. */
  readonly causality?: { readonly token: string };
  /** Names in the operation that do not exist. */
  readonly warnings?: readonly string[];
};

/** The result as the client receives it. */
export type Result = ExecutionResult<Record<string, unknown>, ResultExtensions>;

export interface Answer {
  readonly result: Result;
  /**
   * The token of the version that the result shows, whether or not the client asked for it; undefined if there is none.
   */
  readonly token: string | undefined;
  /** True if a mutation was committed: the response must then not be replaced by an error. */
  readonly hasWritten?: boolean;
}

const noWarnings: readonly string[] = [];

/** @param token undefined if it is not to be sent */
export const shows = (token: string | undefined, shown: Result, warnings: Warnings | undefined): Result =>
  extended(shown, token === undefined ? undefined : { token }, warnings?.messages ?? noWarnings);

/** @param shown contains its token, which is removed unless the client asked for it */
export function answerTo(request: OperationRequest, shown: Result, isMutation: boolean): Answer {
  const { causality, warnings = noWarnings } = shown.extensions ?? {};
  const isComplete = causality === undefined || isTokenAsked(request);
  return {
    result: isComplete ? shown : extended(shown, undefined, warnings),
    token: causality?.token,
    hasWritten: isMutation && causality !== undefined,
  };
}

/** The code of the first error. */
export function codeOf({ errors }: Result): string | undefined {
  const [error] = errors ?? [];
  return error === undefined ? undefined : String(error.extensions.code);
}

/** Copies member by member, as a spread of graphql-js's objects is slow. */
function extended({ data, errors }: Result, causality: ResultExtensions['causality'], warnings: readonly string[]) {
  const extensions = extensionsOf(causality, warnings);
  if (extensions === undefined) {
    if (errors === undefined) return { data };
    return data === undefined ? { errors } : { errors, data };
  }
  if (errors === undefined) return { data, extensions };
  return data === undefined ? { errors, extensions } : { errors, data, extensions };
}

function extensionsOf(
  causality: ResultExtensions['causality'],
  warnings: readonly string[],
): ResultExtensions | undefined {
  if (warnings.length === 0) return causality && { causality };
  return causality === undefined ? { warnings } : { causality, warnings };
}
