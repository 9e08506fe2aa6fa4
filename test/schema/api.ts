/** The whole API over a real replica on a folder of its own: what a client would see, without HTTP. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { checkDefinitions } from '../../definitions/check.ts';
import type { Definitions } from '../../definitions/definitions.ts';
import { loadDefinitions } from '../../definitions/load.ts';
import { buildSchema } from '../../schema/schema.ts';
import { Execution } from '../../server/execution/execution.ts';
import type { Result } from '../../server/operation/result.ts';
import { Subscription as OpenSubscription } from '../../server/subscriptions/subscription.ts';
import type { UploadedFile } from '../../uploads/attachments.ts';
import { openFolderBlobs } from '../../uploads/blobs/folder.ts';
import { openAttachments } from '../../uploads/service.ts';
import { type OpenReplica, openEmbedded, quiet, temporaryFolder, timers } from '../replica/replicas.ts';
import { type TestAnswer, TestReader } from '../server/subscriptions/test-reader.ts';

export interface Api extends AsyncDisposable {
  readonly replica: OpenReplica['replica'];
  readonly execution: Execution;
  /** The data of an answer without errors. @throws where it has any */
  run(query: string, variables?: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** The whole answer. */
  answer(query: string, variables?: Readonly<Record<string, unknown>>): Promise<Result>;
  /** The first error of an answer that has no data, with its extensions. */
  refused(query: string, variables?: Readonly<Record<string, unknown>>): Promise<Refusal>;
  /** A subscription's events. @throws where it does not begin */
  subscribe(query: string, variables?: Readonly<Record<string, unknown>>): Promise<Subscription>;
  /** A file as it comes out of a multipart request. */
  file(text: string, filename?: string, contentType?: string): Promise<UploadedFile>;
}

export interface Refusal {
  readonly code: unknown;
  readonly argument: unknown;
  readonly message: string;
}

export interface Subscription extends AsyncDisposable {
  /** The next event's data. @throws where it has errors, or there is none within five seconds */
  next(): Promise<unknown>;
  /** Whether it ends with the next read. */
  ended(): Promise<boolean>;
}

export const sample = () => loadDefinitions('collections.ts');
export const undefinedCollections = (): Definitions => checkDefinitions({});

export async function openApi(definitions: Definitions = undefinedCollections()): Promise<Api> {
  const folder = await temporaryFolder();
  const opened = await openEmbedded(folder.path, 'a', definitions.indexes);
  const { replica } = opened;
  const attachments = await openAttachments({
    id: replica.id,
    blobs: await openFolderBlobs(join(folder.path, 'blobs'), Date.now()),
    peers: () => [],
    timers,
    random: (bytes) => randomBytes(bytes),
    logger: quiet,
    channel: undefined,
    publicUrl: undefined,
    maximumUploadBytes: 1024 * 1024,
  });
  const uploads: AsyncDisposable[] = [];
  const execution = new Execution({
    schema: buildSchema(definitions),
    replica,
    definitions,
    attachments,
    logger: quiet,
    observer: { finished: () => {}, subscriptions: () => {} },
    elapsed: () => performance.now(),
    warns: false,
  });

  function prepare(query: string, variables: Readonly<Record<string, unknown>> = {}) {
    // As JSON has it: what is undefined is not sent.
    const sent = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined));
    return execution.prepare({ query, variables: sent, extensions: { causality: {} }, mayWrite: true });
  }
  async function answer(query: string, variables?: Readonly<Record<string, unknown>>): Promise<Result> {
    const prepared = prepare(query, variables);
    const { result } = 'operation' in prepared ? await execution.run(prepared) : { result: { errors: prepared } };
    for (const session of uploads.splice(0)) await session[Symbol.asyncDispose]();
    return result;
  }
  async function open(query: string, variables: Readonly<Record<string, unknown>> | undefined, reader: TestReader) {
    const prepared = prepare(query, variables);
    return 'operation' in prepared ? execution.subscribe(prepared, reader) : { errors: prepared };
  }

  return {
    replica,
    execution,
    answer,
    run: async (query, variables) => dataOf(await answer(query, variables)),
    async refused(query, variables) {
      const isSubscription = query.trimStart().startsWith('subscription');
      const answered = await (isSubscription ? open(query, variables, new TestReader()) : answer(query, variables));
      if (answered instanceof OpenSubscription) throw new Error('the subscription was not refused');
      const [error] = answered.errors ?? [];
      if (error === undefined || ('data' in answered && answered.data))
        throw new Error(`not refused: ${JSON.stringify(answered)}`);
      return { code: error.extensions.code, argument: error.extensions.argument, message: error.message };
    },
    async subscribe(query, variables) {
      const reader = new TestReader();
      const subscription = await open(query, variables, reader);
      if (!(subscription instanceof OpenSubscription)) throw new Error(JSON.stringify(subscription));
      return {
        next: async () => dataOf(await within(reader.next(), query)),
        ended: async () => (await within(reader.next(), query)) === undefined,
        [Symbol.asyncDispose]: async () => subscription.leave(),
      };
    },
    async file(text, filename, contentType = 'text/plain') {
      const session = attachments.beginUploads();
      uploads.push(session);
      const file = await session.receive('0', Readable.from([Buffer.from(text)]), filename, contentType);
      await session.keep();
      return file;
    },
    async [Symbol.asyncDispose]() {
      await execution.settled();
      for (const session of uploads) await session[Symbol.asyncDispose]();
      await attachments.close();
      await opened.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** The text at a path of an answer: `upsert.document.id`, `edges.0.cursor`. */
export function textAt(data: unknown, path: string): string {
  const found = path.split('.').reduce(memberOf, data);
  if (typeof found !== 'string') throw new Error(`no text at ${path} of ${JSON.stringify(data)}`);
  return found;
}

/** The `_id`s of the objects in the list at a path, one after the other. */
export function idsAt(data: unknown, path: string): string {
  const found = path.split('.').reduce(memberOf, data);
  if (!Array.isArray(found)) throw new Error(`no list at ${path} of ${JSON.stringify(data)}`);
  return found.map((node) => memberOf(node, '_id')).join('');
}

const memberOf = (data: unknown, key: string): unknown =>
  typeof data === 'object' && data !== null ? Reflect.get(data, key) : undefined;

/** A copy, with prototypes as literals have them. */
function dataOf(result: TestAnswer | undefined): unknown {
  if (result === undefined) throw new Error('the subscription has ended');
  if (result.errors) throw new Error(JSON.stringify(result.errors));
  return JSON.parse(JSON.stringify(result.data));
}

function within<Value>(promise: Promise<Value>, what: string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came within five seconds: ${what}`)), 5_000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
