/**
 * Keeps the prefix on the replica's own disk, in the background and always a little behind: what was put in place since the
 * last time is written with the head that it belongs to, in one step; and the newest entries of the log with it, so that what
 * was applied can still be handed on after a restart. docs/internals/protocol.md, P33.
 * A prefix that is not there yet is written in parts first, and counts only with the last of them; until then the one before it
 * does.
 */
import { limits } from '../../../limits.ts';
import { encodeDocument } from '../../codec/document-codec.ts';
import type { DocumentState } from '../../crdt/document-node.ts';
import type { Origin, Position } from '../../crdt/version.ts';
import type { Logger } from '../../environment/logger.ts';
import { type Timers, turn } from '../../environment/timers.ts';
import type { Checkpoint, CheckpointDocument, CheckpointRun } from '../../log/checkpoint.ts';
import { bytesOf } from '../../log/entry.ts';
import type { LogEntry, RemovedDocument } from '../../log/log.ts';
import { encodeRun } from '../../log/run.ts';
import { DocumentMap } from '../../state/document-map.ts';
import type { Prefix } from '../../state/prefix.ts';

export interface CheckpointWriterOptions {
  readonly kept: Checkpoint;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Between two writes. */
  readonly intervalMilliseconds: number;
}

/** Between two tries to write all of a prefix to a disk that did not take it. */
const intervalsUntilAgain = 60;

interface Captured {
  readonly collection: string;
  readonly id: string;
  readonly state: DocumentState | undefined;
  readonly removed: RemovedDocument | undefined;
}

export class CheckpointWriter {
  readonly #options: CheckpointWriterOptions;
  #prefix: Prefix | undefined;
  #watch: Disposable | undefined;
  /** Put in place, and not on disk yet. */
  #changed = new DocumentMap<true>();
  #changedCount = 0;
  #changedOrigins = new Map<Origin, number>();
  /** Up to where entries of the log are on disk. */
  #entriesUpTo: Position = 0;
  /** Whether all else of the prefix is on disk. */
  #isWhole = false;
  /** Each runs once the disk has everything that was applied when it was given. */
  #onceKept: (() => void)[] = [];
  #working: Promise<void> = Promise.resolve();
  #timer: Disposable | undefined;
  #again: Disposable | undefined;
  #stopped = false;

  constructor(options: CheckpointWriterOptions) {
    this.#options = options;
  }

