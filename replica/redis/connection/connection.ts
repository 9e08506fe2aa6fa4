/**
 * One connection to the server that takes a site's writes, which comes back by itself for as long as it is not closed. docs/internals/protocol.md, P11
 * and P60 to P62.
 * A frozen server or a cut network closes no socket: this side asks for an answer all the time and, where no byte moves
 * either way, drops the connection and makes another. It counts turns of the event loop rather than time, so that a
 * process which was itself stopped reads what has arrived before it judges.
 */
import { Redis } from 'ioredis';
import { limits } from '../../../limits.ts';
import type { RedisAddress } from './address.ts';
import { connectorOptions, type ServerInfo } from './connector.ts';
import { explained } from './problems.ts';

export interface ConnectionOptions {
  readonly address: RedisAddress;
  /** A key of the site's: in a cluster all are in one slot, and this connection is to the node that owns it. */
  readonly key: string;
  /** Shown by CLIENT LIST. */
  readonly name: string;
  /** After so long without an answer a command fails; whether it was done is unknown then. */
  readonly commandTimeoutMilliseconds: number;
  readonly failed: (problem: string) => void;
}

/**
 * P61. Answers of a server that does not take a site's writes, or no more: another one does. Redis 6.2 wraps the answer
 * that a script got in a sentence of its own.
 */
const notHere = /(?:^|[ -])(?:MOVED|READONLY) /;

export class Connection {
  readonly redis: Redis;
  /** Settles when the first try to connect has succeeded or failed. */
  readonly tried: Promise<void>;
  readonly #failed: (problem: string) => void;
  readonly #changed = new Set<() => void>();
  readonly #timer: NodeJS.Timeout;
  #ready = false;
  /** The server refused the database that this connection asked for: it would be of another site. */
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
      // Nothing waits here for a connection, and nothing is sent twice: who asked decides.
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
    // ioredis selects the database before it asks what the server is, and goes on where it may not.
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

  /** P62. The command that publishes on the site's channels so that its subscribers hear it. */
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

  /** Told at each change of `ready`. */
  watch(changed: () => void): void {
    this.#changed.add(changed);
  }

  /** Drops the connection, however dead, and makes another. */
  renew(problem: string): void {
    this.#failed(problem);
    this.redis.stream?.destroy();
    // The event comes later; until then every command would fail at once, and seem worth another try at once.
    this.#tell(false);
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

  /** P11. A reply to another question shows that replies are out of step with commands: each would be taken for another's. */
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
    // What was written is no sign of life by itself; a long command that is still on its way out is.
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

/** ioredis notes at a reply which command it answers. */
const isOfSelect = (error: Error): boolean =>
  'command' in error &&
  typeof error.command === 'object' &&
  error.command !== null &&
  'name' in error.command &&
  error.command.name === 'select';

/** Redis 7.0 and newer; Valkey, which says that it is a Redis 7. */
const hasShardedPubSub = ({ redis_version = '' }: ServerInfo): boolean => Number(redis_version.split('.')[0]) >= 7;
