/** The log of a site, in Redis: a Stream that scripts append to. docs/internals/protocol.md, P1 to P11. */
import { LogReplacedError, LogUnavailableError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Head, LogId, Origin, Position } from '../crdt/version.ts';
import { bodyOf, isLogId, isMark, isOrigin, markAtStart } from '../log/entry.ts';
import { decodeFollowing, type StoredEntry } from '../log/following.ts';
import type { Batch, LoadedStates, Log, LogEntry, OfferedTransaction, OriginClaim } from '../log/log.ts';
import { parseNumber } from '../log/sealed.ts';
import type { Connection } from './connection.ts';
import { orUnavailable } from './errors.ts';
import type { Keys } from './keys.ts';
import { mendHead, mendOrigins } from './mending.ts';
import { defineScripts } from './scripts.ts';

/** The connections of a site, as far as the log goes by them. */
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
  /** Where the log was seen to end. */
  #known: Head | undefined;

  constructor(keys: Keys, connections: LogConnections) {
    this.#keys = keys;
    this.#connections = connections;
    defineScripts(connections.writer.redis);
    defineScripts(connections.reader.redis);
  }

  get problem(): string | undefined {
    return this.#connections.problem();
  }

  async head(): Promise<Head | undefined> {
    const { reader } = this.#connections;
    return this.#headOf(await orUnavailable(reader.redis.hmget(this.#keys.log, 'id', 'position', 'mark')));
  }

  async create(log: LogId, keepMilliseconds = 0): Promise<Head> {
    const { redis } = this.#connections.writer;
    const { log: key, origins, manifest, kept } = this.#keys;
    const answer = redis.tidelineCreate(key, origins, manifest, kept, log, markAtStart(log), keepMilliseconds);
    const head = await this.#headOf(texts(await orUnavailable(answer)));
    if (head === undefined) throw new LogUnavailableError('Redis: no log was made', false);
    return head;
  }

  async append(batch: Batch, seen: Head, secret: string): Promise<readonly LogEntry[]> {
    const { redis, publishCommand } = this.#connections.writer;
    const { log, origins, deltas } = this.#keys;
    const sender = `${seen.log} ${seen.position} ${seen.mark} ${secret} ${publishCommand} ${deltas}`;
    const lines = Buffer.from(`${sender} ${batch.shared.length}\n${batch.transactions.map(lineOf).join('')}\n`);
    const body = bodyOf(batch.shared, batch.transactions);
    const answer = redis.tidelineAppend(log, this.#keys.stream(seen.log), origins, Buffer.concat([lines, body]));
    const answered = await orUnavailable(answer);
    if (typeof answered === 'string') return appendedEntries(seen.log, answered, batch, body);
    const [problem, why] = texts(answered);
    if (problem === 'REPLACED') throw new LogReplacedError(String(why));
    if (problem === 'DAMAGED') await this.#mend(seen);
    throw new LogUnavailableError(`Redis: ${why}`, true);
  }

  async read(log: LogId, after: Position, limit: number): Promise<readonly LogEntry[]> {
    const { redis } = this.#connections.reader;
    const stream = this.#keys.stream(log);
    const answer = await orUnavailable(
      redis.tidelineReadBuffer(this.#keys.log, stream, after, limit, limits.readBytes),
    );
    const parts = Array.isArray(answer) ? answer : [];
    const head = await this.#headOf(texts(parts.slice(0, 3)), log);
    return decodeFollowing(head, log, after, storedEntries(parts.slice(3)));
  }

  /** None: a replica on Redis keeps its states in memory. */
  async loadStates(): Promise<LoadedStates | undefined> {
    return undefined;
  }

  async origins(): Promise<ReadonlyMap<Origin, number>> {
    const { redis } = this.#connections.reader;
    const answer = await orUnavailable(redis.hgetall(this.#keys.origins));
    const origins = new Map<Origin, number>();
    for (const [origin, value] of Object.entries(answer)) {
      // Bytes that are not ours.
      if (!isOrigin(origin)) continue;
      const number = parseNumber(value.split('\n')[0]);
      if (number === undefined) throw damaged(`the number of origin ${origin}`);
      origins.set(origin, number);
    }
    return origins;
  }

  async claimOrigin({ origin, number, secret, nextSecret }: OriginClaim): Promise<boolean> {
    // P47. Where a log was begun by who healed, nobody's secret is known.
    if (secret === '') return false;
    const { redis } = this.#connections.writer;
    const claim = redis.tidelineClaim(this.#keys.origins, origin, `${number}\n${secret}`, `${number}\n${nextSecret}`);
    return (await orUnavailable(claim)) === 1;
  }

  watchConnection(changed: (connected: boolean) => void): Disposable {
    return this.#connections.watch(changed);
  }

  /**
   * @param followed the log that is read: one that no process has seen the end of may have been kept on a disk
   * @throws {LogUnavailableError} what is there is no log's head; the next try may find one
   */
  async #headOf(fields: readonly (string | null | undefined)[], followed?: LogId): Promise<Head | undefined> {
    const head = parseHead(fields);
    if (head !== 'damaged') {
      this.#known = head ?? this.#known;
      return head;
    }
    await mendHead(this.#keys, this.#connections.writer, this.#known, followed);
    throw damaged("the log's head");
  }

  /** P63. @throws {LogUnavailableError} */
  async #mend(seen: Head): Promise<void> {
    const { writer } = this.#connections;
    if (await mendHead(this.#keys, writer, seen)) return;
    const head = await this.head();
    if (head === undefined) return;
    try {
      await mendOrigins(this.#keys, writer, head, (after, limit) => this.read(head.log, after, limit));
    } catch (error) {
      if (error instanceof LogUnavailableError) throw error;
      throw new LogUnavailableError(
        'Redis: the last numbers by origin do not decode, nor does the log say them',
        true,
        {
          cause: error,
        },
      );
    }
  }

  /** The site closes the connections. */
  async close(): Promise<void> {}
}

/** What the append script reads of a transaction; P40: of its context whether it is overdue, and what it names. */
const lineOf = ({ origin, number, numberBefore, frame, seen, isOverdue }: OfferedTransaction): string => {
  let line = `${origin} ${number} ${numberBefore} ${frame.length} ${isOverdue ? '!' : '-'}`;
  for (const [named, upTo] of seen) line += ` ${named} ${upTo}`;
  return `${line}\n`;
};

const damaged = (what: string) => new LogUnavailableError(`Redis: ${what} does not decode`, true);

/** What a script answered, as text; nil stays undefined. */
function texts(answer: unknown): (string | undefined)[] {
  const parts: readonly unknown[] = Array.isArray(answer) ? answer : [];
  return parts.map((part) => (part === null || part === undefined ? undefined : String(part)));
}

function parseHead([log, positionText, mark]: readonly (string | null | undefined)[]): Head | 'damaged' | undefined {
  if ((log ?? positionText ?? mark ?? undefined) === undefined) return undefined;
  const position = parseNumber(positionText ?? undefined);
  if (!isLogId(log ?? undefined) || position === undefined || !isMark(mark ?? undefined)) return 'damaged';
  return { log: log ?? '', position, mark: mark ?? '' };
}

function* storedEntries(parts: readonly unknown[]): Generator<StoredEntry> {
  for (let index = 0; index + 1 < parts.length; index += 2) {
    const bytes = parts[index + 1];
    // An id of another form is nobody's position: no entry matches it.
    const last = parseNumber(/^([0-9]+)-0$/.exec(String(parts[index]))?.[1]) ?? 0;
    yield { last, bytes: bytes instanceof Uint8Array ? bytes : Buffer.alloc(0) };
  }
}

/**
 * The entries as the script made them: it says which of the transactions are in each.
 * @param whole body of an entry that all of them are in, as nearly always
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
      throw new LogUnavailableError('Redis: the answer of the append script does not decode', false);
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
