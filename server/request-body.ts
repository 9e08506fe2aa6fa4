/** The JSON body of a request, limited while it is read. */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { PayloadTooLargeError } from '../errors.ts';
import { limits } from '../limits.ts';
import { checkIntegers } from '../replica/json-text.ts';
import { requestError } from './graphql-errors.ts';

/**
 * @throws {PayloadTooLargeError} once there is more than limits.requestBytes; the rest is read and thrown away for a moment, so that
 *   its sender gets to see the answer, and the connection closes with it
 * @throws {GraphQLError} of code BAD_REQUEST: no JSON. It does not quote the body
 * @throws {BadUserInputError} an integer in it would lose digits
 */
export async function readJson(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
  const bytes = await readBytes(request, response);
  if (!isUtf8(bytes)) throw requestError('the body is no UTF-8', 'BAD_REQUEST');
  const text = bytes.toString();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw requestError('the body is no JSON', 'BAD_REQUEST');
  }
  checkIntegers(text, '', ['variables']);
  return body;
}

async function readBytes(request: IncomingMessage, response: ServerResponse): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  const chunks: Buffer[] = [];
  let received = 0;
  if (announced <= limits.requestBytes) {
    try {
      for await (const chunk of request.iterator({ destroyOnReturn: false })) {
        received += chunk.length;
        if (received > limits.requestBytes) break;
        chunks.push(chunk);
      }
    } catch {
      throw requestError('the body ended too early', 'BAD_REQUEST');
    }
    if (received <= limits.requestBytes) return Buffer.concat(chunks);
  }
  response.setHeader('Connection', 'close');
  await discard(request);
  throw new PayloadTooLargeError('the request', announced > 0 ? announced : undefined, limits.requestBytes);
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
