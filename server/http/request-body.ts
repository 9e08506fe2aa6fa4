/** The JSON body of a request, limited while it is read. */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { PayloadTooLargeError, ServerBusyError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { checkIntegers, jsonProblem } from '../../replica/values/json-text.ts';
import { withoutByteOrderMark } from '../../uploads/byte-order-mark.ts';
import { askForBody, isBodyHeldBack } from '../../uploads/expectation.ts';
import { requestError } from '../operation/graphql-errors.ts';
import type { ByteBudget, Claim } from '../traffic/byte-budget.ts';

/**
 * @throws {PayloadTooLargeError} once there is more than limits.requestBytes; the rest is read and thrown away for a moment, so that
 *   its sender gets to see the answer, and the connection closes with it
 * @throws {ServerBusyError} other requests and answers leave no room for it
 * @throws {GraphQLError} of code BAD_REQUEST: no JSON, or too much or too deep. It does not quote the body
 * @throws {BadUserInputError} an integer in it would lose digits
 */
export function readJson(request: IncomingMessage, response: ServerResponse, budget: ByteBudget): Promise<unknown> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limits.requestBytes) return refuse(request, response, announced);
  askForBody(request, response);
  let claim: Claim | undefined;
  const hasRoom = (bytes: number) => {
    claim ??= budget.claim(response);
    return claim.holds(bytes);
  };
  return readUpTo(request, limits.requestBytes, hasRoom).then(
    (bytes) => (bytes === undefined ? refuse(request, response, announced) : parse(bytes)),
    (error: unknown) => {
      if (error instanceof ServerBusyError) response.setHeader('Connection', 'close');
      throw error;
    },
  );
}

async function refuse(request: IncomingMessage, response: ServerResponse, announced: number): Promise<never> {
  response.setHeader('Connection', 'close');
  if (!isBodyHeldBack(request)) await discard(request);
  throw new PayloadTooLargeError('the request', announced > 0 ? announced : undefined, limits.requestBytes);
}

function parse(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw requestError('the body is no UTF-8', 'BAD_REQUEST');
  const text = withoutByteOrderMark(bytes.toString());
  const problem = jsonProblem(text);
  if (problem !== undefined) throw requestError(problem, 'BAD_REQUEST');
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw requestError('the body is no JSON', 'BAD_REQUEST');
  }
  checkIntegers(text, '', ['variables']);
  return body;
}

/**
 * @returns undefined once there is more: the rest is not read. Listeners cost a small body half of what iteration does; once it
 * is settled they do nothing, as taking them off costs as much as putting them on.
 */
function readUpTo(
  request: IncomingMessage,
  maximumBytes: number,
  hasRoom: (bytes: number) => boolean,
): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let received = 0;
    let isSettled = false;
    request.on('data', (chunk: Buffer) => {
      if (isSettled) return;
      received += chunk.length;
      chunks.push(chunk);
      if (received <= limits.smallBodyBytes) return;
      if (received <= maximumBytes) {
        if (hasRoom(received)) return;
        isSettled = true;
        chunks.length = 0;
        reject(new ServerBusyError());
        return;
      }
      isSettled = true;
      chunks.length = 0;
      resolve(undefined);
    });
    request.on('end', () => {
      if (isSettled) return;
      isSettled = true;
      resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
    });
    // Also where the sender leaves in the middle: node tells an error of that to none but who listens to errors.
    request.on('close', () => {
      if (isSettled) return;
      isSettled = true;
      reject(requestError('the body ended too early', 'BAD_REQUEST'));
    });
  });
}

function discard(request: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, limits.uploadDrainMilliseconds);
    for (const event of ['end', 'close'] as const) {
      request.once(event, () => {
        clearTimeout(timer);
        resolve();
      });
    }
    request.resume();
  });
}
