/**
 * Finds and connects to the server that takes a site's writes: the given server, the master that sentinels report, or
 * the node of a cluster that owns the slot of the site's keys. It is looked up for each connection, so after a failover
 * or a migration of the slot the next connection is to the right server. docs/internals/protocol.md, P60 to P62.
 *
 * Why not ioredis' cluster client: all keys of a site's scripts are in one slot, so a site needs a single node; and
 * that client resends commands by itself, and hides which of its connections is silent.
 */
import { connect, Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import {
  AbstractConnector,
  Redis,
  type RedisOptions,
  type SentinelConnectionOptions,
  SentinelConnector,
} from 'ioredis';
import { limits } from '../../../limits.ts';
import type { RedisAddress, RedisHost } from './address.ts';

type ConnectorClass = NonNullable<RedisOptions['Connector']>;

/**
 * A server's description of itself, read before a connection to it is used. Fields that the user may not read are
 * missing.
 */
export interface ServerInfo {
  readonly role?: string;
  readonly redis_version?: string;
}

export interface ConnectorOptions {
  readonly address: RedisAddress;
  /** A key whose slot's owner is to be found in a cluster. */
  readonly key: string;
  readonly failed: (problem: string) => void;
  /** Called before each time that the connection becomes ready. Returns false to reject the server's state. */
  readonly found: (info: ServerInfo) => boolean;
}

/** The ioredis options for connecting to the address. */
export function connectorOptions({ address, key, failed, found }: ConnectorOptions): RedisOptions {
  const { kind, credentials, database, tls } = address;
  const common: RedisOptions = {
    ...given(credentials),
    db: database,
    connectTimeout: limits.redisSilenceMilliseconds,
    ...(tls ? { tls: {} } : {}),
  };
  if (kind === 'SENTINEL') {
    const options = { ...common, ...sentinelOptions(address) };
    return { ...options, Connector: sentinelConnector(options, failed, found) };
  }
  const owner = kind === 'CLUSTER' ? new ClusterOwner(address, key) : undefined;
  const locate = async () => {
    if (address.kind === 'SOCKET') return { path: address.path };
    return owner === undefined ? address.hosts[0] : await owner.find();
  };
  return { ...common, Connector: masterConnector(locate, tls, failed, found) };
}

type SentinelsAddress = Extract<RedisAddress, { readonly kind: 'SENTINEL' }>;

function sentinelOptions({ masterName, hosts, sentinelCredentials, tls }: SentinelsAddress) {
  const { username, password } = sentinelCredentials;
  return {
    name: masterName,
    sentinels: [...hosts],
    ...(username === undefined ? {} : { sentinelUsername: username }),
    ...(password === undefined ? {} : { sentinelPassword: password }),
    role: 'master' as const,
    disconnectTimeout: limits.redisSilenceMilliseconds,
    updateSentinels: true,
    sentinelMaxConnections: 10,
    sentinelCommandTimeout: limits.redisSilenceMilliseconds,
    sentinelReconnectStrategy: () => limits.redisRetryMilliseconds,
    sentinelRetryStrategy: () => null,
    // If the old master is only cut off from the others, the sentinels alone report the new one.
    failoverDetector: true,
    ...(tls ? { enableTLSForSentinelMode: true, sentinelTLS: {} } : {}),
  };
}

/** The given ones of user and password, as ioredis options. */
export function given({ username, password }: RedisAddress['credentials']): RedisOptions {
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  };
}

/** P60. A server that does not report its role is assumed to be a master. */
function isMaster(info: ServerInfo, failed: (problem: string) => void): boolean {
  if (info.role === undefined || info.role === 'master') return true;
  failed(`the server is a ${info.role}, read-only, and may be behind: waiting for a master`);
  return false;
}

function masterConnector(
  locate: () => Promise<RedisHost | { readonly path: string }>,
  tls: boolean,
  failed: ConnectorOptions['failed'],
  found: ConnectorOptions['found'],
): ConnectorClass {
  return class extends AbstractConnector {
    constructor() {
      super(limits.redisSilenceMilliseconds);
    }

    override check(info: ServerInfo): boolean {
      return found(info) && isMaster(info, failed);
    }

    override async connect(): Promise<Socket | TLSSocket> {
      this.connecting = true;
      try {
        const place = await locate();
        if (!this.connecting) throw new Error('Connection is closed.');
        this.stream = tls ? connectTls({ ...place }) : connect({ ...place });
        this.stream.once('error', (error: Error) => {
          this.firstError = error;
        });
        return this.stream;
      } catch (error) {
        this.firstError = error instanceof Error ? error : new Error(String(error));
        return closedSocket();
      }
    }
  };
}

