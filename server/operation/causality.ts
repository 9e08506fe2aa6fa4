/** The causality tokens that a request brings, and whether its answer carries one in its body. docs/guide/clients.md */
import { BadUserInputError } from '../../errors.ts';
import { decodeToken } from '../../replica/token.ts';
import type { OperationRequest } from './request.ts';

type Bringing = Pick<OperationRequest, 'token' | 'extensions'>;

/** True for a request that brings a token, or that says `extensions: { causality: {} }`. */
export const isTokenAsked = ({ token, extensions }: Bringing): boolean =>
  token !== undefined || (extensions?.causality ?? undefined) !== undefined;

/** @throws {BadUserInputError} */
export function tokensOf({ token, extensions }: Bringing): readonly string[] {
  const tokens = token === undefined ? [] : [checkedToken(token, 'Causality-Token')];
  const causality = extensions?.causality ?? undefined;
  if (causality === undefined) return tokens;
  if (typeof causality !== 'object' || Array.isArray(causality)) {
    throw new BadUserInputError('extensions.causality', 'an object is expected, such as {} or {"token": "…"}');
  }
  if (!('token' in causality) || causality.token === null) return tokens;
  const argument = 'extensions.causality.token';
  if (typeof causality.token !== 'string') throw new BadUserInputError(argument, 'a token is a string');
  return [...tokens, checkedToken(causality.token, argument)];
}

function checkedToken(token: string, argument: string): string {
  decodeToken(token, argument);
  return token;
}
