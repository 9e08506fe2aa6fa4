/** The proxies of docs/guide/deploy.md, as they are written there, in front of a server. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Child, startChild } from '../servers/child.ts';
import { freePort } from '../servers/free-port.ts';
import { type EmbeddedServer, openServer } from '../servers/tideline.ts';
import { root } from '../tidy/source-files.ts';
import { blockOf, withAddress } from './pages.ts';

const page = 'docs/guide/deploy.md';

/** What a browser sends on a page that the proxy serves under this name. */
interface Visitor {
  readonly host: string;
  readonly origin: string;
}

function post(port: number, { host, origin }: Visitor, query: string, accept = 'application/json'): Promise<string> {
  const headers = { host, origin, accept, 'content-type': 'application/json' };
  return new Promise((answered, failed) => {
    const sent = request({ port, host: '127.0.0.1', path: '/graphql', method: 'POST', headers }, (response) => {
      if (accept === 'application/json') text(response).then(answered, failed);
      else {
        response.once('data', (chunk) => {
          answered(String(chunk));
          response.destroy();
        });
        response.once('error', failed);
      }
    });
    sent.once('error', failed).end(JSON.stringify({ query }));
  });
}

/** Over a WebSocket, with the name and origin of a visitor. */
async function firstEvent(port: number, visitor: Visitor, query: string): Promise<unknown> {
  class Socket extends WebSocket {
    constructor(url: string, protocol: string) {
      super(url, protocol, { headers: { host: visitor.host, origin: visitor.origin } });
    }
  }
  const client = createClient({ url: `ws://127.0.0.1:${port}/graphql`, webSocketImpl: Socket, retryAttempts: 0 });
  const events = client.iterate({ query });
  const { value } = await events.next();
  await events.return?.();
  await client.dispose();
  return value;
}

async function expectThrough(port: number, visitor: Visitor): Promise<void> {
  const written = 'mutation { upsertPerson(person: { _id: "ada", name: "Ada" }) { person { name } } }';
  expect(await post(port, visitor, written)).toBe('{"data":{"upsertPerson":{"person":{"name":"Ada"}}}}');
  const watch = 'subscription { person(id: "ada") { person { name } } }';
  expect(await firstEvent(port, visitor, watch)).toEqual({ data: { person: { person: { name: 'Ada' } } } });
  expect(await post(port, visitor, watch, 'text/event-stream')).toContain('event: next');
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tideline-proxies-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Until it listens. */
async function answers(port: number, child: Child): Promise<void> {
  const ask = () =>
    fetch(`http://127.0.0.1:${port}/health/live`).then(
      ({ status }) => status,
      () => 0,
    );
  await expect.poll(ask, { timeout: 20_000, message: child.lastWords }).toBeGreaterThan(0);
}

describe('behind a proxy of the guide', { timeout: 60_000 }, () => {
  const visitor = { host: 'api.example.org', origin: 'https://api.example.org' };
  let server: EmbeddedServer;
  beforeAll(async () => {
    server = await openServer({ PUBLIC_URL: 'https://api.example.org' });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it('a page of the public address writes, and watches, through nginx', async () => {
    const port = await freePort();
    const block = withAddress(blockOf(page, 'nginx', 'proxy').text, server.url);
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${folder}/${name};`,
    );
    const listening = block.replace('server {', `server { listen 127.0.0.1:${port};`);
    const file = join(folder, 'nginx.conf');
    await writeFile(
      file,
      `daemon off; master_process off; pid ${folder}/pid; events {} http { access_log off; ${temporary.join(' ')}\n${listening} }`,
    );
    await using nginx = startChild('nginx', ['-e', 'stderr', '-c', file]);
    await answers(port, nginx);
    await expectThrough(port, visitor);
  });

  it('a page of the public address writes, and watches, through Caddy', async () => {
    const port = await freePort();
    const block = withAddress(blockOf(page, 'caddy', 'proxy').text, server.url);
    const file = join(folder, 'Caddyfile');
    // Without a certificate, which a test cannot get.
    await writeFile(file, `{\n  admin off\n}\n${block.replace('api.example.org {', `http://:${port} {`)}`);
    const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
    await using caddy = startChild('caddy', ['run', '--config', file, '--adapter', 'caddyfile'], { env });
    await answers(port, caddy);
    await expectThrough(port, visitor);
  });
});

it('a page of Vite writes, and watches, through its proxy', { timeout: 60_000 }, async () => {
  await using server = await openServer();
  const port = await freePort();
  const file = join(folder, 'vite.config.js');
  await writeFile(file, withAddress(blockOf(page, 'js', 'vite').text, server.url));
  const vite = join(root, 'examples/todo/node_modules/vite/bin/vite.js');
  const args = [vite, folder, '--config', file, '--host', '127.0.0.1', '--port', String(port), '--strictPort'];
  await using child = startChild(process.execPath, args, { cwd: folder });
  await answers(port, child);
  await expectThrough(port, { host: `127.0.0.1:${port}`, origin: `http://127.0.0.1:${port}` });
});
