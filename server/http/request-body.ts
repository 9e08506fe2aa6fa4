/** Reads the JSON body of a request, within limits. */
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
 * @throws {PayloadTooLargeError} once the body exceeds limits.requestBytes; for a moment the rest is read and
 * discarded, so that
 *   the client gets to read the response, and then the connection closes
 * @throws {ServerBusyError} other requests and responses leave no memory for it
 * @throws {GraphQLError} with code BAD_REQUEST: not JSON, too large or too deep; it does not quote the body
 * @throws {BadUserInputError} a double cannot hold one of its integers
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
  if (!isUtf8(bytes)) throw requestError('the body is not valid UTF-8', 'BAD_REQUEST');
  const text = withoutByteOrderMark(bytes.toString());
  const problem = jsonProblem(text);
  if (problem !== undefined) throw requestError(problem, 'BAD_REQUEST');
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw requestError('the body is not valid JSON', 'BAD_REQUEST');
  }
  checkIntegers(text, '', ['variables']);
  return body;
}

/**
 * @returns undefined once the body exceeds the maximum; the rest is not read. Uses listeners, which cost half of what
 * iteration does for a small body. They stay after the end, as removing them would cost as much as adding them.
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
    // Needed for a client that disconnects midway: Node reports that as an error only to 'error' listeners.
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
