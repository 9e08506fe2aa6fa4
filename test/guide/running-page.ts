/** A page of the guide while its blocks are run, one after the other, as a reader would. */
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { getOperationAST, parse } from 'graphql';
import { type Client, createClient } from 'graphql-ws';
import { expect } from 'vitest';
import { WebSocket } from 'ws';
import { importFile } from '../../scripts/client/import-file.ts';
import { type Child, startChild } from '../servers/child.ts';
import { type Answer, type EmbeddedServer, openServer } from '../servers/tideline.ts';
import { root } from '../tidy/source-files.ts';
import { type Block, withAddress } from './pages.ts';

export class RunningPage implements AsyncDisposable {
  #server: EmbeddedServer | undefined;
  #client: Client | undefined;
  #events: AsyncIterableIterator<unknown> | undefined;
  /** Of the last block that was run: what a block with its answer is compared with. */
  #answer: unknown;
  #output = '';
  #watching: Child | undefined;
  readonly #folders: string[] = [];

  /** Begins anew: collections of the page's own, without documents; or the sample data. */
  async open(collections?: string): Promise<EmbeddedServer> {
    await this.#close();
    const environment: Record<string, string> = {};
    if (collections !== undefined) {
      const folder = await this.#folder();
      environment.COLLECTIONS = join(folder, 'collections.ts');
      await writeFile(environment.COLLECTIONS, collections);
    }
    this.#server = await openServer(environment);
    if (collections === undefined) await importSample(this.#server);
    return this.#server;
  }

  async run(block: Block): Promise<void> {
    const { language, tag, text } = block;
    if (language === 'ts' && tag === 'collections') {
      await this.open(text);
    } else if (language === 'graphql') {
      await this.#runOperation(text);
    } else if (language === 'json' && tag === 'event') {
      const { value } = await (this.#events ?? fail('no subscription stands before it')).next();
      expect(value).toMatchObject(JSON.parse(text));
    } else if (language === 'json') {
      expect(this.#answer ?? fail('no operation stands before it')).toMatchObject(JSON.parse(text));
    } else if (language === 'text' && this.#watching !== undefined) {
      for (const line of text.trim().split('\n')) await this.#watching.said(line.trim());
      await this.#watching.end('SIGTERM');
      this.#watching = undefined;
    } else if (language === 'text') {
      for (const line of text.trim().split('\n')) expect(this.#output).toContain(line.trim());
    } else {
      await this.#runProgram(language, tag, text);
    }
  }

  async #runOperation(text: string): Promise<void> {
    const server = this.#server ?? (await this.open());
    if (getOperationAST(parse(text))?.operation === 'subscription') {
      this.#client ??= createClient({ url: server.socketUrl, webSocketImpl: WebSocket });
      this.#events = this.#client.iterate({ query: text });
      const { value } = await this.#events.next();
      this.#answer = value;
    } else {
      const { data, errors }: Answer = await server.ask(text);
      this.#answer = errors.length > 0 ? { errors, data } : { data };
    }
  }

  /** Whether the last operation was refused; a page that means it shows the errors. */
  get errors(): unknown {
    return typeof this.#answer === 'object' && this.#answer !== null && 'errors' in this.#answer
      ? this.#answer.errors
      : undefined;
  }

  /** `watch`: it goes on until it has said what the next block has. */
  async #runProgram(language: string, tag: string, text: string): Promise<void> {
    const server = this.#server ?? (await this.open());
    // A shell that waits for its command would outlive a signal.
    const program = language === 'sh' && tag === 'watch' ? `exec ${text}` : text;
    const child = await startProgram(language, withAddress(program, server.url), await this.#folder());
    if (tag === 'watch') {
      this.#watching = child;
      return;
    }
    await new Promise((ended) => child.process.once('close', ended));
    this.#output = child.lastWords;
    expect(child.process.exitCode, child.lastWords).toBe(0);
  }

  async #folder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'tideline-guide-'));
    this.#folders.push(folder);
    return folder;
  }

  async #close(): Promise<void> {
    await this.#watching?.end('SIGTERM');
    await this.#events?.return?.();
    await this.#client?.dispose();
    await this.#server?.[Symbol.asyncDispose]();
    this.#events = this.#client = this.#server = this.#watching = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
    for (const folder of this.#folders) await rm(folder, { recursive: true, force: true });
  }
}

/** A block as a program of its own, in the root of the repository. A module finds the packages of the root. */
export async function startProgram(language: string, text: string, folder: string): Promise<Child> {
  const file = join(folder, language === 'sh' ? 'block.sh' : 'block.mts');
  const [command, args]: [string, string[]] =
    language === 'sh'
      ? ['bash', ['-eu', file]]
      : [process.execPath, ['--import', pathToFileURL(join(root, 'node_modules/tsx/dist/loader.mjs')).href, file]];
  // Node 20 has no WebSocket of its own, as browsers and later versions have.
  const prelude =
    text.includes('WebSocket') || text.includes('graphql-ws')
      ? `import { WebSocket as implementation } from '${join(root, 'node_modules/ws/wrapper.mjs')}'; globalThis.WebSocket ??= implementation;\n`
      : '';
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(file, language === 'sh' ? text : `${prelude}${text}`);
  return startChild(command, args, { cwd: root });
}

function fail(problem: string): never {
  throw new Error(problem);
}

export async function importSample(server: EmbeddedServer): Promise<void> {
  const path = join(root, 'node_modules/world-countries/countries.json');
  const stopped = new AbortController().signal;
  const url = `${server.url}/graphql`;
  const work = { collection: 'countries', path, url, idField: 'cca3', batchDocuments: 500, from: 1, stopped };
  expect(await importFile({ ...work, commandFrom: String })).toBe(0);
}
