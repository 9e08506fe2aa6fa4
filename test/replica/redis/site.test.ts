/** How a site on Redis watches its connections, and comes back. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Logger } from '../../../replica/environment/logger.ts';
import { openRedisSite, type RedisSite } from '../../../replica/redis/site.ts';
import { startProxy } from '../../servers/proxy.ts';
import { type RedisServer, startRedis } from '../../servers/redis.ts';
import { batch, transaction } from '../log/transactions.ts';
import { connected, quiet } from './sites.ts';

/** What "about two seconds" may be at most where tests share a machine. */
const soonMilliseconds = 3_000;

async function openServer(): Promise<RedisServer> {
  const server = await startRedis();
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

function openSite(url: string, logger: Logger = quiet): RedisSite {
  const site = openRedisSite({ url, namespace: 'test', logger });
  onTestFinished(() => site.close());
  return site;
}

async function taken(until: Promise<void>): Promise<number> {
  const began = performance.now();
  await until;
  return performance.now() - began;
}

describe('the connection', () => {
  it('P11: is seen to end when Redis is killed, and to be back when it is back', async () => {
    const server = await openServer();
    const { log } = openSite(server.url);
    await connected(log);

    const lost = taken(connected(log, false));
    await server.kill();
    expect(await lost).toBeLessThan(soonMilliseconds);

    await server.restart();
    expect(await taken(connected(log))).toBeLessThan(soonMilliseconds);
  });

  it('P11: is seen to end when Redis is stopped with its sockets open, and to be back when it goes on', async () => {
    const server = await openServer();
    const { log } = openSite(server.url);
    await connected(log);

    server.pause();
    expect(await taken(connected(log, false))).toBeLessThan(soonMilliseconds);

    server.resume();
    expect(await taken(connected(log))).toBeLessThan(soonMilliseconds);
  });

  it.each(['cut', 'freeze'] as const)(
    'P11: is seen to end when the network does (%s), and to be back',
    async (fault) => {
      const server = await openServer();
      await using proxy = await startProxy(server);
      const { log } = openSite(`redis://127.0.0.1:${proxy.port}`);
      await connected(log);

      proxy[fault]();
      expect(await taken(connected(log, false))).toBeLessThan(soonMilliseconds);

      proxy.heal();
      expect(await taken(connected(log))).toBeLessThan(soonMilliseconds);
      expect(await log.head()).toBeUndefined();
    },
  );

  it('opens where Redis is away, says so once, and is there when Redis is', async () => {
    const server = await openServer();
    await server.stop();
    const said: string[] = [];
    const say = (fields: object, message: string) => said.push(`${message} ${JSON.stringify(fields)}`);
    const { log } = openSite(server.url, { info: say, warn: say, error: say });

    await expect(log.head()).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE', refused: true });
    await expect.poll(() => said).toHaveLength(1);
    await server.restart();
    await connected(log);

    expect(await log.head()).toBeUndefined();
    expect(said).toHaveLength(2);
    expect(said[0]).toContain('ECONNREFUSED');
    expect(said[1]).toContain('connected');
  });

  it('goes by user, password and database, which its log lines never show', async () => {
    const server = await openServer();
    await server.client.acl('SETUSER', 'tide', 'on', '>top%secret', '~*', '&*', '+@all');
    const said: string[] = [];
    const say = (fields: object, message: string) => said.push(`${message} ${JSON.stringify(fields)}`);
    const logger = { info: say, warn: say, error: say };

    const { log } = openSite(`redis://tide:top%25secret@127.0.0.1:${server.port}/3`, logger);
    await connected(log);
    await log.create('log');
    const wrong = openSite(`redis://tide:top%25secre@127.0.0.1:${server.port}/3`, logger);
    await expect.poll(() => said.join()).toContain('WRONGPASS');

    await server.client.select(3);
    expect(await server.client.hget('{test}:log', 'id')).toBe('log');
    await expect(wrong.log.head()).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
    expect(said.join()).not.toContain('secre');
  });

  it('scripts are there again after Redis forgot them', async () => {
    const server = await openServer();
    const { log } = openSite(server.url);
    await connected(log);
    const head = await log.create('log');
    await log.append(batch(transaction('a.x', 1)), head, 'secret', () => []);

    await server.client.script('FLUSH');

    expect(await log.append(batch(transaction('a.x', 2)), head, 'secret', () => [])).toHaveLength(1);
    expect(await log.read('log', 0, 10)).toHaveLength(2);
  });

  it('closes at once, whatever state it is in', async () => {
    const server = await openServer();
    const [open, away] = [openSite(server.url), openSite('redis://127.0.0.1:1')];
    await connected(open.log);
    server.pause();

    const began = performance.now();
    await Promise.all([open.close(), away.close()]);

    expect(performance.now() - began).toBeLessThan(500);
    await expect(open.log.head()).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
  });
});
