/** The log of a site in Redis: a Stream to which scripts append. docs/internals/protocol.md, P1 to P11. */
import { LogReplacedError, LogUnavailableError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Head, LogId, Origin, Position } from '../crdt/version.ts';
import { bodyOf, markAtStart } from '../log/entry.ts';
import { decodeFollowing, type StoredEntry } from '../log/following.ts';
import { firstFormat } from '../log/formats.ts';
import { isMark, isOrigin } from '../log/ids.ts';
import type { Batch, LoadedStates, Log, LogEntry, OfferedTransaction, OriginClaim } from '../log/log.ts';
import { parseNumber } from '../log/sealed.ts';
import type { Connection } from './connection/connection.ts';
import { orUnavailable } from './connection/errors.ts';
import { parseFormat, parseHead, unlessOther } from './head.ts';
import type { Keys } from './keys.ts';
import { mendHead, mendOrigins } from './mending.ts';
import { defineScripts } from './scripts/run.ts';

/** The connections of a site that the log uses. */
export interface LogConnections {
  readonly writer: Connection;
  readonly reader: Connection;
  /** Undefined while they are connected. */
  problem(): string | undefined;
  watch(changed: (connected: boolean) => void): Disposable;
}

export class RedisLog implements Log {
  readonly storage = 'REDIS';
  readonly #keys: Keys;
  readonly #connections: LogConnections;
  /** The last known end of the log. */
  #known: Head | undefined;
  #format = firstFormat;

  constructor(keys: Keys, connections: LogConnections) {
    this.#keys = keys;
    this.#connections = connections;
    defineScripts(connections.writer.redis);
    defineScripts(connections.reader.redis);
  }

  get format(): number {
    return this.#format;
  }

  get problem(): string | undefined {
    return this.#connections.problem();
  }

