/** Bytes that are not ours, in each key and on each channel of a site. */
import type { Redis } from 'ioredis';

export interface Damaged {
  readonly client: Redis;
  readonly namespace: string;
  /** The log's id. */
  readonly log: string;
}

export type Damage = (site: Damaged, bytes: () => Buffer) => Promise<unknown>;

/** Of what stands beside the log, and of messages. */
export const damagesBesideLog: Readonly<Record<string, Damage>> = {
  'the mark of the head': ({ client, namespace }, bytes) => client.hset(`{${namespace}}:log`, 'mark', bytes()),
  'the position of the head': ({ client, namespace }, bytes) => client.hset(`{${namespace}}:log`, 'position', bytes()),
  'the id of the head': ({ client, namespace }, bytes) => client.hset(`{${namespace}}:log`, 'id', bytes()),
  'all of the head': ({ client, namespace }, bytes) =>
    client.hset(`{${namespace}}:log`, { id: bytes(), position: bytes(), mark: bytes() }),
  'last numbers by origin': async ({ client, namespace }, bytes) => {
    for (const origin of await client.hkeys(`{${namespace}}:origins`))
      await client.hset(`{${namespace}}:origins`, origin, bytes());
  },
  'no last numbers at all': ({ client, namespace }) => client.del(`{${namespace}}:origins`),
  'an origin that is none': ({ client, namespace }, bytes) => client.hset(`{${namespace}}:origins`, bytes(), bytes()),
  'the manifest': ({ client, namespace }, bytes) => client.hset(`{${namespace}}:snapshot`, 'manifest', bytes()),
  'the name of the generation': ({ client, namespace }, bytes) =>
    client.hset(`{${namespace}}:snapshot`, 'generation', bytes()),
  'no manifest at all': ({ client, namespace }) => client.del(`{${namespace}}:snapshot`),
  'the chunks': async ({ client, namespace }, bytes) => {
    for (const chunk of await client.keys(`${namespace}:snapshot:*`)) await client.set(chunk, bytes());
  },
  'no chunks at all': async ({ client, namespace }) => {
    for (const chunk of await client.keys(`${namespace}:snapshot:*`)) await client.del(chunk);
  },
  'the list of generations': ({ client, namespace }, bytes) =>
    client.hset(`{${namespace}}:snapshots`, bytes(), bytes()),
  'the lease of who writes snapshots': ({ client, namespace }, bytes) =>
    client.set(`{${namespace}}:lease:snapshot`, bytes()),
  'the lease of who heals': ({ client, namespace }, bytes) => client.set(`{${namespace}}:lease:heal`, bytes()),
  'what keeps a log': ({ client, namespace }, bytes) => client.set(`{${namespace}}:lease:keep`, bytes()),
  'messages on the channels': async ({ client, namespace }, bytes) => {
    for (const channel of await client.pubsub('CHANNELS', `{${namespace}}:*`))
      await client.publish(String(channel), bytes());
  },
};

/** P81. What decodes, and does not fit the log; a hash's key that holds another type. */
export const damagesThatDecode: Readonly<Record<string, Damage>> = {
  'a string in the place of the head': ({ client, namespace }) => client.set(`{${namespace}}:log`, 'mine'),
  'a list in the place of the head': async ({ client, namespace }) => {
    await client.del(`{${namespace}}:log`);
    await client.rpush(`{${namespace}}:log`, 'mine');
  },
  'another id': ({ client, namespace }) => client.hset(`{${namespace}}:log`, 'id', 'f'.repeat(32)),
  'a lower position': (site) => movePosition(site, -3n),
  'a lower position with its mark': async (site) => {
    const { client, namespace, log } = site;
    await movePosition(site, -3n);
    const position = await client.hget(`{${namespace}}:log`, 'position');
    const [[, [, entry]] = ['', ['', '']]] = await client.xrange(`{${namespace}}:log:${log}`, `(${position}-0`, '+');
    const before = entry?.split('\n')[3];
    if (before !== undefined) await client.hset(`{${namespace}}:log`, 'mark', before);
  },
  'a position 1,000 higher': (site) => movePosition(site, 1000n),
  'a position 10^15 higher': (site) => movePosition(site, 10n ** 15n),
  'another mark': ({ client, namespace }) => client.hset(`{${namespace}}:log`, 'mark', 'f'.repeat(40)),
  'a string in the place of the last numbers': ({ client, namespace }) => client.set(`{${namespace}}:origins`, 'mine'),
  'a string in the place of the manifest': ({ client, namespace }) => client.set(`{${namespace}}:snapshot`, 'mine'),
  'a string in the place of the list of generations': ({ client, namespace }) =>
    client.set(`{${namespace}}:snapshots`, 'mine'),
};

async function movePosition({ client, namespace }: Damaged, by: bigint): Promise<void> {
  const position = BigInt((await client.hget(`{${namespace}}:log`, 'position')) ?? '0') + by;
  await client.hset(`{${namespace}}:log`, 'position', `${position < 0n ? 0n : position}`);
}

/** Of its entries: only while nobody appends. */
export const damagesOfLog: Readonly<Record<string, Damage>> = {
  'the first entry of the log': (site, bytes) => rewriteEntry(site, () => 0, bytes),
  'the last entry of the log': (site, bytes) => rewriteEntry(site, (count) => count - 1, bytes),
};

/** A stream takes no id again: all entries are written anew. */
async function rewriteEntry(
  { client, namespace, log }: Damaged,
  which: (count: number) => number,
  bytes: () => Buffer,
): Promise<void> {
  const stream = `{${namespace}}:log:${log}`;
  const entries = await client.xrangeBuffer(stream, '-', '+');
  await client.del(stream);
  for (const [at, [id, [, entry]]] of entries.entries())
    await client.xadd(stream, id, 'entry', at === which(entries.length) ? bytes() : (entry ?? bytes()));
}
