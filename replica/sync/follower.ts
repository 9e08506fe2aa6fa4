/**
 * Follows the log: every entry applied once, in order, whole. Gossip is a hint, the log is the truth (docs/internals/protocol.md).
 *
 * Invariant: the head only moves to an entry whose mark before is the head's mark, so what is applied is a prefix of one
 * history. Whatever does not fit is answered by reading the log; only what the log says makes it stop.
 */
import { isUndecodable, LogReplacedError, LogUnavailableError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Delta } from '../crdt/delta.ts';
import type { Head, Position } from '../crdt/version.ts';
import type { Logger } from '../environment/logger.ts';
import { checkFormat, type FormatRange } from '../log/formats.ts';
import type { Log, LogEntry } from '../log/log.ts';
import type { LogPlace } from '../state/roles.ts';
import type { Link } from './link.ts';

/** Applies an entry that follows on the head. @throws {MalformedBytesError} @throws {UnknownFormatError} nothing of it was applied */
export interface EntryApplier {
  apply(entry: LogEntry, deltas?: readonly Delta[]): void;
}

/** Acts on what a follower finds in the log. */
export interface LogObserver {
  /** The log is another one, went back, or was trimmed past this replica. */
  logReplaced(problem: string): void;
  /** The next entry does not decode. */
  logBlocked(problem: string): void;
  /** It does now, or it was passed. */
  logUnblocked(): void;
}

export interface FollowerOptions {
  readonly log: Log;
  readonly logger: Logger;
  readonly place: LogPlace;
  readonly applier: EntryApplier;
  readonly link: Link;
  readonly observer: LogObserver;
  /** The formats of a site that this version reads. */
  readonly reads: FormatRange;
}

export class Follower {
  readonly #options: FollowerOptions;
  /** Received beyond a gap, by the position of their first transaction. */
  readonly #early = new Map<Position, LogEntry>();
  #reading: Promise<void> | undefined;
  #readAgain = false;
  gapsRepaired = 0;

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  /** How many entries wait for what comes before them. */
  get early(): number {
    return this.#early.size;
  }

  /** The replica stands somewhere else now, on the log that there is. */
  resume(): void {
    this.#early.clear();
    this.readInBackground();
  }

