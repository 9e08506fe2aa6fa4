/**
 * One connection to the server that takes a site's writes; it reconnects until it is closed.
 * docs/internals/protocol.md, P11 and P60 to P62.
 * A frozen server or a cut network closes no socket. So this side pings at intervals and, if no byte moves in either
 * direction, drops the connection and makes another. It counts turns of the event loop instead of time, so that a
 * process that was itself stopped reads the bytes that have arrived before it judges.
 */
import { Redis } from 'ioredis';
import { limits } from '../../../limits.ts';
import type { RedisAddress } from './address.ts';
import { connectorOptions, type ServerInfo } from './connector.ts';
import { explained } from './problems.ts';

export interface ConnectionOptions {
  readonly address: RedisAddress;
  /**
   * A key of the site. In a cluster all its keys are in one slot, and this connection is to the node that owns the
   * slot.
   */
  readonly key: string;
  /** Shown by CLIENT LIST. */
  readonly name: string;
  /** The time-out of a command; its outcome is then unknown. */
  readonly commandTimeoutMilliseconds: number;
  readonly failed: (problem: string) => void;
}

/**
 * P61. Replies of a server that does not take the site's writes (any more): another server does. Redis 6.2 wraps the
 * reply that a script got in its own sentence.
 */
const notHere = /(?:^|[ -])(?:MOVED|READONLY) /;

export class Connection {
  readonly redis: Redis;
  /** Resolves when the first attempt to connect has succeeded or failed. */
  readonly tried: Promise<void>;
  readonly #failed: (problem: string) => void;
  readonly #changed = new Set<() => void>();
  readonly #timer: NodeJS.Timeout;
  #ready = false;
  /** True if the server refused the requested database: the connection would then use another site's. */
  #isElsewhere = false;
  #isSharded = false;
  #received = 0;
  #sent = 0;
  #stillTurns = 0;
  #asked = 0;

  constructor({ address, key, name, commandTimeoutMilliseconds, failed }: ConnectionOptions) {
    this.#failed = failed;
    const found = (info: ServerInfo) => {
      this.#isSharded = address.kind === 'CLUSTER' && hasShardedPubSub(info);
      return !this.#isElsewhere;
    };
    this.redis = new Redis({
      ...connectorOptions({ address, key, failed, found }),
      connectionName: name,
      disableClientInfo: true,
      lazyConnect: true,
      commandTimeout: commandTimeoutMilliseconds,
      // Commands never wait for a connection and are never resent: the caller decides.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      autoResubscribe: false,
      maxLoadingRetryTime: limits.redisRetryMilliseconds,
      retryStrategy: (times) => Math.min(25 * 2 ** Math.min(times, 10), limits.redisRetryMilliseconds),
      reconnectOnError: (error) => {
        if (notHere.test(error.message)) this.renew(explained(error));
        return false;
      },
    });
    this.redis.on('moved', () => this.renew('the slot of the channels has moved'));
    this.redis.on('connect', () => {
      this.#isElsewhere = false;
    });
    // ioredis selects the database before it asks for the server's role, and continues if that fails.
    this.redis.on('error', (error: Error) => {
      if (isOfSelect(error)) this.#isElsewhere = true;
      failed(explained(error));
    });
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

  /** P62. The command that publishes on the site's channels in the mode to which its subscribers listen. */
  get publishCommand(): 'PUBLISH' | 'SPUBLISH' {
    return this.#isSharded ? 'SPUBLISH' : 'PUBLISH';
  }

  async publish(channel: string, message: Buffer): Promise<void> {
    if (this.#isSharded) await this.redis.spublish(channel, message);
    else await this.redis.publish(channel, message);
  }

  async subscribe(channels: Iterable<string>): Promise<void> {
    if (this.#isSharded) await this.redis.ssubscribe(...channels);
    else await this.redis.subscribe(...channels);
  }

  async unsubscribe(channels: Iterable<string>): Promise<void> {
    if (this.#isSharded) await this.redis.sunsubscribe(...channels);
    else await this.redis.unsubscribe(...channels);
  }

  onMessage(received: (channel: string, bytes: Buffer) => void): void {
    const take = (channel: Buffer, bytes: Buffer) => received(channel.toString(), bytes);
    this.redis.on('messageBuffer', take);
    this.redis.on('smessageBuffer', take);
  }

  /** Called at each change of `ready`. */
  watch(changed: () => void): void {
    this.#changed.add(changed);
  }

  /** Drops the connection, even a dead one, and makes another. */
  renew(problem: string): void {
    this.#failed(problem);
    this.redis.stream?.destroy();
    // The event comes later; until then every command would fail at once, and callers would retry at once.
    this.#tell(false);
  }

  close(): void {
    clearInterval(this.#timer);
    this.redis.disconnect();
    this.redis.stream?.destroy();
  }

  #tell(ready: boolean): void {
    // Events arrive a turn late, so use the present status.
    const now = ready && this.redis.status === 'ready';
    if (this.#ready === now) return;
    this.#ready = now;
    for (const changed of this.#changed) changed();
  }

  /**
   * P11. A ping answered with another ping's text shows that replies are out of step: each would be taken for another
   * command's.
   */
  #ask(): void {
    this.#asked += 1;
    const question = `tideline ${this.#asked}`;
    const { stream } = this.redis;
    const judge = (reply: unknown) => {
      const answer = Array.isArray(reply) ? reply.at(-1) : reply;
      if (String(answer) !== question && this.redis.stream === stream)
        this.renew('the replies of Redis are out of step');
    };
    this.redis.ping(question).then(judge, () => undefined);
  }

  #probe(): void {
    const { status, stream } = this.redis;
    if (status !== 'ready' && status !== 'connect') {
      this.#stillTurns = 0;
      return;
    }
    const received = stream.bytesRead;
    const sent = stream.bytesWritten - stream.writableLength;
    // Bytes written into the buffer are not a sign of life, but progress in sending a long command is.
    const moved = received !== this.#received || (stream.writableLength > 0 && sent !== this.#sent);
    this.#stillTurns = moved ? 0 : this.#stillTurns + 1;
    this.#received = received;
    this.#sent = sent;
    if (this.#stillTurns * limits.redisProbeMilliseconds >= limits.redisSilenceMilliseconds) {
      this.#stillTurns = 0;
      this.renew('no answer');
    } else if (status === 'ready' && this.#stillTurns === 1) {
      this.#ask();
    }
  }
}

/** ioredis records in an error reply which command it answers. */
const isOfSelect = (error: Error): boolean =>
  'command' in error &&
  typeof error.command === 'object' &&
  error.command !== null &&
  'name' in error.command &&
  error.command.name === 'select';

/** Redis 7.0 and newer, and Valkey, which reports itself as Redis 7. */
const hasShardedPubSub = ({ redis_version = '' }: ServerInfo): boolean => Number(redis_version.split('.')[0]) >= 7;
