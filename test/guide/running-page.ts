/** A page of the guide while its blocks are run, one after the other, as a reader would. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getOperationAST, parse } from 'graphql';
import { type Client, createClient } from 'graphql-ws';
import { expect } from 'vitest';
import { WebSocket } from 'ws';
import { importFile } from '../../scripts/client/import-file.ts';
import { startChild } from '../servers/child.ts';
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
    } else if (language === 'text') {
      for (const line of text.trim().split('\n')) expect(this.#output).toContain(line.trim());
    } else if (tag === 'run' && (language === 'sh' || language === 'ts')) {
      await this.#runProgram(language, text);
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

  async #runProgram(language: string, text: string): Promise<void> {
    const server = this.#server ?? (await this.open());
    const folder = await this.#folder();
    const file = join(folder, language === 'sh' ? 'block.sh' : 'block.mts');
    await writeFile(file, withAddress(text, server.url));
    const [command, args] =
      language === 'sh'
        ? ['bash', ['-eu', file]]
        : [process.execPath, ['--import', join(root, 'node_modules/tsx/dist/loader.mjs'), file]];
    await using child = startChild(command, args as readonly string[], { cwd: root });
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
    await this.#events?.return?.();
    await this.#client?.dispose();
    await this.#server?.[Symbol.asyncDispose]();
    this.#events = this.#client = this.#server = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
    for (const folder of this.#folders) await rm(folder, { recursive: true, force: true });
  }
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
