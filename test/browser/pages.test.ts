/** Pages of other servers, in a real browser: which of them may use a Tideline server, and for what. */
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openServer } from '../servers/tideline.ts';
import { type Browser, openBrowser } from './browser.ts';

/** Serves a page that has nothing in it, under the names that the browser is told are this machine's. */
async function servePages() {
  const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<!doctype html>'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the pages have no port');
  const { port } = address;
  return {
    port,
    [Symbol.asyncDispose]() {
      // The browser keeps its connections.
      server.closeAllConnections();
      return new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser(['--host-resolver-rules=MAP *.example 127.0.0.1']);
});
afterAll(() => browser?.[Symbol.asyncDispose]());

/** Does in a page all that an app does, and says what came of each. */
async function tryAll(pageUrl: string, serverUrl: string) {
  const page = await browser.context.newPage();
  await page.goto(pageUrl);
  const outcome = await page.evaluate(async (url) => {
    const settled = async (work: Promise<unknown>) => {
      try {
        return await work;
      } catch {
        return 'refused';
      }
    };
    const json = (body: object) =>
      fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }).then((response) => response.json());
    const upload = async () => {
      const form = new FormData();
      const query = 'mutation ($file: File!) { uploadAttachment(file: $file) { id url } }';
      form.set('operations', JSON.stringify({ query, variables: { file: null } }));
      form.set('map', '{"0":["variables.file"]}');
      const picture = '<svg xmlns="http://www.w3.org/2000/svg" width="3" height="2"/>';
      form.set('0', new Blob([picture], { type: 'image/svg+xml' }), 'a.svg');
      const response = await fetch(`${url}/graphql`, { method: 'POST', body: form });
      const { data } = await response.json();
      const image = new Image();
      image.src = new URL(data.uploadAttachment.url, url).href;
      await image.decode();
      return [image.naturalWidth, image.naturalHeight];
    };
    const socket = () =>
      new Promise((resolve, reject) => {
        const opened = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
        opened.onopen = () => opened.send('{"type":"connection_init"}');
        opened.onmessage = ({ data }) => resolve(JSON.parse(data).type);
        opened.onerror = () => reject(new Error('no connection'));
      });
    return {
      post: await settled(json({ query: '{ __typename }' })),
      get: await settled(fetch(`${url}/graphql?query={__typename}`).then((response) => response.json())),
      token: await settled(
        fetch(`${url}/graphql?query={collections{name}}`).then(({ headers }) => headers.has('causality-token')),
      ),
      upload: await settled(upload()),
      socket: await settled(socket()),
    };
  }, serverUrl);
  await page.close();
  return outcome;
}

const data = { data: { __typename: 'Query' } };
const all = { post: data, get: data, token: true, upload: [3, 2], socket: 'connection_ack' };
const nothing = { post: 'refused', get: 'refused', token: 'refused', upload: 'refused', socket: 'refused' };

describe('a page', () => {
  it('of another port of the same machine uses a developer’s server without a setting', async () => {
    await using pages = await servePages();
    await using server = await openServer();
    expect(await tryAll(`http://127.0.0.1:${pages.port}`, server.url)).toEqual(all);
    expect(await tryAll(`http://localhost:${pages.port}`, server.url)).toEqual(all);
  });

  it('of another site is refused all, until CORS_ORIGINS names it', async () => {
    await using pages = await servePages();
    const origin = `http://shop.example:${pages.port}`;
    await using closed = await openServer();
    expect(await tryAll(origin, closed.url)).toEqual(nothing);
    await using open = await openServer({ CORS_ORIGINS: origin });
    expect(await tryAll(origin, open.url)).toEqual(all);
  });

  it('of this machine is refused by a server that has a public address', async () => {
    await using pages = await servePages();
    await using server = await openServer({ PUBLIC_URL: 'https://api.example' });
    expect(await tryAll(`http://localhost:${pages.port}`, server.url)).toEqual(nothing);
  });
});
