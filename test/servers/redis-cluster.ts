/** A real Redis Cluster for tests: three masters that share the slots evenly, each with a replica where asked for. */
import { freeClusterPort } from './free-port.ts';
import { type RedisServer, type RedisServerOptions, startRedis } from './redis.ts';
import { eventually } from './wait.ts';

export interface RedisClusterOptions {
  /** Whether each master has a replica, which takes over when it dies. */
  readonly replicas?: boolean;
  readonly settings?: RedisServerOptions['settings'];
}

export interface RedisCluster extends AsyncDisposable {
  readonly masters: readonly RedisServer[];
  readonly replicas: readonly RedisServer[];
  readonly url: string;
  /** The node that takes writes of a key now, as a majority of the nodes that answer has it. */
  ownerOf(key: string): Promise<RedisServer>;
  /** Resolves when every node that runs takes writes: one that was restarted waits a while. */
  settled(): Promise<void>;
  /** Moves a key's slot, and all that is in it, to another master, as an operator would. */
  moveSlot(key: string): Promise<void>;
}

const slots = 16_384;
const masterCount = 3;

export async function startRedisCluster({
  replicas = false,
  settings = {},
}: RedisClusterOptions = {}): Promise<RedisCluster> {
  const servers: RedisServer[] = [];
  const close = async () => {
    await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
  };
  try {
    for (let index = 0; index < masterCount * (replicas ? 2 : 1); index += 1) {
      const all = { 'cluster-enabled': 'yes', 'cluster-node-timeout': '1000', ...settings };
      servers.push(await startRedis({ port: await freeClusterPort(), settings: all }));
    }
    const masters = servers.slice(0, masterCount);
    await join(servers, masters);
    return {
      masters,
      replicas: servers.slice(masterCount),
      url: `redis+cluster://${masters.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
      ownerOf: (key) => ownerOf(servers, key),
      settled: () => settled(servers),
      moveSlot: (key) => moveSlot(servers, masters, key),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function join(servers: readonly RedisServer[], masters: readonly RedisServer[]): Promise<void> {
  for (const [index, { client }] of servers.entries()) await client.cluster('SET-CONFIG-EPOCH', index + 1);
  for (const [index, { client }] of masters.entries()) {
    const first = Math.ceil((index * slots) / masterCount);
    const last = Math.ceil(((index + 1) * slots) / masterCount) - 1;
    await client.cluster('ADDSLOTS', ...Array.from({ length: last - first + 1 }, (_, at) => first + at));
  }
  const [first, ...others] = servers;
  for (const { port } of others) await first?.client.cluster('MEET', '127.0.0.1', port);
  await eventually('every node knows every other', async () => {
    const known = await Promise.all(servers.map(nodesOf));
    return known.every(
      (nodes) => nodes.filter(({ flags }) => !/handshake|noaddr/.test(flags)).length === servers.length,
    );
  });
  for (const [index, { client }] of servers.slice(masterCount).entries()) {
    await client.cluster('REPLICATE', await idOf(masters[index]));
  }
  if (servers.length > masterCount) {
    await eventually('replicas follow', async () => {
      const told = await Promise.all(masters.map(async ({ client }) => client.info('replication')));
      return told.every((info) => /slave0:.*state=online/.test(info));
    });
  }
  await settled(servers);
}

async function settled(servers: readonly RedisServer[]): Promise<void> {
  await eventually('the cluster takes writes', async () => {
    const running = servers.filter(({ client }) => client.status === 'ready');
    const states = await Promise.all(running.map(async ({ client }) => String(await client.cluster('INFO'))));
    return states.every((state) => state.includes('cluster_state:ok'));
  });
}

interface Node {
  readonly id: string;
  readonly port: number;
  readonly flags: string;
  readonly slots: readonly string[];
}

async function nodesOf({ client }: RedisServer): Promise<Node[]> {
  const lines = String(await client.cluster('NODES'))
    .trim()
    .split('\n');
  return lines.map((line) => {
    const [id = '', address = '', flags = '', , , , , , ...ranges] = line.split(' ');
    return { id, port: Number(/:(\d+)/.exec(address)?.[1]), flags, slots: ranges };
  });
}

async function idOf(server: RedisServer | undefined): Promise<string> {
  if (server === undefined) throw new Error('no such node');
  return String(await server.client.cluster('MYID'));
}

const isWithin = (slot: number) => (range: string) => {
  const [first, last = first] = range.split('-').map(Number);
  return first !== undefined && last !== undefined && first <= slot && slot <= last;
};

async function ownerOf(servers: readonly RedisServer[], key: string): Promise<RedisServer> {
  const votes = new Map<number, number>();
  for (const server of servers) {
    if (server.client.status !== 'ready') continue;
    const slot = Number(await server.client.cluster('KEYSLOT', key));
    const owner = (await nodesOf(server)).find((node) => node.slots.some(isWithin(slot)));
    if (owner !== undefined) votes.set(owner.port, (votes.get(owner.port) ?? 0) + 1);
  }
  const [port] = [...votes].sort(([, one], [, other]) => other - one)[0] ?? [];
  const found = servers.find((server) => server.port === port);
  if (found === undefined) throw new Error(`no node owns the slot of ${key}`);
  return found;
}

async function moveSlot(servers: readonly RedisServer[], masters: readonly RedisServer[], key: string): Promise<void> {
  const from = await ownerOf(servers, key);
  const to = masters.find((master) => master !== from);
  if (to === undefined) throw new Error('there is nowhere to move to');
  const slot = Number(await from.client.cluster('KEYSLOT', key));
  const [fromId, toId] = [await idOf(from), await idOf(to)];
  await to.client.cluster('SETSLOT', slot, 'IMPORTING', fromId);
  await from.client.cluster('SETSLOT', slot, 'MIGRATING', toId);
  for (;;) {
    const keys = await from.client.cluster('GETKEYSINSLOT', slot, 100);
    if (keys.length === 0) break;
    await from.client.migrate('127.0.0.1', to.port, '', 0, 5_000, 'KEYS', ...keys.map(String));
  }
  for (const master of [to, from]) await master.client.cluster('SETSLOT', slot, 'NODE', toId);
}
