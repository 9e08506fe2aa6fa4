/** Two versions on one real Redis; test/simulation/formats.test.ts has more of it, over a simulated one. */
import { expect, it } from 'vitest';
import { decodeEntry } from '../../replica/log/entry.ts';
import { startRedis } from '../servers/redis.ts';
import { eventually } from '../servers/wait.ts';
import { batchFormatIn, formerReads, newReads } from './former-version.ts';
import { openOnRedis, readAll, temporaryFolder, upsert } from './replicas.ts';

const fast = { heartbeatMilliseconds: 20, retryMilliseconds: [20, 50] } as const;

it('P83, P84: a site comes to a new format once all read it; the former version is refused from then on', {
  timeout: 60_000,
}, async () => {
  await using redis = await startRedis();
  await using folder = await temporaryFolder();
  const open = (name: string, reads: typeof newReads, path?: string) =>
    openOnRedis({ url: redis.url, name, path, timing: fast, reads });
  const format = async () => (await redis.client.hget('{test}:log', 'format')) ?? '1';
  {
    await using a = await open('a', newReads);
    await using b = await open('b', formerReads, folder.path);
    await upsert(a, 'cars', { _id: 'one' });
    await upsert(b, 'cars', { _id: 'two' });
    const beats = a.replica.status.clockMilliseconds + 3_000;
    await eventually('many heartbeats have passed', () => a.replica.status.clockMilliseconds > beats);
    expect(await format()).toBe('1');
  }
  await using a = await open('a', newReads);
  {
    await using b = await open('b', newReads, folder.path);
    await eventually('the format is raised', async () => (await format()) === '2');
    await b.replica.waitFor(await upsert(a, 'cars', { _id: 'three' }), 5_000);
    await upsert(b, 'cars', { _id: 'four' });
  }
  await expect(open('b', formerReads, folder.path)).rejects.toThrow(/the site is of format 2/);
  await upsert(a, 'cars', { _id: 'five' });
  await using again = await open('b', newReads, folder.path);
  expect(Object.keys(readAll(again, 'cars')).sort()).toEqual(['five', 'four', 'one', 'three', 'two']);
});

it('P83: an operator may raise the format, and the replicas go on in it', async () => {
  await using redis = await startRedis();
  const open = (name: string) => openOnRedis({ url: redis.url, name, path: undefined, timing: fast, reads: newReads });
  await using a = await open('a');
  await using b = await open('b');
  await b.replica.waitFor(await upsert(a, 'cars', { _id: 'one' }), 5_000);
  await redis.client.hset('{test}:log', 'format', '2');
  await eventually('its next write is taken', async () => {
    const token = await upsert(a, 'cars', { _id: 'two' }).catch(() => undefined);
    if (token !== undefined) await b.replica.waitFor(token, 5_000);
    return token !== undefined;
  });
  const log = a.replica.status.version[0]?.log ?? '';
  const entries = await redis.client.xrangeBuffer(`{test}:log:${log}`, '-', '+');
  const formats = entries.map(([, [, bytes]]) => batchFormatIn(decodeEntry(bytes ?? Buffer.alloc(0))));
  expect(formats).toEqual([2, 3]);
  expect(Object.keys(readAll(b, 'cars')).sort()).toEqual(['one', 'two']);
});
