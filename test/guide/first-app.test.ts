/** The page of docs/guide/first-app.md in two windows of a real browser. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openBrowser } from '../browser/browser.ts';
import { openServer } from '../servers/tideline.ts';
import { blockOf, withAddress } from './pages.ts';

it('the page of the first app shows in one window what is written in the other', { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tideline-first-app-'));
  const COLLECTIONS = join(folder, 'notes.ts');
  await writeFile(COLLECTIONS, blockOf('docs/guide/first-app.md', 'ts', 'collections').text);
  await using server = await openServer({ COLLECTIONS });
  const html = withAddress(blockOf('docs/guide/first-app.md', 'html', 'page').text, server.url);
  const pages = createServer((_, response) => response.setHeader('content-type', 'text/html').end(html));
  await new Promise<void>((listening) => pages.listen(0, '127.0.0.1', listening));
  try {
    await using browser = await openBrowser();
    const address = pages.address();
    const [left, right] = [await browser.context.newPage(), await browser.context.newPage()];
    for (const page of [left, right])
      await page.goto(`http://127.0.0.1:${typeof address === 'object' && address?.port}/`);
    await left.getByLabel('New note').fill('Water the plants');
    await left.getByRole('button', { name: 'Add' }).click();
    await right.getByText('Water the plants (0 likes)').waitFor();
    expect(await left.locator('li').allTextContents()).toEqual(['Water the plants (0 likes)']);
  } finally {
    await new Promise((closed) => pages.close(closed));
    await rm(folder, { recursive: true });
  }
});
