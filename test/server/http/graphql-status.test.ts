import { GraphQLError } from 'graphql';
import { expect, it } from 'vitest';
import { statusOf } from '../../../server/http/graphql-status.ts';

const failing = (...codes: readonly string[]) => codes.map((code) => new GraphQLError('…', { extensions: { code } }));

it.each([
  ['a refusal by HTTP', ['UNSUPPORTED_MEDIA_TYPE'], 415, 415],
  ['a busy server', ['SERVER_BUSY'], 503, 503],
  ['a fault of the client', ['BAD_USER_INPUT'], 200, 400],
  ['a fault that has another status elsewhere', ['ATTACHMENT_NOT_FOUND'], 200, 400],
  ['a code without a status', ['DOCUMENT_NOT_FOUND'], 200, 400],
  ['a replica that cannot answer now', ['REPLICA_BEHIND'], 200, 503],
  ['a write whose outcome is unknown', ['OUTCOME_UNKNOWN'], 200, 503],
  ['a fault of the server', ['INTERNAL_SERVER_ERROR'], 200, 500],
  ['the worst of several', ['BAD_USER_INPUT', 'STORE_UNAVAILABLE', 'BAD_REQUEST'], 400, 503],
])('answers %s with the status that its reader expects', (_, codes, lenient, strict) => {
  expect([statusOf(failing(...codes), false), statusOf(failing(...codes), true)]).toEqual([lenient, strict]);
});
