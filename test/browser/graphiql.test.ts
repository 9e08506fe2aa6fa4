import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedServer, openServer } from '../servers/tideline.ts';
import { type Browser, openBrowser } from './browser.ts';

/** A folder to leave pictures in, for whoever wants to look. */
const pictures = process.env.TEST_PICTURES;

/** A page of 9 MB, on a machine that runs other tests too. */
const within = { timeout: 15_000 };

describe('GraphiQL in a browser', () => {
  let server: EmbeddedServer;
  let browser: Browser;

  beforeAll(async () => {
    server = await openServer();
    browser = await openBrowser();
    for (const [_id, common, visits] of [
      ['ISL', 'Iceland', 3],
      ['NOR', 'Norway', 1],
      ['PER', 'Peru', 9],
    ] as const) {
      const document = { _id, name: { common }, region: _id === 'PER' ? 'Americas' : 'Europe', area: visits * 1000 };
      await server.run(
        'mutation ($document: JSON!) { upsert(collection: "countries", document: $document) { document { _id } } }',
        { document },
      );
      await server.run(
        'mutation ($id: ID!, $by: Float!) { update(collection: "countries", id: $id, operations: [{ increment: { path: "visits", by: $by } }]) { document { _id } } }',
        { id: _id, by: visits },
      );
    }
  });
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  /** Opens the page, and notes what it asks for and complains of. */
  async function open(
    visitor = browser,
    url = server.url,
  ): Promise<{ page: Page; hosts: Set<string>; complaints: string[] }> {
    const page = await visitor.context.newPage();
    const hosts = new Set<string>();
    const complaints: string[] = [];
    page.on('request', (request) => {
      if (request.url().startsWith('http')) hosts.add(new URL(request.url()).host);
    });
    page.on('websocket', (socket) => hosts.add(new URL(socket.url()).host));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page.goto(`${url}/graphql`);
    await page.getByRole('tab', { name: 'Countries' }).waitFor();
    return { page, hosts, complaints };
  }
  /** One click, by the mouse and at the place where the tab is seen: as a person clicks. */
  async function choose(page: Page, name: string): Promise<void> {
    const tab = page.getByRole('tab', { name });
    const box = await tab.getByRole('button', { name, exact: true }).boundingBox();
    if (box === null) throw new Error(`the tab ${name} is not to be seen`);
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.up();
    await expect.poll(() => tab.getAttribute('aria-selected'), within).toBe('true');
    const editor = page.locator('.graphiql-query-editor .view-lines');
    await expect
      .poll(() => editor.textContent(), within)
      .toMatch(new RegExp(`(query|subscription|mutation)\\s${name}`));
  }
  const answer = async (page: Page) => {
    const text = await page.getByLabel('Result Window').textContent();
    return (text ?? '').replaceAll('\u00a0', ' ');
  };
  /** Until the answer is there: GraphiQL notices only after a while that another operation was chosen. */
  async function run(page: Page, expected: string): Promise<void> {
    const button = page.getByRole('button', { name: 'Execute query (Ctrl-Enter)' });
    await button.click();
    const shown = async () => {
      const text = await answer(page);
      if (text.includes('Cannot infer operation')) await button.click();
      return text;
    };
    await expect.poll(shown, within).toContain(expected);
  }
  const picture = async (page: Page, name: string) => {
    if (pictures !== undefined) await page.screenshot({ path: `${pictures}/${name}.png` });
  };

  it('is there without anything from elsewhere, and runs the example on the sample data', async () => {
    const { page, hosts, complaints } = await open();
    await choose(page, 'Countries');
    await run(page, '"Norway"');
    const shown = await answer(page);
    expect(shown.indexOf('"Iceland"')).toBeLessThan(shown.indexOf('"Norway"'));
    expect(shown).not.toContain('"Peru"');
    await picture(page, 'query');
    expect([...hosts]).toEqual([new URL(server.url).host]);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('switches to each tab at the first click of a new visitor', async () => {
    await using visitor = await openBrowser();
    const { page, complaints } = await open(visitor);
    for (const name of ['Watch', 'Visit', 'ThisReplica', 'Files', 'Countries']) await choose(page, name);
    await picture(page, 'tabs');
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('has a name and an icon of its own', async () => {
    const { page } = await open();
    expect(await page.title()).toBe('Tideline');
    expect(await page.locator('.graphiql-logo').textContent()).toBe('Tideline');
    expect(await page.locator('.graphiql-logo svg rect').count()).toBe(1);
    await page.close();
  });

  it('goes on with a subscription by itself after its server was away', async () => {
    const dataFolder = await mkdtemp(join(tmpdir(), 'tideline-graphiql-'));
    const first = await openServer({ DATA_DIR: dataFolder });
    const { page } = await open(browser, first.url);
    await choose(page, 'Watch');
    await run(page, '"initial": true');
    const { port } = new URL(first.url);
    await first[Symbol.asyncDispose]();
    {
      await using second = await openServer({ DATA_DIR: dataFolder, PORT: port });
      await second.run(
        'mutation { upsert(collection: "countries", document: { _id: "FRO", region: "Europe" }) { document { _id } } }',
      );
      await expect.poll(() => answer(page), { timeout: 30_000 }).toContain('"FRO"');
      await page.close();
    }
    await rm(dataFolder, { recursive: true });
  });

  it('finds the tabs as they were left, and no more of them', async () => {
    const { page: first } = await open();
    await choose(first, 'Visit');
    // Asked from outside each time: the page's own policy lets no text be run as code in it.
    const saved = () => first.evaluate("localStorage.getItem('graphiql:tabState')");
    await expect.poll(saved, within).not.toBeNull();
    await first.close();
    const { page } = await open();
    expect(await page.getByRole('tab').count()).toBe(5);
    await page.close();
  });

  it('shows in a running subscription what another client writes', async () => {
    const { page, complaints } = await open();
    await choose(page, 'Watch');
    await run(page, '"initial": true');

    await server.run(
      'mutation { update(collection: "countries", id: "NOR", operations: [{ increment: { path: "visits", by: 41 } }]) { document { _id } } }',
    );
    await expect.poll(() => answer(page), within).toContain('"visits": 42');
    const shown = await answer(page);
    expect(shown).toContain('"initial": false');
    expect(shown.indexOf('"Norway"')).toBeLessThan(shown.indexOf('"Iceland"'));
    await picture(page, 'subscription');
    expect(complaints).toEqual([]);
    await page.close();
  });
});
