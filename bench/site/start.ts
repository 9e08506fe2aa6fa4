/** How long a replica takes to start on a site that has so many documents, and what they take in Redis. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Compiled } from '../children.ts';
import { collection, fieldsOf, idOf } from '../crdt/workload.ts';
import { Site } from './site.ts';

export interface Start {
  readonly documents: number;
  /** Seconds from the beginning of the process' own work until it serves, by reading the whole log. */
  readonly fromLog: number;
  /** The same with a snapshot there; NaN where none was written. */
  readonly fromSnapshot: number;
  /** In Redis' memory, of each document: in the log, and in the snapshot with what is left of the log. */
  readonly logBytes: number;
  readonly snapshotBytes: number;
  /** Of the process that started last, all its memory. */
  readonly residentBytes: number;
  /** Milliseconds that the event loop was held at most after the start, while the data folder got its first copy. */
  readonly longestHoldAtFirst: number;
  /** The same later, while a snapshot was written. */
  readonly longestHold: number;
}

const documentsAtOnce = 2_000;
const snapshotKey = '{tideline}:snapshot';
/** Who fills the site leaves the snapshot to the next: so what it holds up is nothing but the snapshot. */
const neverWritesSnapshots = { snapshotMinimumBytes: Number.MAX_SAFE_INTEGER };
const keepsNoLog = { newLogKeepMilliseconds: 1_000 };
/** Snapshots are thought of with each heartbeat: so none is begun before the replica has been there for a while. */
const restSeconds = 20;
const writesSnapshotLater = { snapshotMinimumBytes: 1, heartbeatMilliseconds: restSeconds * 1_000 };

export async function measureStart(compiled: Compiled, documents: number, patienceSeconds: number): Promise<Start> {
  await using site = await Site.open(compiled, 'tideline', 0);
  const { redis } = site;
  await site.startServer({ ...neverWritesSnapshots, ...keepsNoLog });
  const emptyBytes = await usedBytes(site);
  const bytes = async () => ((await usedBytes(site)) - emptyBytes) / documents;
  for (let from = 0; from < documents; from += documentsAtOnce) {
    const count = Math.min(documentsAtOnce, documents - from);
    const all = Array.from({ length: count }, (_, index) => ({ _id: idOf(from + index), ...fieldsOf(from + index) }));
    await site.upsert(collection, all);
  }
  const logBytes = await bytes();
  const isThere = async () => (await redis.client.exists(snapshotKey)) === 1;
  const second = await site.startServer({ ...writesSnapshotLater, ...keepsNoLog });
  const fromLog = (await second.askNumber('start')) / 1_000;
  await second.ask('watchDelay');
  await sleep((restSeconds / 2) * 1_000);
  const longestHoldAtFirst = await second.askNumber('longestDelay');
  if (await isThere()) throw new Error('the snapshot was begun too early');
  await second.ask('watchDelay');
  for (let waited = 0; waited < patienceSeconds && !(await isThere()); waited++) await sleep(1_000);
  const longestHold = await second.askNumber('longestDelay');
  const wasWritten = await isThere();
  const third = wasWritten ? await site.startServer() : second;
  return {
    documents,
    fromLog,
    fromSnapshot: wasWritten ? (await third.askNumber('start')) / 1_000 : Number.NaN,
    logBytes,
    snapshotBytes: wasWritten ? await bytes() : Number.NaN,
    residentBytes: await third.askNumber('memory'),
    longestHoldAtFirst,
    longestHold: wasWritten ? longestHold : Number.NaN,
  };
}

async function usedBytes({ redis }: Site): Promise<number> {
  return Number(/used_memory_dataset:(\d+)/.exec(await redis.client.info('memory'))?.[1]);
}
