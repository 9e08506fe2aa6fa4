/** A machine: what outlives the processes of a replica on it. */

import { type FormatRange, readableFormats } from '../../replica/log/formats.ts';
import type { Eviction } from '../../replica/log/journal.ts';
import type { StoredDocument } from '../../replica/query/stored-document.ts';
import type { Replica } from '../../replica/replica.ts';
import type { Connection, Link } from './connection.ts';
import { Disk, type DiskContents, type SimulatedJournal } from './disk.ts';
import type { Observer } from './observer.ts';
import type { Clock, Process } from './process.ts';
import type { Scheduler } from './scheduler.ts';

/** Some day in 2026. */
const beginningMilliseconds = 1_790_000_000_000;

export class MachineClock implements Clock {
  readonly rate: number;
  readonly #scheduler: Scheduler;
  #offset = 0;
  /** Whether it ever jumped: then a view that is young may count as old. */
  hasJumped = false;

  constructor(scheduler: Scheduler, rate: number) {
    this.#scheduler = scheduler;
    this.rate = rate;
  }

  now(): number {
    return Math.floor(beginningMilliseconds + this.#scheduler.now * this.rate + this.#offset);
  }

  jump(milliseconds: number): void {
    this.#offset += milliseconds;
    this.hasJumped = true;
  }
}

/** A process, and what it has open. */
export interface Running {
  readonly process: Process;
  readonly connection: Connection;
  readonly journal: SimulatedJournal | undefined;
  readonly replica: Replica;
  readonly observer: Observer;
  isReady: boolean;
  isStopping: boolean;
}

export class Machine {
  readonly name: string;
  readonly replicaName: string;
  readonly clock: MachineClock;
  readonly link: Link;
  /** Undefined: it has none. */
  disk: Disk | undefined;
  running: Running | undefined;
  /** P83. What the version reads that its next process is of. */
  reads: FormatRange = readableFormats;
  /** P84. Why its version does not start in this site. */
  refusal: string | undefined;
  /** Events that its replicas have shown, and have to show again. */
  shown = new Set<string>();
  #evictions = new Map<string, 'sure' | 'perhaps'>();
  /** Marks of documents that were shown with a later touch, or evicted with one: who goes back to before that finds none. */
  readonly #overtaken = new Set<string>();
  /** Raised with each fault and each start, so that a later end of an earlier fault leaves it alone. */
  generation = 0;

  constructor(name: string, replicaName: string, clock: MachineClock, link: Link, disk: Disk | undefined) {
    this.name = name;
    this.replicaName = replicaName;
    this.clock = clock;
    this.link = link;
    this.disk = disk;
  }

  /** The process that is ready to serve, if there is one. */
  get serving(): Running | undefined {
    return this.running?.isReady && !this.running.isStopping && !this.running.process.isFrozen
      ? this.running
      : undefined;
  }

  evicts(eviction: Eviction, certainty: 'sure' | 'perhaps'): void {
    const name = nameOf(eviction);
    this.#overtake(eviction, name);
    if (this.#evictions.get(name) !== 'sure') this.#evictions.set(name, certainty);
  }

  /** @param wentBack whether the log ever did */
  eviction(eviction: Eviction, wentBack: boolean): 'sure' | 'perhaps' | 'none' {
    const name = nameOf(eviction);
    const known = this.#evictions.get(name) ?? 'none';
    return known === 'sure' && wentBack && this.#overtaken.has(name) ? 'perhaps' : known;
  }

  /** The log is going back, or may while this machine is down. @param shown what it shows now */
  mayGoBack(shown: Iterable<StoredDocument>): void {
    for (const { collection, id, state } of shown) {
      const last = { collection, id, lastWriter: state.lastWriter };
      this.#overtake(last, nameOf(last));
    }
  }

  #overtake({ collection, id }: Eviction, last: string): void {
    for (const name of this.#evictions.keys())
      if (name.startsWith(`${collection} ${id} `) && name !== last) this.#overtaken.add(name);
  }

  /** Takes a disk with something on it already. */
  useDisk(contents: DiskContents): void {
    this.disk = new Disk();
    this.disk.contents = contents;
    this.forgetEvictions();
    for (const eviction of contents.evictions.values()) this.evicts(eviction, 'perhaps');
  }

  forgetEvictions(): void {
    this.#evictions = new Map();
  }
}

const nameOf = ({ collection, id, lastWriter }: Eviction): string =>
  `${collection} ${id} ${lastWriter.origin} ${lastWriter.number}`;
