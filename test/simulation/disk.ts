/** A machine's disk, and the journal on it: changes are flushed one after the other, each whole or not at all. */
import { StoreUnavailableError } from '../../errors.ts';
import { decodeDocument } from '../../replica/codec/document-codec.ts';
import type { Origin } from '../../replica/crdt/version.ts';
import type {
  Checkpoint,
  CheckpointChange,
  CheckpointDocument,
  CheckpointRun,
  LoadedCheckpoint,
} from '../../replica/log/checkpoint.ts';
import type { CleanMark, Eviction, Journal, JournaledTransaction, KnownHistory } from '../../replica/log/journal.ts';
import { never } from './connection.ts';
import type { Process } from './process.ts';
import type { Random, Span } from './random.ts';
import type { Scheduler } from './scheduler.ts';

export interface DiskContents {
  /** Oldest first. */
  readonly transactions: readonly JournaledTransaction[];
  readonly known: KnownHistory;
  readonly evictions: ReadonlyMap<string, Eviction>;
  readonly cleanMark: CleanMark | undefined;
  /** Set aside: people find it there. */
  readonly tooLate: readonly JournaledTransaction[];
  readonly kept: KeptContents;
  /** What is written beside it, and takes its place once it is whole. */
  readonly keptAnew: KeptContents | undefined;
}

/** What is kept of the prefix; whole only with where it stands. */
export interface KeptContents {
  readonly whole: CheckpointChange['whole'];
  readonly documents: ReadonlyMap<string, CheckpointDocument>;
  readonly origins: ReadonlyMap<Origin, number>;
  readonly runs: readonly CheckpointRun[];
}

const nothingKept: KeptContents = { whole: undefined, documents: new Map(), origins: new Map(), runs: [] };

const nothingKnown: KnownHistory = { bases: [], entries: [] };

export const emptyDisk: DiskContents = {
  transactions: [],
  known: nothingKnown,
  evictions: new Map(),
  cleanMark: undefined,
  tooLate: [],
  kept: nothingKept,
  keptAnew: undefined,
};

export class Disk {
  /** What is flushed: a value, so that keeping it is making a copy of the disk. */
  contents: DiskContents = emptyDisk;
  /** Full, or broken: it takes nothing. */
  isFailing = false;
  /** Whether it ever refused a change: what came back into the log may be left on it until the next start. */
  hasFailed = false;
  flushMilliseconds: Span = [0.2, 4];
}

interface Change {
  readonly of: (contents: DiskContents) => DiskContents;
  readonly settle: (error: Error | undefined) => void;
}

export class SimulatedJournal implements Journal {
  readonly checkpoint: Checkpoint;
  readonly #disk: Disk;
  readonly #process: Process;
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #flushed: () => void;
  /** In order; the first is being flushed. */
  #changes: Change[] = [];

  /** @param flushed told when something else is on the disk */
  constructor(disk: Disk, process: Process, scheduler: Scheduler, random: Random, flushed: () => void) {
    // What the process before did not finish beside it is nobody's.
    disk.contents = { ...disk.contents, keptAnew: undefined };
    this.#disk = disk;
    this.#process = process;
    this.#scheduler = scheduler;
    this.#random = random;
    this.#flushed = flushed;
    this.checkpoint = {
      load: () => this.#read(({ kept }) => loadedState(kept)),
      keep: (change) => this.#change((contents) => withChange(contents, change)),
      beginAnew: () => this.#change((contents) => ({ ...contents, keptAnew: nothingKept })),
    };
  }

  load(): Promise<readonly JournaledTransaction[]> {
    return this.#read(({ transactions }) => transactions);
  }

