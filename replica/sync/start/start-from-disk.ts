/** Starting from the prefix that the replica keeps on its own disk: P33. Then a restart is to its site as a pause is. */
import { isUndecodable, LogUnavailableError } from '../../../errors.ts';
import { limits } from '../../../limits.ts';
import type { Head, Origin } from '../../crdt/version.ts';
import { Backoff, pause, type Timers, turn } from '../../environment/timers.ts';
import type { Checkpoint, CheckpointRun } from '../../log/checkpoint.ts';
import { deltasOf } from '../../log/entry.ts';
import { checkFormat, type FormatRange } from '../../log/formats.ts';
import type { JournaledTransaction } from '../../log/journal.ts';
import type { LogEntry } from '../../log/log.ts';
import { decodeRun } from '../../log/run.ts';
import type { GenerationName } from '../../log/snapshots.ts';
import { type EarlierEntries, Prefix } from '../../state/prefix.ts';
import { isWithin } from '../healing/way-on.ts';
import { type LoadedPrefix, LoadInterrupted, type LoadParts, readManifest, readTail } from '../snapshots/load.ts';
import type { CheckpointWriter } from './checkpoint-writer.ts';

export interface DiskStartParts extends LoadParts {
  readonly kept: Checkpoint;
  readonly keeper: CheckpointWriter;
  readonly timers: Timers;
  readonly retryMilliseconds: readonly [number, number];
  /** How long it waits for its site. */
  readonly siteMilliseconds: number;
  /** The contents of the journal. */
  readonly journaled: readonly JournaledTransaction[];
  readonly host: Pick<StartHost, 'waitsFor'>;
  readonly signal: AbortSignal;
  /** The formats of a site that this version reads. */
  readonly reads: FormatRange;
}

/** Learns how a start proceeds. */
export interface StartHost {
  /** @param problem what it waits for, as a line for people */
  waitsFor(problem: string): void;
  /** A generation that it cannot load. */
  missing(generation: GenerationName): void;
}

/**
 * The prefix on disk, brought up to the log's end where the site is reached in time and the log goes on from there.
 * @returns undefined where there is none, or none to go on with: the log was trimmed past it
 */
export async function startFromDisk(parts: DiskStartParts): Promise<LoadedPrefix | undefined> {
  const prefix = await loadKept(parts);
  if (!prefix) return undefined;
  const { log, timers, journaled, signal } = parts;
  // Journaled transactions are shown over the state that they saw, or not at all.
  const mayStartAlone = journaled.every(
    ({ context }) => context.log === prefix.head.log && context.position <= prefix.head.position,
  );
  let isLate = false;
  using _ = timers.after(parts.siteMilliseconds, () => {
    isLate = true;
  });
  const backoff = new Backoff(parts.retryMilliseconds);
  while (!signal.aborted) {
    try {
      const manifest = await readManifest(parts);
      try {
        await readTail(log, prefix);
        checkFormat(log.format, parts.reads);
      } catch (error) {
        if (!(error instanceof LoadInterrupted)) throw error;
        const { generation } = (await readManifest(parts)) ?? {};
        // Otherwise this replica may have writes that the site lost: it starts with them, and rejoins.
        if (generation && isWithin(prefix.origins, generation.origins)) return undefined;
      }
      return { prefix, manifest, missing: undefined, isReached: true };
    } catch (error) {
      if (!(error instanceof LogUnavailableError)) throw error;
      parts.host.waitsFor(`waiting for Redis: ${error.message}`);
      if (isLate && mayStartAlone) return { prefix, manifest: undefined, missing: undefined, isReached: false };
    }
    await pause(timers, backoff.next());
  }
  return undefined;
}

/** In many short turns. What does not decode is told, and is as good as not there: the site has it too. */
async function loadKept({ kept, keeper, logger, timers }: DiskStartParts): Promise<Prefix | undefined> {
  try {
    const state = await kept.load();
    if (!state) return undefined;
    const { head, closedLogs, origins, skipped } = state;
    const prefix = new Prefix(head, closedLogs, [], origins, skipped, earlierEntries(head, origins, state.runs));
    let left: number = limits.keysPerTurn;
    for (const record of state.records) {
      prefix.take(record);
      left -= 1;
      if (left > 0) continue;
      await turn(timers);
      left = limits.keysPerTurn;
    }
    // It can be gone through once.
    const removed = [...state.removed];
    for (const { time } of removed) prefix.removed.sees(time);
    for (const one of removed) prefix.removed.add(one);
    keeper.begin(prefix, true);
    for (const { collection, id } of removed) if (!prefix.removed.get(collection, id)) keeper.write(collection, id);
    return prefix;
  } catch (error) {
    if (!isUndecodable(error)) throw error;
    logger.error({ err: error }, 'the state in the data folder does not decode: it is loaded from the site');
    return undefined;
  }
}

/** The entries that lead to the head of the prefix, without a gap. @throws {MalformedBytesError} @throws {UnknownFormatError} */
function earlierEntries(
  head: Head,
  origins: ReadonlyMap<Origin, number>,
  runs: readonly CheckpointRun[],
): EarlierEntries {
  const entries: LogEntry[] = [];
  let first: Head = head;
  for (const entry of newestFirst(runs)) {
    if (entry.log !== head.log || entry.last !== first.position || entry.mark !== first.mark) break;
    entries.push(entry);
    first = { log: head.log, position: entry.first - 1, mark: entry.before };
  }
  entries.reverse();
  const before = new Map(origins);
  const seen = new Set<Origin>();
  for (const entry of entries) {
    if (seen.has(entry.origin)) continue;
    seen.add(entry.origin);
    const [delta] = deltasOf(entry);
    if (delta) before.set(entry.origin, delta.context.numberBefore);
  }
  return { head: first, origins: before, entries };
}

function* newestFirst(runs: readonly CheckpointRun[]): Generator<LogEntry> {
  for (const { bytes } of runs.toReversed()) yield* decodeRun(bytes).toReversed();
}