function sentinelConnector(
  options: SentinelConnectionOptions,
  failed: ConnectorOptions['failed'],
  found: ConnectorOptions['found'],
): ConnectorClass {
  return class extends SentinelConnector {
    constructor() {
      super(options);
    }

    override check(info: ServerInfo): boolean {
      return found(info) && isMaster(info, failed) && super.check(info);
    }

    override async connect(): Promise<Socket | TLSSocket> {
      const problems: string[] = [];
      try {
        return await super.connect((_, error) => problems.push(error.message));
      } catch {
        this.firstError = new Error(`no sentinel names a master ${options.name}: ${problems.join('; ')}`);
        return closedSocket();
      }
    }
  };
}

/** Looks to ioredis like a connection that ended at once, so that it retries later. An error would end its retries. */
function closedSocket(): Socket {
  return new Socket().destroy();
}

/** Finds the node of a cluster that owns a key's slot, by asking the nodes. */
class ClusterOwner {
  readonly #address: RedisAddress;
  readonly #key: string;
  #known: readonly RedisHost[] = [];
  #asked = 0;

  constructor(address: RedisAddress, key: string) {
    this.#address = address;
    this.#key = key;
  }

  /** Starts with a different node each time, so that a node with an outdated view is not believed for ever. */
  async find(): Promise<RedisHost> {
    const hosts = [...this.#address.hosts, ...this.#known];
    const begin = this.#asked++ % hosts.length;
    const problems = new Set<string>();
    for (const host of [...hosts.slice(begin), ...hosts.slice(0, begin)]) {
      try {
        const { owner, masters } = await this.#ask(host);
        this.#known = masters.filter((one) => !this.#address.hosts.some((seed) => isSame(seed, one)));
        if (owner !== undefined) return owner;
        problems.add('a slot is owned by no node');
      } catch (error) {
        problems.add(error instanceof Error ? error.message : String(error));
      }
    }
    throw new Error(`no node of the cluster says where the keys are: ${[...problems].join('; ')}`);
  }

  async #ask({ host, port }: RedisHost) {
    const { credentials, tls } = this.#address;
    const redis = new Redis({
      host,
      port,
      ...given(credentials),
      ...(tls ? { tls: {} } : {}),
      lazyConnect: true,
      disableClientInfo: true,
      enableReadyCheck: false,
      connectTimeout: limits.redisSilenceMilliseconds,
      commandTimeout: limits.redisSilenceMilliseconds,
      retryStrategy: () => null,
    });
    let problem: Error | undefined;
    redis.on('error', (error: Error) => {
      problem = error;
    });
    try {
      await redis.connect();
      const [slot, ranges] = await Promise.all([redis.cluster('KEYSLOT', this.#key), redis.cluster('SLOTS')]);
      return slotOwner(Number(slot), ranges, { host, port });
    } catch (error) {
      throw problem ?? error;
    } finally {
      redis.disconnect();
    }
  }
}

const isSame = (one: RedisHost, other: RedisHost) => one.host === other.host && one.port === other.port;

/**
 * @param ranges the reply of CLUSTER SLOTS: [first slot, last slot, [host, port, …] of the master, of its replicas …]
 */
function slotOwner(slot: number, ranges: unknown, asked: RedisHost) {
  const masters: RedisHost[] = [];
  let owner: RedisHost | undefined;
  for (const range of Array.isArray(ranges) ? ranges : []) {
    const [first, last, node] = Array.isArray(range) ? range : [];
    if (!Array.isArray(node)) continue;
    // A node that does not know its own address omits it: use the one by which it was reached.
    const host = typeof node[0] === 'string' && node[0] !== '' && node[0] !== '?' ? node[0] : asked.host;
    const master = { host, port: Number(node[1]) };
    masters.push(master);
    if (Number(first) <= slot && slot <= Number(last)) owner = master;
  }
  return { owner, masters };
}
