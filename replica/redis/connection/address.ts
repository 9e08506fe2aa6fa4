/**
 * Parses the URL of a site's Redis:
 *
 *   redis://[[user]:password@]host[:port][/database]
 *   redis+sentinel://name@host[:port][,host[:port]…][/database][?user=…&password=…&sentinelUser=…&sentinelPassword=…]
 *   redis+cluster://[[user]:password@]host[:port][,host[:port]…]
 *   redis+unix://[[user]:password@]/path/to/redis.sock[?db=number]
 *
 * `rediss` instead of `redis` uses TLS on every connection, except for a Unix socket. Names and passwords are
 * percent-encoded.
 */
import { ConfigurationError } from '../../../errors.ts';

export interface RedisHost {
  readonly host: string;
  readonly port: number;
}

export interface Credentials {
  readonly username: string | undefined;
  readonly password: string | undefined;
}

interface CommonAddress {
  /** The server, the sentinels, or some nodes of the cluster, from which the others are discovered. */
  readonly hosts: readonly [RedisHost, ...RedisHost[]];
  readonly credentials: Credentials;
  readonly database: number;
  readonly tls: boolean;
}

/** A Unix socket on this machine. */
interface SocketAddress extends Omit<CommonAddress, 'hosts'> {
  readonly kind: 'SOCKET';
  readonly hosts: readonly [];
  readonly path: string;
}

export type RedisAddress =
  | SocketAddress
  | (CommonAddress & { readonly kind: 'SERVER' | 'CLUSTER' })
  | (CommonAddress & {
      readonly kind: 'SENTINEL';
      /** The name of the master in the sentinels' configuration. */
      readonly masterName: string;
      readonly sentinelCredentials: Credentials;
    });

const pattern = /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^@/?#]*)@)?([^@/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/;
const socketPattern = /^redis\+unix:\/\/(?:([^@/?#]*)@)?(\/[^?#]+)(?:\?([^#]*))?$/;
const example =
  'redis://127.0.0.1:6379, redis+sentinel://name@host1,host2, redis+cluster://host1,host2 or redis+unix:///run/redis.sock';
const sentinelParameters = ['user', 'password', 'sentinelUser', 'sentinelPassword'];

/** @throws {ConfigurationError} names the problem, and never quotes a password */
export function parseRedisUrl(text: string): RedisAddress {
  const [, socketUser, path, socketQuery = ''] = socketPattern.exec(text) ?? [];
  if (path !== undefined) {
    const database = parseDatabase(parseParameters(socketQuery, ['db']).get('db') ?? '');
    const credentials = parseCredentials(socketUser);
    return { kind: 'SOCKET', hosts: [], path: decode(path), credentials, database, tls: false };
  }
  const [, scheme, form, user, hostList, database = '', query = ''] = pattern.exec(text) ?? [];
  if (scheme === undefined || hostList === undefined) {
    throw fault(`give a URL such as ${example}; rediss instead of redis for TLS`);
  }
  const common = {
    hosts: parseHosts(hostList, form === 'sentinel' ? 26_379 : 6_379),
    database: parseDatabase(database),
    tls: scheme === 'rediss',
  };
  const parameters = parseParameters(query, form === 'sentinel' ? sentinelParameters : []);
  if (form === 'sentinel') {
    const masterName = decode(user ?? '');
    if (masterName === '' || masterName.includes(':')) {
      throw fault(
        'put only the name of the master, as the sentinels know it, before the @, and add ?user=…&password=… at the end',
      );
    }
    return {
      ...common,
      kind: 'SENTINEL',
      masterName,
      credentials: { username: parameters.get('user'), password: parameters.get('password') },
      sentinelCredentials: {
        username: parameters.get('sentinelUser'),
        password: parameters.get('sentinelPassword'),
      },
    };
  }
  const credentials = parseCredentials(user);
  if (form === 'cluster') {
    if (common.database !== 0) throw fault('a cluster has only database 0');
    return { ...common, kind: 'CLUSTER', credentials };
  }
  if (common.hosts.length > 1)
    throw fault('several hosts must be sentinels or nodes of a cluster: use redis+sentinel or redis+cluster');
  return { ...common, kind: 'SERVER', credentials };
}

/** For people and logs: without user and password. */
export function describeAddress(address: RedisAddress): string {
  const database = address.database === 0 ? '' : `/${address.database}`;
  if (address.kind === 'SOCKET') return `${address.path}${database === '' ? '' : `, database ${address.database}`}`;
  const hosts = address.hosts.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`).join(',');
  const name = address.kind === 'SENTINEL' ? `${address.masterName}@` : '';
  return `${name}${hosts}${database}`;
}

function parseHosts(list: string, defaultPort: number): readonly [RedisHost, ...RedisHost[]] {
  const [first, ...rest] = list.split(',').map((text): RedisHost => {
    const [, bracketed, plain, port] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(text.trim()) ?? [];
    const host = bracketed ?? plain;
    const number = port === undefined ? defaultPort : Number(port);
    if (host === undefined || number < 1 || number > 65_535) {
      throw fault(`hosts must be names or addresses with optional ports, separated by commas: ${example}`);
    }
    return { host, port: number };
  });
  if (first === undefined) throw fault(`it names no host: ${example}`);
  return [first, ...rest];
}

function parseDatabase(text: string): number {
  if (!/^\d{0,5}$/.test(text)) throw fault('after the host only the number of a database may follow');
  return Number(text);
}

function parseParameters(query: string, known: readonly string[]): ReadonlyMap<string, string> {
  const parameters = new Map(new URLSearchParams(query));
  for (const name of parameters.keys()) {
    if (!known.includes(name)) {
      throw fault(
        `it has no parameter ${JSON.stringify(name)}${known.length === 0 ? '' : `, but ${known.join(', ')}`}`,
      );
    }
  }
  return parameters;
}

function parseCredentials(text: string | undefined): Credentials {
  if (text === undefined || text === '') return { username: undefined, password: undefined };
  const colon = text.indexOf(':');
  if (colon < 0) throw fault('write user and password before the @ as user:password or :password');
  const username = decode(text.slice(0, colon));
  return { username: username === '' ? undefined : username, password: decode(text.slice(colon + 1)) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw fault('names and passwords must be percent-encoded: % itself is %25');
  }
}

const fault = (problem: string) => new ConfigurationError([problem]);
