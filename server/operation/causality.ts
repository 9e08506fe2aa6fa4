/** Causality tokens in requests, and whether the response has one in its body. docs/guide/clients.md */
import { BadUserInputError } from '../../errors.ts';
import { decodeToken } from '../../replica/token.ts';
import type { OperationRequest } from './request.ts';

type Bringing = Pick<OperationRequest, 'token' | 'extensions'>;

/** True if the request brings a token, or contains `extensions: { causality: {} }`. */
export const isTokenAsked = ({ token, extensions }: Bringing): boolean =>
  token !== undefined || (extensions?.causality ?? undefined) !== undefined;

/** @throws {BadUserInputError} */
export function tokensOf({ token, extensions }: Bringing): readonly string[] {
  const tokens = token === undefined ? [] : [checkedToken(token, 'Causality-Token')];
  const causality = extensions?.causality ?? undefined;
  if (causality === undefined) return tokens;
  if (typeof causality !== 'object' || Array.isArray(causality)) {
    throw new BadUserInputError('extensions.causality', 'must be an object, such as {} or {"token": "…"}');
  }
  if (!('token' in causality) || causality.token === null) return tokens;
  const argument = 'extensions.causality.token';
  if (typeof causality.token !== 'string') throw new BadUserInputError(argument, 'must be a string');
  return [...tokens, checkedToken(causality.token, argument)];
}

function checkedToken(token: string, argument: string): string {
  decodeToken(token, argument);
  return token;
}
