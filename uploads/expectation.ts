/**
 * Requests with `Expect: 100-continue`, whose body comes once it is asked for: RFC 9110, section 10.1.1. It is asked for when
 * it is read, so that the body of a request that is refused is not sent at all.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

const awaited = new WeakMap<IncomingMessage, boolean>();

/** Called before anything else is done about such a request. */
export function awaitExpectation(request: IncomingMessage, response: ServerResponse): void {
  awaited.set(request, response.shouldKeepAlive);
  // Without the body nobody could tell whether what comes next is one, or another request.
  response.shouldKeepAlive = false;
}

/** Whether the sender still holds its body back. */
export const isBodyHeldBack = (request: IncomingMessage): boolean => awaited.has(request);

/** Called when the body is about to be read; asks for it where it is held back. */
export function askForBody(request: IncomingMessage, response: ServerResponse): void {
  if (request.headers.expect === undefined) return;
  const shouldKeepAlive = awaited.get(request);
  if (shouldKeepAlive === undefined) return;
  awaited.delete(request);
  response.shouldKeepAlive = shouldKeepAlive;
  response.writeContinue();
}
