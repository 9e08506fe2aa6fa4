/** The example app in two tabs of a real browser, against a server that restarts. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Child, startChild } from '../servers/child.ts';
import { freePort } from '../servers/free-port.ts';
import { openServer } from '../servers/tideline.ts';
import { root } from '../tidy/source-files.ts';
import { type Browser, openBrowser } from './browser.ts';

const example = join(root, 'examples/todo');
const COLLECTIONS = join(example, 'collections.ts');
/** A folder to leave pictures in, for whoever wants to look. */
const pictures = process.env.TEST_PICTURES;

let dataFolder: string;
let browser: Browser;
let vite: Child;
let serverPort: number;
let pageUrl: string;

beforeAll(async () => {
  dataFolder = await mkdtemp(join(tmpdir(), 'tideline-example-'));
  serverPort = await freePort();
  const pagePort = await freePort();
  pageUrl = `http://localhost:${pagePort}`;
  const args = [join(example, 'node_modules/vite/bin/vite.js'), '--port', String(pagePort), '--strictPort'];
  const env = { ...process.env, VITE_TIDELINE: `http://127.0.0.1:${serverPort}`, NO_COLOR: '1' };
  vite = startChild(process.execPath, args, { cwd: example, env });
  await vite.said(String(pagePort));
  browser = await openBrowser();
}, 60_000);
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await vite?.end('SIGTERM');
  await rm(dataFolder, { recursive: true });
});

const start = () => openServer({ COLLECTIONS, DATA_DIR: dataFolder, PORT: String(serverPort) });
const within = { timeout: 20_000 };

async function openTab(): Promise<Page> {
  const page = await browser.context.newPage();
  await page.goto(pageUrl);
  await page.getByLabel('New thing to do').waitFor();
  return page;
}

const add = async (page: Page, text: string) => {
  await page.getByLabel('New thing to do').fill(text);
  await page.getByRole('button', { name: 'Add' }).click();
};
const shown = (page: Page) => page.locator('li > label:first-child span').allTextContents();

describe('the example', { timeout: 120_000 }, () => {
  it('shows in each tab what is done in the other, and goes on after its server was away', async () => {
    const first = await start();
    const [left, right] = [await openTab(), await openTab()];

    await add(left, 'Buy milk');
    await add(right, 'Call Ada');
    for (const page of [left, right]) await expect.poll(() => shown(page), within).toEqual(['Buy milk', 'Call Ada']);

    await left.getByLabel('Buy milk', { exact: true }).check();
    await expect.poll(() => right.getByLabel('Buy milk', { exact: true }).isChecked(), within).toBe(true);

    await right.getByLabel('Picture for Call Ada').setInputFiles({
      name: 'a.svg',
      mimeType: 'image/svg+xml',
      buffer: Buffer.from(
        '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"><rect width="30" height="20" fill="teal"/></svg>',
      ),
    });
    const isSeen = () => left.locator('li img').evaluateAll((images) => images.map((image) => image.clientHeight > 0));
    await expect.poll(isSeen, within).toEqual([true]);
    if (pictures !== undefined) await left.screenshot({ path: `${pictures}/example.png` });

    await first[Symbol.asyncDispose]();
    await using _ = await start();
    await expect
      .poll(async () => {
        await right
          .getByLabel('Remove Buy milk')
          .click({ timeout: 1_000 })
          .catch(() => {});
        return await shown(left);
      }, within)
      .toEqual(['Call Ada']);
    await add(left, 'Water plants');
    for (const page of [left, right])
      await expect.poll(() => shown(page), within).toEqual(['Call Ada', 'Water plants']);
  });

  it('shows a write before the server has answered', async () => {
    await using _ = await start();
    const page = await openTab();
    const before = await shown(page);
    let answer: () => void = () => {};
    const isAsked = new Promise<void>((asked) => {
      page.route('**/graphql', async (route) => {
        if (!route.request().postData()?.includes('AddTodo')) return route.continue();
        asked();
        await new Promise<void>((resolve) => (answer = resolve));
        return route.continue();
      });
    });
    await add(page, 'At once');
    await isAsked;
    await expect.poll(() => shown(page), within).toEqual([...before, 'At once']);
    answer();
    await page.reload();
    await expect.poll(() => shown(page), within).toEqual([...before, 'At once']);
  });
});
