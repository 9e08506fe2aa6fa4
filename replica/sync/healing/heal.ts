/**
 * Healing: a replica that has all that the log which is there began with begins another log over it, with its own state, and
 * then what that log holds and it lacks. It may die, be paused or lose its lease at any step: nothing that it wrote is read
 * before the last step, which does nothing unless all is as it was read. docs/internals/protocol.md, P43, P46 and P47.
 */
import { LogReplacedError, LogUnavailableError } from '../../../errors.ts';
import { limits } from '../../../limits.ts';
import type { Delta } from '../../crdt/delta.ts';
import type { Context, Head, Mark, Origin, Position } from '../../crdt/version.ts';
import type { Logger } from '../../environment/logger.ts';
import type { Random } from '../../environment/random.ts';
import type { Timers } from '../../environment/timers.ts';
import { closeLogs, LogHistory } from '../../history/closed-logs.ts';
import { type CutContext, SeenHistories } from '../../history/contexts.ts';
import { admit } from '../../log/admission.ts';
import { batchOf } from '../../log/batch.ts';
import { deltasOf, makeEntry, markAtStart } from '../../log/entry.ts';
import { isGrown, newGrownLogId, newSecret } from '../../log/ids.ts';
import type { Log, LogEntry } from '../../log/log.ts';
import type { ClosedLog, Generation, Snapshots } from '../../log/snapshots.ts';
import type { Prefix } from '../../state/prefix.ts';
import { chunkCount, writeChunks } from '../snapshots/write-chunks.ts';
import type { Beginning, Found } from './way-on.ts';

export interface HealParts {
  readonly log: Log;
  readonly snapshots: Snapshots;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly leaseMilliseconds: number;
  readonly chunkKeepMilliseconds: number;
}

/** Others go on writing to the log that is closed until it is: so often what came meanwhile is taken along. */
const tries = 10;

/** @returns whether the log began here; false: somebody else is at it, or what is there is not what it was */
export async function heal(parts: HealParts, prefix: Prefix, found: Found | undefined): Promise<boolean> {
  const { snapshots, random, leaseMilliseconds } = parts;
  const lease = newSecret(random);
  if (!(await snapshots.takeLease('heal', lease, leaseMilliseconds))) return false;
  try {
    // Without this lease, the next writer of a snapshot would delete a generation that is being written.
    if (!(await snapshots.takeLease('snapshot', lease, leaseMilliseconds))) return false;
    return await new Healing(parts, prefix, found, lease).run();
  } finally {
    for (const kind of ['snapshot', 'heal'] as const)
      await snapshots.releaseLease(kind, lease).catch((error: unknown) => {
        if (!(error instanceof LogUnavailableError)) throw error;
      });
  }
}

class Healing {
  readonly #parts: HealParts;
  readonly #prefix: Prefix;
  readonly #found: Found | undefined;
  readonly #lease: string;
  readonly #begin: Head;
  readonly #closedLogs: readonly ClosedLog[];
  readonly #there: LogThere | undefined;
  /** Last number by origin in the new log. */
  readonly #origins: Map<Origin, number>;
  /** The end of the new log. */
  #head: Head;
  #renewedAt: number;