  async head(): Promise<Head | undefined> {
    const { reader, writer } = this.#connections;
    let log = this.#known?.log ?? '';
    for (;;) {
      const answer = texts(await orUnavailable(reader.redis.tidelineHead(this.#keys.log, this.#keys.stream(log), log)));
      const head = await this.#headOf(answer.slice(0, 4));
      if (head !== undefined && head.log !== log) {
        log = head.log;
        continue;
      }
      if (head === undefined) return undefined;
      if (answer[4] === '1') {
        this.#known = head;
        return head;
      }
      // P81. The head does not match the stream.
      if (await mendHead(this.#keys, writer, this.#known)) throw damaged("the log's head");
      // A replica that follows the log finds out by itself whether its position is still in the log.
      if (this.#known) return head;
      throw this.#beyondMending();
    }
  }

  async create(log: LogId, keepMilliseconds = 0): Promise<Head> {
    const { redis } = this.#connections.writer;
    const { log: key, origins, manifest, kept } = this.#keys;
    const answer = redis.tidelineCreate(key, origins, manifest, kept, log, markAtStart(log), keepMilliseconds);
    await orUnavailable(answer);
    const head = await this.head();
    if (head === undefined) throw new LogUnavailableError('Redis: no log was created', false);
    return head;
  }

  async append(batch: Batch, seen: Head, secret: string): Promise<readonly LogEntry[]> {
    const { redis, publishCommand } = this.#connections.writer;
    const { log, origins, deltas } = this.#keys;
    const sender = `${seen.log} ${seen.position} ${seen.mark} ${secret} ${publishCommand} ${deltas} ${batch.format}`;
    const lines = Buffer.from(`${sender} ${batch.shared.length}\n${batch.transactions.map(lineOf).join('')}\n`);
    const body = bodyOf(batch.shared, batch.transactions);
    const answer = redis.tidelineAppend(log, this.#keys.stream(seen.log), origins, Buffer.concat([lines, body]));
    const answered = await orUnavailable(answer);
    if (typeof answered === 'string') return appendedEntries(seen.log, answered, batch, body);
    const [problem, why] = texts(answered);
    if (problem === 'REPLACED') throw await this.#replaced(new LogReplacedError(String(why)), seen);
    if (problem === 'DAMAGED') await this.#mend(seen);
    if (problem === 'FORMAT') {
      this.#format = parseFormat(why);
      throw new LogUnavailableError(`Redis: the site is written in format ${why} by now`, true);
    }
    throw new LogUnavailableError(`Redis: ${why}`, true);
  }

  async read(log: LogId, after: Position, limit: number): Promise<readonly LogEntry[]> {
    const { redis } = this.#connections.reader;
    const stream = this.#keys.stream(log);
    const answer = await orUnavailable(
      redis.tidelineReadBuffer(this.#keys.log, stream, after, limit, limits.readBytes),
    );
    const parts = Array.isArray(answer) ? answer : [];
    const head = await this.#headOf(texts(parts.slice(0, 4)), log);
    try {
      return decodeFollowing(head, log, after, storedEntries(parts.slice(4)));
    } catch (error) {
      if (error instanceof LogReplacedError) throw await this.#replaced(error, this.#known, log);
      throw error;
    }
  }

  /** Always undefined: a replica on Redis keeps its states in memory. */
  async loadStates(): Promise<LoadedStates | undefined> {
    return undefined;
  }

  async origins(): Promise<ReadonlyMap<Origin, number>> {
    const { redis } = this.#connections.reader;
    const answer = await unlessOther(redis.hgetall(this.#keys.origins));
    if (answer === undefined) {
      await this.#mendOrigins();
      throw damaged('the key of the last numbers by origin');
    }
    const origins = new Map<Origin, number>();
    for (const [origin, value] of Object.entries(answer)) {
      // Skip fields that are not ours.
      if (!isOrigin(origin)) continue;
      const number = parseNumber(value.split('\n')[0]);
      if (number === undefined) throw damaged(`the number of origin ${origin}`);
      origins.set(origin, number);
    }
    return origins;
  }

  async claimOrigin({ origin, number, secret, nextSecret }: OriginClaim): Promise<boolean> {
    // P47. A log created by healing has no secrets yet.
    if (secret === '') return false;
    const { redis } = this.#connections.writer;
    const claim = redis.tidelineClaim(this.#keys.origins, origin, `${number}\n${secret}`, `${number}\n${nextSecret}`);
    return (await orUnavailable(claim)) === 1;
  }

  async raiseFormat(log: LogId, format: number): Promise<void> {
    const { redis } = this.#connections.writer;
    await orUnavailable(redis.tidelineRaiseFormat(this.#keys.log, log, format));
  }

  watchConnection(changed: (connected: boolean) => void): Disposable {
    return this.#connections.watch(changed);
  }

  /**
   * @param followed the id of the log that is being read, for the case that this process has not seen its end yet
   * @throws {LogUnavailableError} the key holds no valid head; the next attempt may find one
   */
  async #headOf(fields: readonly (string | null | undefined)[], followed?: LogId): Promise<Head | undefined> {
    const head = parseHead(fields);
    if (head !== 'damaged') {
      this.#format = parseFormat(fields[3]);
      return head;
    }
    if (await mendHead(this.#keys, this.#connections.writer, this.#known, followed)) throw damaged("the log's head");
    throw this.#beyondMending();
  }

  /**
   * P81. Decides whether the log was replaced or went back, or whether only its head is damaged and says so wrongly.
   */
  async #replaced(
    problem: LogReplacedError,
    known: Head | undefined,
    followed?: LogId,
  ): Promise<LogReplacedError | LogUnavailableError> {
    const isMended = await mendHead(this.#keys, this.#connections.writer, known, followed);
    return isMended ? damaged("the log's head") : problem;
  }

  #beyondMending(): LogUnavailableError {
    return new LogUnavailableError(
      `Redis: the log's head, in key ${this.#keys.log}, is damaged, and neither the log nor a snapshot can restore it: ` +
        'restore that key from a backup; or start the replica that ran last with its data folder, and delete the key: ' +
        'it then starts another log with all that it has',
      true,
    );
  }

  /** P63. Repairs the keys beside the log. @throws {LogUnavailableError} */
  async #mend(seen: Head): Promise<void> {
    const { writer } = this.#connections;
    if (await mendHead(this.#keys, writer, seen)) return;
    await this.#mendOrigins();
  }

  /** P63. Repairs the last numbers by origin. @throws {LogUnavailableError} */
  async #mendOrigins(): Promise<void> {
    const { writer } = this.#connections;
    const head = await this.head();
    if (head === undefined) return;
    try {
      await mendOrigins(this.#keys, writer, head, (after, limit) => this.read(head.log, after, limit));
    } catch (error) {
      if (error instanceof LogUnavailableError) throw error;
      throw new LogUnavailableError(
        'Redis: the last numbers by origin do not decode, and the log cannot restore them',
        true,
        {
          cause: error,
        },
      );
    }
  }

  /** Does nothing: the site closes the connections. */
  async close(): Promise<void> {}
}

/**
 * The line of a transaction for the append script; P40: whether it is overdue, and the numbers that its context names.
 */
const lineOf = ({ origin, number, numberBefore, frame, seen, isOverdue }: OfferedTransaction): string => {
  let line = `${origin} ${number} ${numberBefore} ${frame.length} ${isOverdue ? '!' : '-'}`;
  for (const [named, upTo] of seen) line += ` ${named} ${upTo}`;
  return `${line}\n`;
};

const damaged = (what: string) =>
  new LogUnavailableError(`Redis: ${what} does not decode, or does not match the log`, true);

/** A script's reply as text; nil becomes undefined. */
function texts(answer: unknown): (string | undefined)[] {
  const parts: readonly unknown[] = Array.isArray(answer) ? answer : [];
  return parts.map((part) => (part === null || part === undefined ? undefined : String(part)));
}

function* storedEntries(parts: readonly unknown[]): Generator<StoredEntry> {
  for (let index = 0; index + 1 < parts.length; index += 2) {
    const bytes = parts[index + 1];
    // An id of another form has no position: 0 matches no entry.
    const last = parseNumber(/^([0-9]+)-0$/.exec(String(parts[index]))?.[1]) ?? 0;
    yield { last, bytes: bytes instanceof Uint8Array ? bytes : Buffer.alloc(0) };
  }
}

/**
 * Rebuilds the entries that the script created; its reply says which transactions are in each.
 * @param whole the body of an entry with all transactions, which is nearly always the only one
 */
function appendedEntries(log: LogId, answer: string, { shared, transactions }: Batch, whole: Uint8Array): LogEntry[] {
  const entries: LogEntry[] = [];
  const words = answer.split(' ');
  for (let index = 1; index + 4 < words.length; index += 5) {
    const [position, before, mark] = [Number(words[index]), words[index + 1], words[index + 2]];
    const [from, upTo] = [Number(words[index + 3]) - 1, Number(words[index + 4])];
    const [first, last] = [transactions[from], transactions[upTo - 1]];
    if (
      !Number.isSafeInteger(position) ||
      !isMark(before) ||
      !isMark(mark) ||
      first === undefined ||
      last === undefined
    )
      throw new LogUnavailableError('Redis: the reply of the append script does not decode', false);
    const count = upTo - from;
    entries.push({
      log,
      first: position - count + 1,
      last: position,
      before,
      mark,
      origin: first.origin,
      firstNumber: first.number,
      lastNumber: last.number,
      count,
      body: count === transactions.length ? whole : bodyOf(shared, transactions.slice(from, upTo)),
    });
  }
  return entries;
}
