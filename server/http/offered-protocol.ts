/**
 * Requests that offer an upgrade to a protocol that this server does not support: HTTP/2 (Java's HttpClient, curl
 * --http2). A server may ignore the offer and answer over HTTP/1.1: RFC 9110, section 7.8. Node detaches the socket
 * from its parser for any upgrade, so the request is fed to a new parser, without the offer.
 */
import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

export const offersWebSocket = ({ headers: { upgrade = '' } }: IncomingMessage): boolean =>
  upgrade.split(',').some((protocol) => protocol.trim().toLowerCase() === 'websocket');

/** @param rest the bytes after the request's head */
export function declineOffer(server: Server, request: IncomingMessage, socket: Duplex, rest: Buffer): void {
  if (socket.destroyed) return;
  // A new parser does not know of responses to earlier requests, and must not overtake them.
  const earlier: unknown = '_httpMessage' in socket ? socket._httpMessage : null;
  if (earlier instanceof ServerResponse) {
    earlier.once('close', () => declineOffer(server, request, socket, rest));
    return;
  }
  const { method, url, httpVersion } = request;
  const lines = [`${method} ${url} HTTP/${httpVersion}`, ...headersWithoutOffer(request)];
  // Node decodes header values as Latin-1.
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
