/** Opens whole replicas for tests: on a folder of their own, or on a real Redis. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { documentValue } from '../../replica/crdt/document.ts';
import type { UpdateOperation, WriteStrategy } from '../../replica/crdt/writes.ts';
import type { Logger } from '../../replica/environment/logger.ts';
import type { Timers } from '../../replica/environment/timers.ts';
import { inProcessGossip } from '../../replica/gossip/in-process.ts';
import { openDataFolder } from '../../replica/lmdb/folder.ts';
import { type FormatRange, firstFormat, readableFormats } from '../../replica/log/formats.ts';
import type { ReplicaTiming } from '../../replica/options.ts';
import type { DocumentReader } from '../../replica/query/access/document-reader.ts';
import type { IndexedPath } from '../../replica/query/access/indexes.ts';
import { openRedisSite } from '../../replica/redis/site.ts';
import type { Replica } from '../../replica/replica.ts';
import { openReplica } from '../../replica/running/running-replica.ts';
import { jsonFromValue, objectFromJson } from '../../replica/values/json.ts';
import { formerGossip, formerLog } from './former-version.ts';

export const timers: Timers = {
  now: () => Date.now(),
  after: (milliseconds, call) => {
    const timer = setTimeout(call, milliseconds);
    timer.unref();
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};

export const quiet: Logger = { info: () => {}, warn: () => {}, error: () => {} };

const random = (bytes: number) => randomBytes(bytes);

export interface OpenReplica extends AsyncDisposable {
  readonly replica: Replica;
  close(): Promise<void>;
}

export async function temporaryFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'tideline-test-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Two folders, gone with what they are bound to. */
export async function twoFolders() {
  const a = await temporaryFolder();
  const b = await temporaryFolder();
  return {
    a: a.path,
    b: b.path,
    async [Symbol.asyncDispose]() {
      await a[Symbol.asyncDispose]();
      await b[Symbol.asyncDispose]();
    },
  };
}

export async function openEmbedded(
  path: string,
  name = 'a',
  indexes: readonly IndexedPath[] = [],
): Promise<OpenReplica> {
  const folder = await openDataFolder({ path, kind: 'EMBEDDED', namespace: 'tideline' });
  if (!folder.log) throw new Error('an embedded folder has a log');
  const { log, journal } = folder;
  const replica = openReplica({
    name,
    log,
    snapshots: undefined,
    gossip: inProcessGossip,
    journal,
    checkpoint: undefined,
    timers,
    random,
    logger: quiet,
    indexes,
  });
  await replica.ready;
  return disposable(replica, () => folder.close());
}

export interface OnRedis {
  readonly url: string;
  readonly name: string;
  /** Undefined: without a disk. */
  readonly path: string | undefined;
  /** True: gives the replica back before it is ready. */
  readonly early?: boolean;
  readonly timing?: Partial<ReplicaTiming>;
  /** P83. What its version reads. */
  readonly reads?: FormatRange;
}

export async function openOnRedis({
  url,
  name,
  path,
  early,
  timing: more,
  reads = readableFormats,
}: OnRedis): Promise<OpenReplica> {
  const folder = path === undefined ? undefined : await openDataFolder({ path, kind: 'REPLICA', namespace: 'test' });
  const site = openRedisSite({ url, namespace: 'test', logger: quiet });
  const timing = { heartbeatMilliseconds: 100, retryMilliseconds: [50, 200], ...more } as const;
  const { snapshots } = site;
  const isFormer = reads[1] === firstFormat;
  const log = isFormer ? formerLog(site.log) : site.log;
  const gossip = isFormer ? formerGossip(site.gossip) : site.gossip;
  const journal = folder?.journal;
  const replica = openReplica({
    name,
    log,
    snapshots,
    gossip,
    journal,
    checkpoint: folder?.checkpoint,
    timers,
    random,
    logger: quiet,
    timing,
    reads,
  });
  const opened = disposable(replica, async () => {
    await site.close();
    await folder?.close();
  });
  if (!early)
    await replica.ready.catch(async (error: unknown) => {
      await opened.close();
      throw error;
    });
  return opened;
}

function disposable(replica: Replica, closeAdapters: () => Promise<void>): OpenReplica {
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= replica.close().then(closeAdapters);
    return closing;
  };
  return { replica, close, [Symbol.asyncDispose]: close };
}

const noCounters = () => false;

export async function upsert(
  { replica }: OpenReplica,
  collection: string,
  document: { readonly _id: string; readonly [key: string]: unknown },
  strategy: WriteStrategy = 'MERGE',
): Promise<string> {
  const { _id, ...fields } = document;
  const value = objectFromJson(fields, 'document');
  const transaction = replica.begin();
  try {
    transaction.request((writer) => writer.upsert(collection, _id, value, strategy, noCounters));
    return (await replica.commit(transaction)).token;
  } finally {
    transaction.close();
  }
}

export async function update(
  { replica }: OpenReplica,
  collection: string,
  id: string,
  ...operations: readonly UpdateOperation[]
): Promise<string> {
  const transaction = replica.begin();
  try {
    transaction.request((writer) => writer.update(collection, id, operations, noCounters));
    return (await replica.commit(transaction)).token;
  } finally {
    transaction.close();
  }
}

/** A document as JSON, without `_id`; undefined where it is not shown. */
export function read({ replica }: OpenReplica, collection: string, id: string): unknown {
  using view = replica.read();
  return shownValueOf(view, collection, id);
}

export function shownValueOf(reader: DocumentReader, collection: string, id: string): unknown {
  const document = reader.get(collection, id);
  return document && JSON.parse(JSON.stringify(jsonFromValue(documentValue(document.state))));
}

/** All documents of a collection by id. */
export function readAll({ replica }: OpenReplica, collection: string): Record<string, unknown> {
  using view = replica.read();
  const ids = [...view.all(collection)].map(({ id }) => id).sort();
  return Object.fromEntries(ids.map((id) => [id, shownValueOf(view, collection, id)]));
}
