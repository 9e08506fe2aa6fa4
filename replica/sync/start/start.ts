/**
 * How a replica starts: it finds its site's log (or makes one), brings the prefix up to the log's end, and takes over what
 * its journal holds. Redis: from the snapshot and the log's tail. Embedded: from the states beside the log.
 */
import { LogUnavailableError, MalformedBytesError } from '../../../errors.ts';
import { decodeDelta } from '../../codec/delta-codec.ts';
import type { Head, Origin } from '../../crdt/version.ts';
import type { Logger } from '../../environment/logger.ts';
import { Backoff, pause, type Timers } from '../../environment/timers.ts';
import type { SeenHistories } from '../../history/contexts.ts';
import { recut, type StagedTransaction } from '../../history/staged.ts';
import type { Checkpoint } from '../../log/checkpoint.ts';
import { checkFormat, type FormatRange } from '../../log/formats.ts';
import { newLogId, newSecret } from '../../log/ids.ts';
import type { Journal, JournaledTransaction } from '../../log/journal.ts';
import type { Log } from '../../log/log.ts';
import type { Snapshots } from '../../log/snapshots.ts';
import { Prefix } from '../../state/prefix.ts';
import type { Peers } from '../peers.ts';
import { type LoadedPrefix, LoadInterrupted, loadStored } from '../snapshots/load.ts';
import type { CheckpointWriter } from './checkpoint-writer.ts';
import { type StartHost, startFromDisk } from './start-from-disk.ts';

export interface StartOptions {
  readonly name: string;
  readonly log: Log;
  readonly snapshots: Snapshots | undefined;
  readonly journal: Journal | undefined;
  readonly checkpoint: Checkpoint | undefined;
  readonly keeper: CheckpointWriter | undefined;
  readonly siteMilliseconds: number;
  readonly timers: Timers;
  readonly random: (bytes: number) => Uint8Array;
  readonly logger: Logger;
  readonly heartbeatMilliseconds: number;
  readonly retryMilliseconds: readonly [number, number];
  readonly newLogKeepMilliseconds: number;
  /** The formats of a site that this version reads. */
  readonly reads: FormatRange;
  readonly peers: Pick<Peers, 'anyKnowsLog'>;
  readonly host: StartHost;
  /** Aborted once the replica is closed: then starting ends. */
  readonly signal: AbortSignal;
}

/** Heartbeats that a replica without a log waits for somebody who knows one; the second where its journal knows one. */
const heartbeatsWithoutLog = [3, 10] as const;

export class StartAborted extends Error {}

/**
 * The prefix to begin with: the states beside the log, the prefix on the replica's own disk, or what is loaded from the site.
 * @throws {MalformedBytesError} the states beside the log do not decode
 */
export async function openPrefix(
  options: StartOptions,
  journaled: readonly JournaledTransaction[],
): Promise<LoadedPrefix> {
  const { log, retryMilliseconds, timers, checkpoint, keeper } = options;
  const states = await retried(options, () => log.loadStates());
  if (states) {
    const prefix = new Prefix(states.head, [], states.records, await log.origins());
    for (const removed of states.removed) prefix.takeRemoved(removed);
    return { prefix, manifest: undefined, missing: undefined, isReached: true };
  }
  const own = checkpoint && keeper && (await startFromDisk({ ...options, kept: checkpoint, keeper, journaled }));
  if (own) return own;
  const backoff = new Backoff(retryMilliseconds);
  for (;;) {
    const head = await findLog(options, journaled.length > 0);
    try {
      const loaded = await retried(options, () => loadStored(options, head));
      keeper?.begin(loaded.prefix, false);
      return loaded;
    } catch (error) {
      if (!(error instanceof LoadInterrupted)) throw error;
      if (error.missing !== undefined) options.host.missing(error.missing);
      options.host.waitsFor(`the site's state cannot be loaded yet: ${error.message}`);
    }
    await pause(timers, backoff.next());
  }
}

async function findLog(options: StartOptions, journalHoldsAny: boolean): Promise<Head> {
  const { log, timers, heartbeatMilliseconds, random } = options;
  const heartbeats = log.storage === 'EMBEDDED' ? 0 : heartbeatsWithoutLog[journalHoldsAny ? 1 : 0];
  for (let waited = 0; ; waited += 1) {
    const head = await retried(options, () => log.head());
    checkFormat(log.format, options.reads);
    if (head) return head;
    const known = options.peers.anyKnowsLog;
    if (waited >= heartbeats && !known)
      return retried(options, () => log.create(newLogId(random), options.newLogKeepMilliseconds));
    options.host.waitsFor(
      known
        ? 'Redis holds no log, and a running replica knows one: it is not this one that may make another'
        : 'Redis holds no log yet: waiting whether a replica knows one',
    );
    await pause(timers, heartbeatMilliseconds);
    if (options.signal.aborted) throw new StartAborted();
  }
}

/** Tries again until the site answers. */
async function retried<Result>(options: StartOptions, attempt: () => Promise<Result>): Promise<Result> {
  const backoff = new Backoff(options.retryMilliseconds);
  for (;;) {
    if (options.signal.aborted) throw new StartAborted();
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof LogUnavailableError)) throw error;
      options.host.waitsFor(`waiting for Redis: ${options.log.problem ?? error.message}`);
      await pause(options.timers, backoff.next());
    }
  }
}

/**
 * The journaled transactions that the log lacks, oldest first; their contexts are cut for that log (P42).
 * @throws {MalformedBytesError} it does not decode
 */
export async function unsentOf(
  journal: Journal,
  prefix: Prefix,
  seen: SeenHistories,
): Promise<readonly StagedTransaction[]> {
  const unsent: StagedTransaction[] = [];
  const returned = new Map<Origin, number>();
  const late: JournaledTransaction[] = [];
  const { bases, entries } = await journal.known();
  for (const { mark, origins } of bases) seen.addBase(mark, origins);
  seen.addEntries(entries);
  const cut = seen.cutterFor(prefix.history);
  for (const transaction of await journal.load()) {
    const { origin, number } = transaction;
    if (prefix.wentOnWithout(origin, number)) {
      late.push(transaction);
      continue;
    }
    if (number <= (prefix.origins.get(origin) ?? 0)) {
      returned.set(origin, number);
      continue;
    }
    const delta = decodeDelta(transaction.bytes);
    if (delta.origin !== origin || delta.number !== number)
      throw new MalformedBytesError(`the journal holds ${delta.origin} ${delta.number} as ${origin} ${number}`);
    unsent.push(recut({ ...transaction, delta }, cut));
  }
  if (late.length > 0) await journal.setAside(late);
  for (const [origin, number] of returned) await journal.removeUpTo(origin, number);
  return unsent;
}

/**
 * Goes on with the origin of a process that closed cleanly, where the log agrees.
 * @param fresh a new one, for where there is none to go on with
 * @param isReached whether the site answers now; else the clean mark stays for a process that reaches it
 */
export async function chooseOrigin(
  options: StartOptions,
  fresh: Origin,
  isReached: boolean,
): Promise<{ readonly origin: Origin; readonly secret: string }> {
  const { journal, log, name, random } = options;
  const secret = newSecret(random);
  if (!isReached) return { origin: fresh, secret };
  const clean = await journal?.takeCleanMark();
  if (clean?.origin.slice(0, -originSuffixCharacters) === name) {
    const claimed = await retried(options, () => log.claimOrigin({ ...clean, nextSecret: secret }));
    if (claimed) return { origin: clean.origin, secret };
  }
  return { origin: fresh, secret };
}

const originSuffixCharacters = 9;