  add(transactions: readonly JournaledTransaction[], known: KnownHistory): Promise<void> {
    return this.#change((contents) => {
      const held = new Set(contents.transactions.map(({ origin, number }) => `${origin} ${number}`));
      const added = transactions.filter(({ origin, number }) => !held.has(`${origin} ${number}`));
      const { bases, entries } = contents.known;
      return {
        ...contents,
        transactions: [...contents.transactions, ...added],
        known: { bases: [...bases, ...known.bases], entries: [...entries, ...known.entries] },
      };
    });
  }

  known(): Promise<KnownHistory> {
    return this.#read(({ known }) => known);
  }

  removeUpTo(origin: Origin, number: number): Promise<void> {
    return this.#change((contents) => {
      const transactions = contents.transactions.filter((one) => one.origin !== origin || one.number > number);
      return { ...contents, transactions, known: transactions.length === 0 ? nothingKnown : contents.known };
    });
  }

  setAside(late: readonly JournaledTransaction[]): Promise<void> {
    const names = new Set(late.map(({ origin, number }) => `${origin} ${number}`));
    return this.#change((contents) => {
      const transactions = contents.transactions.filter(({ origin, number }) => !names.has(`${origin} ${number}`));
      const known = transactions.length === 0 ? nothingKnown : contents.known;
      return { ...contents, transactions, known, tooLate: [...contents.tooLate, ...late] };
    });
  }

  async takeCleanMark(): Promise<CleanMark | undefined> {
    let taken: CleanMark | undefined;
    await this.#change((contents) => {
      taken = contents.cleanMark;
      return { ...contents, cleanMark: undefined };
    });
    return taken;
  }

  leaveCleanMark(cleanMark: CleanMark): Promise<void> {
    return this.#change((contents) => ({ ...contents, cleanMark }));
  }

  loadEvictions(): Promise<readonly Eviction[]> {
    return this.#read(({ evictions }) => [...evictions.values()]);
  }

  saveEvictions(added: readonly Eviction[], removed: readonly Eviction[]): Promise<void> {
    return this.#change((contents) => {
      const evictions = new Map(contents.evictions);
      for (const { collection, id, lastWriter } of removed) {
        const there = evictions.get(`${collection} ${id}`)?.lastWriter;
        if (there?.origin === lastWriter.origin && there.number === lastWriter.number)
          evictions.delete(`${collection} ${id}`);
      }
      for (const eviction of added) evictions.set(`${eviction.collection} ${eviction.id}`, eviction);
      return { ...contents, evictions };
    });
  }

  async close(): Promise<void> {}

  /** The process died: what was being flushed is there or is not, what waited behind it is not. */
  lose(): void {
    const [flushing] = this.#changes;
    this.#changes = [];
    if (flushing && !this.#disk.isFailing && this.#random.chance(0.5))
      this.#disk.contents = flushing.of(this.#disk.contents);
  }

  #read<Answer>(of: (contents: DiskContents) => Answer): Promise<Answer> {
    if (!this.#process.calls()) return never();
    return new Promise((resolve) => {
      this.#scheduler.after(this.#random.within(this.#disk.flushMilliseconds), () => {
        const answer = of(this.#disk.contents);
        this.#process.deliver(() => resolve(answer));
      });
    });
  }

  #change(of: (contents: DiskContents) => DiskContents): Promise<void> {
    // Who dies with this call may have given it to the disk: that is `lose`.
    if (!this.#process.isAlive) return never();
    const flushed = new Promise<void>((resolve, reject) => {
      const settle = (error: Error | undefined) => this.#process.deliver(() => (error ? reject(error) : resolve()));
      this.#changes.push({ of, settle });
      if (this.#changes.length === 1) this.#flush();
    });
    this.#process.calls();
    return flushed;
  }

  #flush(): void {
    const [change] = this.#changes;
    if (!change) return;
    this.#scheduler.after(this.#random.within(this.#disk.flushMilliseconds), () => {
      if (this.#changes[0] !== change) return;
      if (this.#disk.isFailing) {
        this.#disk.hasFailed = true;
        change.settle(new StoreUnavailableError('the disk is full'));
      } else {
        this.#disk.contents = change.of(this.#disk.contents);
        this.#flushed();
        change.settle(undefined);
      }
      this.#changes.shift();
      this.#flush();
    });
  }
}

function withChange(contents: DiskContents, change: CheckpointChange): DiskContents {
  const { kept, keptAnew } = contents;
  if (keptAnew === undefined) return { ...contents, kept: changed(kept, change) };
  const next = changed(keptAnew, change);
  return change.whole ? { ...contents, kept: next, keptAnew: undefined } : { ...contents, keptAnew: next };
}

function changed({ whole, documents, origins, runs }: KeptContents, change: CheckpointChange): KeptContents {
  const kept = new Map(documents);
  for (const document of change.documents) kept.set(`${document.collection} ${document.id}`, document);
  const { keptFrom = 0 } = change.whole ?? {};
  return {
    whole: change.whole ?? whole,
    documents: kept,
    origins: new Map([...origins, ...change.origins]),
    runs: [...runs.filter(({ last }) => last > keptFrom), ...change.runs],
  };
}

function loadedState({ whole, documents, origins, runs }: KeptContents): LoadedCheckpoint | undefined {
  if (!whole) return undefined;
  const all = [...documents.values()];
  return {
    ...whole,
    origins,
    runs,
    records: all.map(({ collection, id, state }) => ({ collection, id, state: state && decodeDocument(state) })),
    removed: all.flatMap(({ removed }) => removed ?? []),
  };
}