  /** Keeps this prefix from now on. @param isKept whether it is on disk as it is now; else all of it is written anew */
  begin(prefix: Prefix, isKept: boolean): void {
    this.#watch?.[Symbol.dispose]();
    this.#again?.[Symbol.dispose]();
    this.#prefix = prefix;
    this.#forgetChanges();
    this.#isWhole = isKept;
    this.#entriesUpTo = prefix.head.position;
    this.#watch = prefix.watch({
      put: ({ collection, id }) => {
        this.write(collection, id);
        // Under many writes sooner than else: what is written at once holds others up.
        if (this.#changedCount === limits.keysPerTurn) void this.flush();
      },
      raised: (origin, number) => this.#changedOrigins.set(origin, number),
    });
    if (!isKept) this.#writeAllInTurn(prefix);
    this.#schedule();
  }

  /** Has a document written with what is written next: what is on disk of it is not what there is. */
  write(collection: string, id: string): void {
    if (this.#changed.has(collection, id)) return;
    this.#changed.set(collection, id, true);
    this.#changedCount += 1;
  }

  /** Has something done once what is applied now is on disk, as a whole; never where the process ends before. */
  onceKept(work: () => void): void {
    this.#onceKept.push(work);
  }

  /** Settles once what is applied now is on disk, where all before it is. Never rejects: the disk may take nothing. */
  async flush(): Promise<void> {
    if (this.#isWhole) await this.#inTurn(() => this.#writeChanged());
  }

  /** Writes what is left, and nothing more. */
  async stop(): Promise<void> {
    if (!this.#stopped) await this.flush();
    this.#stopped = true;
    for (const disposable of [this.#timer, this.#again, this.#watch]) disposable?.[Symbol.dispose]();
    await this.#working;
  }

  #schedule(): void {
    this.#timer?.[Symbol.dispose]();
    if (this.#stopped) return;
    this.#timer = this.#options.timers.after(this.#options.intervalMilliseconds, () => {
      void this.flush().then(() => this.#schedule());
    });
  }

  /** One piece of work after the other. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#working = this.#working
      .then(() => (this.#stopped ? undefined : work()))
      .catch((error: unknown) =>
        this.#options.logger.warn({ err: error }, 'the state could not be kept in the data folder'),
      );
    return this.#working;
  }

  #writeAllInTurn(prefix: Prefix): void {
    const { timers, intervalMilliseconds } = this.#options;
    this.#inTurn(async () => {
      try {
        await this.#writeAll(prefix);
      } catch (error) {
        this.#again = timers.after(intervalsUntilAgain * intervalMilliseconds, () => {
          if (this.#prefix === prefix) this.#writeAllInTurn(prefix);
        });
        throw error;
      }
    });
  }

  async #writeAll(prefix: Prefix): Promise<void> {
    const { kept } = this.#options;
    await kept.beginAnew();
    if (this.#prefix === prefix) this.#entriesUpTo = prefix.kept.keptFrom;
    let documents: CheckpointDocument[] = [];
    for (const [collection, id] of prefix.keys()) {
      documents.push(encoded(captured(prefix, collection, id)));
      if (documents.length < limits.chunkDocuments) continue;
      if (this.#prefix !== prefix || this.#stopped) return;
      await kept.keep({ documents, origins: new Map(), runs: [], whole: undefined });
      documents = [];
    }
    await this.#writeEntries(prefix);
    if (this.#prefix !== prefix || this.#stopped) return;
    for (const { collection, id } of documents) this.write(collection, id);
    for (const [collection, id] of prefix.removed.keys()) this.write(collection, id);
    for (const [origin, number] of prefix.origins) this.#changedOrigins.set(origin, number);
    await this.#writeChanged();
    if (this.#prefix === prefix) this.#isWhole = true;
  }

  /** They are far too many for one turn, or one transaction of the disk. */
  async #writeEntries(prefix: Prefix): Promise<void> {
    for (const run of runsOf(prefix.kept.after(this.#entriesUpTo))) {
      if (this.#prefix !== prefix || this.#stopped) return;
      await this.#options.kept.keep({ documents: [], origins: new Map(), runs: [run], whole: undefined });
      if (this.#prefix === prefix) this.#entriesUpTo = run.last;
    }
  }

  async #writeChanged(): Promise<void> {
    const prefix = this.#prefix;
    if (!prefix) return;
    const [changed, origins] = [this.#changed, this.#changedOrigins];
    const onceKept = this.#onceKept.splice(0);
    if (origins.size === 0) {
      for (const work of onceKept) work();
      return;
    }
    // In one turn: all that is written is as of the head.
    const { head, closedLogs, skipped } = prefix;
    const entries = prefix.kept.after(this.#entriesUpTo);
    const { keptFrom } = prefix.kept;
    const documents = Array.from(changed, ([collection, id]) => captured(prefix, collection, id));
    this.#forgetChanges();
    try {
      await this.#options.kept.keep({
        documents: await this.#encoded(documents),
        origins,
        runs: await this.#encodedEntries(entries),
        whole: { head, closedLogs, skipped, keptFrom },
      });
      if (this.#prefix === prefix) this.#entriesUpTo = head.position;
    } catch (error) {
      this.#takeBack(prefix, changed, origins);
      this.#onceKept.unshift(...onceKept);
      throw error;
    }
    for (const work of onceKept) work();
  }

  #forgetChanges(): void {
    this.#changed = new DocumentMap();
    this.#changedCount = 0;
    this.#changedOrigins = new Map();
  }

  /** It was not written: it is with what is written next. */
  #takeBack(prefix: Prefix, changed: DocumentMap<true>, origins: ReadonlyMap<Origin, number>): void {
    if (this.#prefix !== prefix) return;
    for (const [collection, id] of changed) this.write(collection, id);
    for (const [origin, number] of origins)
      if (!this.#changedOrigins.has(origin)) this.#changedOrigins.set(origin, number);
  }

  /** States are values: what was captured in one turn may be encoded in several. */
  async #encoded(documents: readonly Captured[]): Promise<CheckpointDocument[]> {
    const all: CheckpointDocument[] = [];
    for (const document of documents) {
      all.push(encoded(document));
      if (all.length % limits.keysPerTurn === 0) await turn(this.#options.timers);
    }
    return all;
  }

  async #encodedEntries(entries: readonly LogEntry[]): Promise<readonly CheckpointRun[]> {
    const runs: CheckpointRun[] = [];
    for (const run of runsOf(entries)) {
      if (runs.length > 0) await turn(this.#options.timers);
      runs.push(run);
    }
    return runs;
  }
}

const captured = (prefix: Prefix, collection: string, id: string): Captured => ({
  collection,
  id,
  state: prefix.state(collection, id),
  removed: prefix.removed.get(collection, id),
});

/** Encoded as they are asked for: each is as much as a turn may take. */
function* runsOf(entries: readonly LogEntry[]): Generator<CheckpointRun> {
  let run: [LogEntry, ...LogEntry[]] | undefined;
  let bytes = 0;
  for (const entry of entries) {
    if (run === undefined) run = [entry];
    else run.push(entry);
    bytes += bytesOf(entry);
    if (bytes < limits.entryBytesPerTurn && entry !== entries[entries.length - 1]) continue;
    yield { last: entry.last, bytes: encodeRun(run) };
    [run, bytes] = [undefined, 0];
  }
}

const encoded = ({ collection, id, state, removed }: Captured): CheckpointDocument => ({
  collection,
  id,
  state: state && encodeDocument(state),
  removed,
});
