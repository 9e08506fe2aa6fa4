/**
 * One connection to Redis, which comes back by itself for as long as it is not closed. docs/protocol.md, P11.
 * A frozen server or a cut network closes no socket: this side asks for an answer all the time and, where no byte moves
 * either way, drops the connection and makes another. It counts turns of the event loop rather than time, so that a
 * process which was itself stopped reads what has arrived before it judges.
 */
import { Redis } from 'ioredis';
import { limits } from '../../limits.ts';

export interface ConnectionOptions {
  readonly url: string;
  /** Shown by CLIENT LIST. */
  readonly name: string;
  /** After so long without an answer a command fails; whether it was done is unknown then. */
  readonly commandTimeoutMilliseconds: number;
  readonly failed: (problem: string) => void;
}

export class Connection {
  readonly redis: Redis;
  /** Settles when the first try to connect has succeeded or failed. */
  readonly tried: Promise<void>;
  readonly #failed: (problem: string) => void;
  readonly #changed = new Set<() => void>();
  readonly #timer: NodeJS.Timeout;
  #ready = false;
  #received = 0;
  #sent = 0;
  #stillTurns = 0;

  constructor({ url, name, commandTimeoutMilliseconds, failed }: ConnectionOptions) {
    this.#failed = failed;
    this.redis = new Redis(url, {
      connectionName: name,
      disableClientInfo: true,
      lazyConnect: true,
      commandTimeout: commandTimeoutMilliseconds,
      connectTimeout: limits.redisSilenceMilliseconds,
      // Nothing waits here for a connection, and nothing is sent twice: who asked decides.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      autoResubscribe: false,
      maxLoadingRetryTime: limits.redisRetryMilliseconds,
      retryStrategy: (times) => Math.min(25 * 2 ** Math.min(times, 10), limits.redisRetryMilliseconds),
    });
    this.redis.on('error', (error: Error) => failed(error.message));
    this.redis.on('ready', () => this.#tell(true));
    this.redis.on('close', () => this.#tell(false));
    this.redis.on('end', () => this.#tell(false));
    this.#timer = setInterval(() => this.#probe(), limits.redisProbeMilliseconds);
    this.#timer.unref();
    this.tried = this.redis.connect().catch(() => undefined);
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** Told at each change of `ready`. */
  watch(changed: () => void): void {
    this.#changed.add(changed);
  }

  /** Drops the connection, however dead, and makes another. */
  renew(problem: string): void {
    this.#failed(problem);
    this.redis.stream?.destroy();
  }

  close(): void {
    clearInterval(this.#timer);
    this.redis.disconnect();
    this.redis.stream?.destroy();
  }

  #tell(ready: boolean): void {
    // Events come a turn late: what counts is how it stands now.
    const now = ready && this.redis.status === 'ready';
    if (this.#ready === now) return;
    this.#ready = now;
    for (const changed of this.#changed) changed();
  }

  #probe(): void {
    const { status, stream } = this.redis;
    if (status !== 'ready' && status !== 'connect') {
      this.#stillTurns = 0;
      return;
    }
    const received = stream.bytesRead;
    const sent = stream.bytesWritten - stream.writableLength;
    // What was written is no sign of life by itself; a long command that is still on its way out is.
    const moved = received !== this.#received || (stream.writableLength > 0 && sent !== this.#sent);
    this.#stillTurns = moved ? 0 : this.#stillTurns + 1;
    this.#received = received;
    this.#sent = sent;
    if (this.#stillTurns * limits.redisProbeMilliseconds >= limits.redisSilenceMilliseconds) {
      this.#stillTurns = 0;
      this.renew('no answer');
    } else if (status === 'ready' && this.#stillTurns === 1) {
      this.redis.ping().catch(() => undefined);
    }
  }
}
