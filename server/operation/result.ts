/** Results of operations: what clients read, with the extensions that go with it. */
import type { ExecutionResult } from 'graphql';
import type { Warnings } from '../../resolvers/warnings.ts';
import { isTokenAsked } from './causality.ts';
import type { OperationRequest } from './request.ts';

export type ResultExtensions = {
  /** Only for clients that ask for it. */
  readonly causality?: { readonly token: string };
  /** Names in the operation that lead nowhere. */
  readonly warnings?: readonly string[];
};

/** As a client reads it. */
export type Result = ExecutionResult<Record<string, unknown>, ResultExtensions>;

export interface Answer {
  readonly result: Result;
  /** Of what the result shows, asked for or not; undefined where it shows nothing. */
  readonly token: string | undefined;
  /** A mutation was carried out: its answer cannot be refused any more. */
  readonly hasWritten?: boolean;
}

const noWarnings: readonly string[] = [];

/** @param token undefined where it is not told */
export const shows = (token: string | undefined, shown: Result, warnings: Warnings | undefined): Result =>
  extended(shown, token === undefined ? undefined : { token }, warnings?.messages ?? noWarnings);

/** @param shown with its token, which is told only to a client that asks for it */
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

/** Member by member: graphql gives objects that a spread copies slowly. */
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
