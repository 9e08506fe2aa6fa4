/**
 * An embedded site moves into a Redis that holds no log yet, as it is: docs/internals/protocol.md, P80. Its state becomes what a replica
 * keeps on its own disk, and from there on it is a replica whose Redis is empty: it begins a log with what it has (P43).
 */
import { ConfigurationError, LogUnavailableError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { encodeDocument } from '../codec/document-codec.ts';
import type { Head } from '../crdt/version.ts';
import { pause, type Timers } from '../environment/timers.ts';
import type { Checkpoint, CheckpointDocument, EmbeddedSite } from '../log/checkpoint.ts';
import type { Log } from '../log/log.ts';
import type { Snapshots } from '../log/snapshots.ts';

export interface MoveInParts {
  readonly embedded: EmbeddedSite;
  readonly kept: Checkpoint;
  /** The Redis that it moves into. */
  readonly log: Log;
  readonly snapshots: Snapshots;
  readonly timers: Timers;
}

/**
 * May be repeated, whatever ended it: the folder stays an embedded site's until all of it is in its place.
 * @throws {ConfigurationError} another site is there, or Redis cannot be reached to see whether one is; nothing was changed then
 * @throws {StoreUnavailableError} the disk is full or failing
 */
export async function moveIn(parts: MoveInParts): Promise<void> {
  const { embedded } = parts;
  const states = await embedded.log.loadStates();
  await checkRoom(parts, states?.head);
  if (states) {
    const { kept } = parts;
    await kept.beginAnew();
    let documents: CheckpointDocument[] = [];
    for (const { collection, id, state } of states.records) {
      documents.push({ collection, id, state: state && encodeDocument(state), removed: undefined });
      if (documents.length < limits.keysPerTurn) continue;
      await kept.keep({ documents, origins: new Map(), runs: [], whole: undefined });
      documents = [];
    }
    const { head } = states;
    const whole = { head, closedLogs: [], skipped: [], keptFrom: head.position };
    await kept.keep({ documents, origins: await embedded.log.origins(), runs: [], whole });
  }
  await embedded.moved();
}

/** Whether there is no log yet, or one that began with what the site is. */
async function checkRoom(parts: MoveInParts, own: Head | undefined): Promise<void> {
  const there = await reached(parts, () => parts.log.head());
  if (there === undefined) return;
  const manifest = await reached(parts, () => parts.snapshots.manifest());
  if (manifest?.generation.begin.log === there.log && manifest.closedLogs.some(({ log }) => log === own?.log)) return;
  throw new ConfigurationError([
    'REDIS_URL: that Redis holds another site under this NAMESPACE, and DATA_DIR a site of its own, which moves only into an empty one: take its documents along (start it without REDIS_URL and run npm run export; then with REDIS_URL and a fresh DATA_DIR npm run import), or set another NAMESPACE',
  ]);
}

/** Tries for a while: the connection may only be on its way. */
async function reached<Result>({ timers }: MoveInParts, ask: () => Promise<Result>): Promise<Result> {
  const until = timers.now() + limits.siteMilliseconds;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof LogUnavailableError)) throw error;
      if (timers.now() >= until)
        throw new ConfigurationError([
          `REDIS_URL: DATA_DIR holds a site of its own, which moves into that Redis only where it can see that no other is there, and it cannot be reached (${error.message}): start Redis first`,
        ]);
    }
    await pause(timers, limits.redisProbeMilliseconds);
  }
}
