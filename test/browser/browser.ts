/** A real browser for tests: headless Chromium, with a profile of its own that goes with it. */
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';

export interface Browser extends AsyncDisposable {
  readonly context: BrowserContext;
}

/** @param moreArguments of Chromium's command line */
export async function openBrowser(moreArguments: readonly string[] = []): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'tideline-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: browserBinary(),
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...moreArguments,
    ],
    viewport: { width: 1400, height: 900 },
  });
  return {
    context,
    async [Symbol.asyncDispose]() {
      await context.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** TEST_BROWSER, else the first Chromium or Chrome that is on PATH. */
function browserBinary(): string {
  const named = process.env.TEST_BROWSER;
  if (named !== undefined && named !== '') return named;
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    for (const folder of (process.env.PATH ?? '').split(delimiter)) {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return join(folder, name);
      } catch {
        // Looked for in the next folder.
      }
    }
  }
  throw new Error('no chromium on PATH: run scripts/require-browser.sh');
}
