/** One server: opens the adapters, the replica and the HTTP server, in this order, and closes them in reverse. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadDefinitions } from '../definitions/load.ts';
import { limits } from '../limits.ts';
import type { Channel } from '../replica/gossip/channel.ts';
import type { Gossip } from '../replica/gossip/gossip.ts';
import { inProcessGossip } from '../replica/gossip/in-process.ts';
import { type DataFolder, openDataFolder } from '../replica/lmdb/folder.ts';
import { readableFormats } from '../replica/log/formats.ts';
import type { Log } from '../replica/log/log.ts';
import type { Snapshots } from '../replica/log/snapshots.ts';
import { openRedisSite } from '../replica/redis/site.ts';
import type { Replica } from '../replica/replica.ts';
import { moveIn } from '../replica/running/move-in.ts';
import { openReplica } from '../replica/running/running-replica.ts';
import { buildSchema } from '../schema/schema.ts';
import { openFolderBlobs } from '../uploads/blobs/folder.ts';
import { attachmentsHandler } from '../uploads/http.ts';
import { openAttachments } from '../uploads/service.ts';
import { AttachmentsOnceReady } from './attachments-once-ready.ts';
import type { Configuration } from './configuration.ts';
import { Execution } from './execution/execution.ts';
import { isDevelopment, isLoopback } from './http/access.ts';
import { HttpServer } from './http/http.ts';
import { createMetrics } from './http/metrics.ts';
import { reportMisfits } from './stored-values.ts';
import type { System } from './system.ts';
import { ByteBudget } from './traffic/byte-budget.ts';

export interface Tideline {
  /** The URL of the server, without a path. */
  readonly url: string;
  /** Whether only this machine can reach it. */
  readonly isLoopback: boolean;
  readonly replica: Replica;
  /** Resolves once the replica serves; until then, only health and status requests are answered. */
  readonly ready: Promise<void>;
  /** Accepts no more requests, finishes the running ones, flushes, and releases everything. Idempotent. */
  close(): Promise<void>;
}

interface Site {
  readonly log: Log;
  /** Undefined if the log stores document states itself. */
  readonly snapshots: Snapshots | undefined;
  readonly gossip: Gossip;
  /** Undefined if there are no other replicas. */
  readonly channel: ((replicaId: string) => Channel) | undefined;
}

/** The functions that close what is open, to be called in reverse. */
type Closers = (() => Promise<void>)[];

/** @throws {TidelineError} if the start fails; nothing stays open. @throws {Error} Node's error if it cannot listen */
export async function openTideline(configuration: Configuration, system: System): Promise<Tideline> {
  const closers: Closers = [];
  const closeAll = async () => {
    for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
  };
  let closing: Promise<void> | undefined;
  try {
    const opened = await open(configuration, system, closers);
    return {
      ...opened,
      close() {
        closing ??= closeAll();
        return closing;
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function open(configuration: Configuration, system: System, closers: Closers) {
  const { host, port, corsOrigins, publicUrl, trustedHops, maximumUploadBytes } = configuration;
  const { timers, random, elapsed, logger, timing = {}, reads = readableFormats, pace } = system;
  const budget = system.budget ?? new ByteBudget(limits.inFlightBytes);
  const definitions = await loadDefinitions(configuration.definitionsFile);
  const schema = buildSchema(definitions);

  const folder = await openFolder(configuration, closers);
  const { log, snapshots, gossip, channel } = openSite(configuration, folder, system, closers);
  if (folder?.embedded && folder.checkpoint && snapshots) {
    await moveIn({ embedded: folder.embedded, kept: folder.checkpoint, log, snapshots, timers });
    logger.info({ folder: folder.path }, 'the site of this folder moves into Redis');
  }
  const blobsFolder = folder === undefined ? await makeTemporaryFolder(closers) : join(folder.path, 'blobs');
  const blobs = await openFolderBlobs(blobsFolder, timers.now());

  const name = configuration.replicaName;
  const replica = openReplica({
    name,
    log,
    snapshots,
    gossip,
    journal: folder?.journal,
    checkpoint: folder?.checkpoint,
    timers,
    random,
    logger,
    indexes: definitions.indexes,
    timing,
    reads,
  });
  closers.push(() => replica.close());
  // The replica's id, by which others request bytes, is known once it is ready.
  const attachments = new AttachmentsOnceReady(replica, () => {
    return openAttachments({
      id: replica.id,
      channel: channel?.(replica.id),
      blobs,
      peers: () => replica.status.peers.map(({ id }) => id),
      timers,
      random,
      logger,
      publicUrl,
      maximumUploadBytes,
    });
  });
  let isClosing = false;
  attachments.opened.catch((err: unknown) => {
    if (!isClosing) logger.error({ err }, 'this replica cannot serve');
  });
  closers.push(() => {
    isClosing = true;
    return attachments.close();
  });
  void attachments.opened.then(
    () =>
      reportMisfits(replica, definitions, logger, () => isClosing).catch((err: unknown) => {
        logger.error({ err }, 'stored documents could not be checked against their definitions');
      }),
    // Logged above.
    () => {},
  );

  const metrics = createMetrics(replica, () => attachments.counters);
  const execution = new Execution({
    schema,
    replica,
    definitions,
    attachments,
    logger,
    observer: metrics,
    elapsed,
    warns: isDevelopment({ loopback: isLoopback(host), publicUrl }),
  });
  const server = new HttpServer({
    host,
    port,
    corsOrigins,
    publicUrl,
    trustedHops,
    schema,
    replica,
    execution,
    metrics,
    logger,
    elapsed,
    budget,
    pace,
    attachmentsHandler: attachmentsHandler({ replica, attachments, logger }),
    beginUploads: () => attachments.beginUploads(),
    isReady: () => attachments.isOpen,
  });
  const url = await server.listen();
  closers.push(() => server.close());
  return { url, isLoopback: server.isLoopback, replica, ready: attachments.opened };
}

async function openFolder(configuration: Configuration, closers: Closers): Promise<DataFolder | undefined> {
  const { dataFolder: path, redisUrl, namespace } = configuration;
  if (path === undefined) return undefined;
  const folder = await openDataFolder({ path, kind: redisUrl === undefined ? 'EMBEDDED' : 'REPLICA', namespace });
  closers.push(() => folder.close());
  return folder;
}

function openSite(
  { redisUrl: url, namespace }: Configuration,
  folder: DataFolder | undefined,
  { logger }: System,
  closers: Closers,
): Site {
  if (url !== undefined) {
    const site = openRedisSite({ url, namespace, logger });
    closers.push(() => site.close());
    const { log, snapshots, gossip } = site;
    return { log, snapshots, gossip, channel: (replicaId) => site.channel(replicaId) };
  }
  if (folder?.log === undefined) throw new Error('the data folder of an embedded site has no log');
  return { log: folder.log, snapshots: undefined, gossip: inProcessGossip, channel: undefined };
}

/** Without a data folder, a replica keeps attachments' bytes only as long as it runs. */
async function makeTemporaryFolder(closers: Closers): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'tideline-blobs-'));
  closers.push(() => rm(path, { recursive: true, force: true }));
  return path;
}
