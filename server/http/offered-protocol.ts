/**
 * Requests that offer to go on in another protocol, which this server does not speak: HTTP/2 (Java's HttpClient, curl --http2).
 * A server may ignore the offer, and then answers over HTTP/1.1: RFC 9110, section 7.8. Node has taken such a request out of
 * its parser already, whatever it offers, so it is put back without the offer.
 */
import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

export const offersWebSocket = ({ headers: { upgrade = '' } }: IncomingMessage): boolean =>
  upgrade.split(',').some((protocol) => protocol.trim().toLowerCase() === 'websocket');

/** @param rest what came behind the request's head */
export function declineOffer(server: Server, request: IncomingMessage, socket: Duplex, rest: Buffer): void {
  if (socket.destroyed) return;
  // A parser of its own knows nothing of answers to requests that came before, and must not overtake them.
  const earlier: unknown = '_httpMessage' in socket ? socket._httpMessage : null;
  if (earlier instanceof ServerResponse) {
    earlier.once('close', () => declineOffer(server, request, socket, rest));
    return;
  }
  const { method, url, httpVersion } = request;
  const lines = [`${method} ${url} HTTP/${httpVersion}`, ...headersWithoutOffer(request)];
  // Node reads header values as Latin-1.
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  socket.unshift(Buffer.concat([head, rest]));
  server.emit('connection', socket);
}

function headersWithoutOffer({ rawHeaders }: IncomingMessage): readonly string[] {
  const lines: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2);
    const kept = name.toLowerCase() === 'connection' ? connectionWithoutOffer(value) : value;
    if (!/^(?:upgrade|http2-settings)$/i.test(name) && kept !== undefined) lines.push(`${name}: ${kept}`);
  }
  return lines;
}

function connectionWithoutOffer(value: string): string | undefined {
  const kept = value.split(',').filter((option) => !/^\s*(?:upgrade|http2-settings)\s*$/i.test(option));
  return kept.length === 0 ? undefined : kept.join(',').trim();
}
