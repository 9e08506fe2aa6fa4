/**
 * Requests with `Expect: 100-continue` (RFC 9110, section 10.1.1): the client sends the body only once it is asked to.
 * The server asks when it starts to read, so the body of a refused request is never sent.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

const awaited = new WeakMap<IncomingMessage, boolean>();

/** Must be called before anything else handles the request. */
export function awaitExpectation(request: IncomingMessage, response: ServerResponse): void {
  awaited.set(request, response.shouldKeepAlive);
  // Without 100-continue the server could not tell whether the next bytes are the body or another request.
  response.shouldKeepAlive = false;
}

/** Whether the client is still waiting to send its body. */
export const isBodyHeldBack = (request: IncomingMessage): boolean => awaited.has(request);

/** Must be called just before the body is read; sends 100 Continue if the client waits for it. */
export function askForBody(request: IncomingMessage, response: ServerResponse): void {
  if (request.headers.expect === undefined) return;
  const shouldKeepAlive = awaited.get(request);
  if (shouldKeepAlive === undefined) return;
  awaited.delete(request);
  response.shouldKeepAlive = shouldKeepAlive;
  response.writeContinue();
}