  /**
   * Takes an entry from gossip or from an append's answer; what follows on is applied in this turn.
   * @param deltas what its body says, where that is known
   */
  offer(entry: LogEntry, deltas?: readonly Delta[]): void {
    if (!this.#isFollowing) return;
    const { head } = this.#options.place;
    if (entry.log !== head.log) this.readInBackground();
    else if (entry.last <= head.position) {
      const known = this.#options.place.markAt(entry.last);
      if (known !== undefined && known !== entry.mark) this.readInBackground();
    } else if (entry.first > head.position + 1) {
      if (this.#early.size < limits.waitingEntries) this.#early.set(entry.first, entry);
      this.gapsRepaired += this.#reading ? 0 : 1;
      this.readInBackground();
    } else if (entry.first !== head.position + 1 || entry.before !== head.mark) this.readInBackground();
    else if (this.#apply(entry, deltas)) this.#applyEarly();
  }

  /** Takes the head that a peer reports; a later or another head is a reason to read the log. */
  hint(theirs: Head): void {
    const head = this.#options.place.head;
    const known = theirs.position <= head.position ? this.#options.place.markAt(theirs.position) : undefined;
    const isKnown = theirs.position <= head.position && (known === undefined || known === theirs.mark);
    if (theirs.log !== head.log || !isKnown || this.#isBlocked) this.readInBackground();
  }

  readInBackground(): void {
    this.catchUp().catch((error: unknown) => {
      if (!(error instanceof LogUnavailableError)) this.#options.logger.warn({ err: error }, 'reading the log failed');
    });
  }

  /**
   * Reads the log to its end as of this call, and applies it.
   * @throws {LogUnavailableError} it cannot be read now
   */
  catchUp(): Promise<void> {
    if (!this.#isFollowing) return Promise.reject(new LogUnavailableError('the log is not followed now', true));
    if (this.#reading) {
      this.#readAgain = true;
      return this.#reading;
    }
    this.#reading = this.#readToEnd().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readToEnd(): Promise<void> {
    do {
      this.#readAgain = false;
      try {
        while (await this.#readSome());
      } catch (error) {
        if (!this.#isFollowing) break;
        if (error instanceof LogReplacedError) this.#replaced(error.message);
        else if (isUndecodable(error)) this.#block(error);
        else throw error;
      }
      // Asked again meanwhile: what was published since the last read may be beyond it.
    } while (this.#readAgain && this.#isFollowing && !this.#isBlocked);
    if (!this.#isFollowing) throw new LogUnavailableError('the log is not followed now', true);
    if (this.#isBlocked)
      throw new LogUnavailableError('the log cannot be read past an entry that does not decode', true);
  }

  /** @returns whether there may be more */
  async #readSome(): Promise<boolean> {
    const from = this.#options.place.head;
    let entries: readonly LogEntry[];
    try {
      entries = await this.#options.log.read(from.log, from.position, limits.readEntries);
      checkFormat(this.#options.log.format, this.#options.reads);
      if (entries.length === 0) await this.#checkEnd(from);
    } catch (error) {
      // The position we read from was trimmed, but we have advanced past it since: read from the new head.
      if (error instanceof LogReplacedError && this.#options.place.head !== from) return true;
      throw error;
    }
    if (!this.#isFollowing) return false;
    for (const entry of entries) {
      const head = this.#options.place.head;
      if (entry.last <= head.position) {
        const known = this.#options.place.markAt(entry.last);
        if (known !== undefined && known !== entry.mark)
          throw new LogReplacedError(`position ${entry.last} has another mark now`);
        continue;
      }
      if (entry.first !== head.position + 1) throw new LogReplacedError(`nothing follows on position ${head.position}`);
      if (entry.before !== head.mark) throw new LogReplacedError(`position ${head.position} has another mark now`);
      if (!this.#apply(entry)) return false;
    }
    this.#applyEarly();
    return entries.length > 0;
  }

  async #checkEnd(from: Head): Promise<void> {
    const end = await this.#options.log.head();
    if (end === undefined) throw new LogReplacedError('the log is gone');
    if (end.log !== from.log) throw new LogReplacedError(`the log is another one now: ${end.log}`);
    if (end.position < from.position)
      throw new LogReplacedError(`the log ends at ${end.position}, before ${from.position}`);
    if (end.position === from.position && end.mark !== from.mark)
      throw new LogReplacedError(`position ${from.position} has another mark now`);
  }

  #applyEarly(): void {
    for (;;) {
      const head = this.#options.place.head;
      const next = this.#early.get(head.position + 1);
      this.#early.delete(head.position + 1);
      if (!next || !this.#isFollowing) break;
      if (next.before !== head.mark) {
        this.#readAgain = true;
        break;
      }
      if (!this.#apply(next)) break;
    }
    for (const first of this.#early.keys()) if (first <= this.#options.place.head.position) this.#early.delete(first);
  }

  /** @returns false where the entry does not decode: then nothing of it was applied */
  #apply(entry: LogEntry, deltas?: readonly Delta[]): boolean {
    try {
      this.#options.applier.apply(entry, deltas);
    } catch (error) {
      if (!isUndecodable(error)) throw error;
      this.#block(error);
      return false;
    }
    if (this.#isBlocked) this.#options.observer.logUnblocked();
    return true;
  }

  get #isFollowing(): boolean {
    return this.#options.link.isFollowed;
  }

  get #isBlocked(): boolean {
    return this.#options.link.kind === 'blocked';
  }

  #block(error: Error): void {
    if (this.#isBlocked) return;
    const { observer, place } = this.#options;
    observer.logBlocked(`the log cannot be read past position ${place.head.position}: ${error.message}`);
  }

  #replaced(problem: string): void {
    this.#early.clear();
    this.#options.observer.logReplaced(problem);
  }
}