  constructor(parts: HealParts, prefix: Prefix, found: Found | undefined, lease: string) {
    this.#parts = parts;
    this.#prefix = prefix;
    this.#found = found;
    this.#lease = lease;
    const log = newGrownLogId(parts.random);
    this.#begin = { log, position: 0, mark: markAtStart(log) };
    this.#head = this.#begin;
    const there = found && { log: found.head.log, closedLogs: found.manifest?.closedLogs ?? [] };
    this.#closedLogs = closeLogs(prefix.closedLogs, prefix.head, prefix.marks.all(), there);
    const next = new LogHistory(log, () => undefined, this.#closedLogs);
    this.#there = found?.shared && new LogThere(parts.log, found.shared, next, prefix, there?.closedLogs ?? []);
    this.#origins = new Map(prefix.origins);
    this.#renewedAt = parts.timers.now();
  }

  async run(): Promise<boolean> {
    const { snapshots, logger } = this.#parts;
    await this.#takeAlong();
    const generation = await this.#writeGeneration();
    if (!generation) return false;
    const manifest = { generation, before: undefined, closedLogs: this.#closedLogs };
    for (let left = tries; left > 0; left -= 1) {
      await this.#takeAlong();
      await this.#renew();
      const over = this.#there?.head;
      const beginning = { manifest, head: this.#head, origins: this.#origins, over };
      if (await snapshots.beginLog(beginning, this.#lease)) {
        const { log, position } = this.#head;
        logger.warn(
          { closed: this.#prefix.head.log, over: over?.log, log, position },
          'the log went back: began another',
        );
        return true;
      }
    }
    return false;
  }

  /** Appends to the new log what came into the log that is there since it was read last. */
  async #takeAlong(): Promise<void> {
    const { snapshots, chunkKeepMilliseconds } = this.#parts;
    while (this.#there) {
      const read = await this.#there.read();
      if (!read) return;
      await this.#renew();
      const lacking = read.filter(({ origin, number }) => number > (this.#origins.get(origin) ?? 0));
      if (lacking.length > 0) await snapshots.prepareLog(this.#append(lacking), chunkKeepMilliseconds);
    }
  }

  #append(deltas: readonly Delta[]): readonly LogEntry[] {
    const { log } = this.#begin;
    // A dependency that the current log lacks was overdue there, too: admit without it.
    const batch = batchOf(
      log,
      deltas.map((delta) => ({ delta, isOverdue: true })),
      this.#parts.log.format,
    );
    const { groups, numbers } = admit(batch.transactions, (origin) => this.#origins.get(origin) ?? 0);
    for (const [origin, number] of numbers) this.#origins.set(origin, number);
    return groups.map((group) => {
      const entry = makeEntry(log, this.#head.position, this.#head.mark, batch.shared, group);
      this.#head = { log, position: entry.last, mark: entry.mark };
      return entry;
    });
  }

  async #writeGeneration(): Promise<Generation | undefined> {
    const { snapshots, random, timers, chunkKeepMilliseconds } = this.#parts;
    const prefix = this.#prefix;
    const listed = {
      name: newSecret(random),
      chunks: chunkCount(prefix, this.#found?.manifest?.generation.bytes ?? 0, limits.chunkDocuments),
    };
    if (!(await snapshots.list(listed, this.#lease))) return undefined;
    const renew = () => this.#renew();
    const label = () => this.#begin;
    const bytes = await writeChunks({
      snapshots,
      timers,
      prefix,
      generation: listed,
      label,
      chunkKeepMilliseconds,
      keysPerTurn: limits.keysPerTurn,
      renew,
    });
    if (!(await snapshots.makePermanent(listed))) return undefined;
    return { ...listed, begin: this.#begin, bytes, origins: new Map(prefix.origins), skipped: prefix.skipped };
  }

  async #renew(): Promise<void> {
    const { snapshots, timers, leaseMilliseconds } = this.#parts;
    if (timers.now() - this.#renewedAt < leaseMilliseconds / 3) return;
    this.#renewedAt = timers.now();
    for (const kind of ['heal', 'snapshot'] as const) await snapshots.renewLease(kind, this.#lease, leaseMilliseconds);
  }
}

/** The log that is there, from a beginning that the healer has all of, read once; its contexts cut for the log that is going to begin. */
class LogThere {
  readonly #log: Log;
  readonly #seen = new SeenHistories();
  readonly #cut: CutContext;
  readonly #marks = new Map<Position, Mark>();
  readonly #begin: Beginning;
  readonly #next: LogHistory;
  readonly #closedLogs: readonly ClosedLog[];
  /** Whether the healer's own history has where this one is read from: then all before that is the same in both. */
  readonly #isShared: boolean;
  head: Head;

  /** @param next the history that begins @param own the healer's prefix @param closedLogs before the log that is there */
  constructor(log: Log, begin: Beginning, next: LogHistory, own: Prefix, closedLogs: readonly ClosedLog[]) {
    this.#log = log;
    this.#begin = begin;
    this.#next = next;
    this.#closedLogs = closedLogs;
    const { head, origins } = begin;
    this.#isShared = own.history.has(head.log, head.position, head.mark);
    this.head = head;
    this.#marks.set(head.position, head.mark);
    for (const { marks } of own.kept.histories()) this.#seen.addPrefix(marks);
    this.#seen.addPrefix(own.marks);
    this.#seen.addBase(head.mark, origins);
    this.#cut = this.#seen.cutterFor(next);
  }

  /**
   * @returns undefined at its end
   * @throws {LogReplacedError} it is not what it was
   * @throws {MalformedBytesError} @throws {UnknownFormatError} it does not decode
   */
  async read(): Promise<readonly Delta[] | undefined> {
    const { log, position } = this.head;
    const entries = await this.#log.read(log, position, limits.readEntries);
    const deltas: Delta[] = [];
    for (const entry of entries) {
      if (entry.before !== this.head.mark) throw new LogReplacedError(`position ${position} has another mark now`);
      this.head = { log, position: entry.last, mark: entry.mark };
      this.#marks.set(entry.last, entry.mark);
      this.#seen.addEntries([entry]);
      for (const delta of deltasOf(entry)) deltas.push({ ...delta, context: this.#cutContext(delta) });
    }
    return entries.length > 0 ? deltas : undefined;
  }

  #cutContext(delta: Delta): Context {
    const { log, position } = delta.context;
    const mark = log === this.head.log ? this.#marks.get(position) : undefined;
    if (mark !== undefined) return this.#cut(delta, { log, position, mark });
    // It is from before what is read.
    if (this.#isShared) return delta.context;
    const closed = this.#closedLogs.find((one) => one.log === log)?.marks ?? [];
    // At position 0, a log that grew from another contains its ancestor's history; any other log is empty.
    const hasBeginning = isGrown(log) && (log === this.head.log || closed.length > 0);
    if (position === 0 && !hasBeginning) return delta.context;
    const [at] = closed.filter((one) => one.position >= position).slice(-1);
    if (at && this.#next.has(log, at.position, at.mark)) return delta.context;
    if (at?.position === position && this.#seen.knows(at.mark)) return this.#cut(delta, { log, ...at });
    // It saw some of what this log began with; which part is not known any more.
    return named(delta, this.#begin.origins);
  }
}

/** A context that names all that a history has by origin, and no position. */
function named({ origin: own, context }: Delta, origins: ReadonlyMap<Origin, number>): Context {
  const others = new Map(context.others);
  for (const [origin, number] of origins)
    if (origin !== own) others.set(origin, Math.max(number, others.get(origin) ?? 0));
  return { ...context, position: 0, others };
}
