/** A connection that is not in the state that its URL asks for is no connection, and says why. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openRedisSite } from '../../../replica/redis/site.ts';
import { freePort } from '../../servers/free-port.ts';
import { type RedisServer, startRedis } from '../../servers/redis.ts';
import { connected } from './sites.ts';

/** A site, and what it logged: each problem once. */
function open(url: string) {
  const problems: string[] = [];
  const warn = (fields: object) => 'problem' in fields && problems.push(String(fields.problem));
  const site = openRedisSite({ url, namespace: 'test', logger: { info: () => {}, warn, error: () => {} } });
  onTestFinished(() => site.close());
  return { ...site, problems };
}

async function refused(url: string): Promise<{ readonly problems: readonly string[]; readonly problem: string }> {
  const { log, problems } = open(url);
  await expect.poll(() => problems.length).toBeGreaterThan(0);
  await expect(log.head()).rejects.toThrow('Redis cannot be reached');
  await expect(log.create('log', 1_000)).rejects.toThrow('Redis cannot be reached');
  return { problems, problem: log.problem ?? '' };
}

const withUser = ({ url }: RedisServer, user: string) => url.replace('://', `://${user}@`);

describe('a connection to Redis', () => {
  it('P60: to a database that is not there is none, and writes to no other', async () => {
    await using server = await startRedis();
    const { problem } = await refused(`${server.url}/99`);
    expect(problem).toMatch(/no database with the number in REDIS_URL.*DB index is out of range/);
    expect(await server.client.dbsize()).toBe(0);
  });

  it('P60: to a database that its user may not select is none', async () => {
    await using server = await startRedis();
    await server.client.acl('SETUSER', 'tide', 'on', '>secret', '~*', '&*', '+@all', '-select');
    const { problem } = await refused(`${withUser(server, 'tide:secret')}/1`);
    expect(problem).toMatch(/lacks a right.*"Rights".*NOPERM.*select/);
    expect(await server.client.dbsize()).toBe(0);
  });

  it('P60: comes to be once the database may be selected', async () => {
    await using server = await startRedis();
    await server.client.acl('SETUSER', 'tide', 'on', '>secret', '~*', '&*', '+@all', '-select');
    const { log } = open(`${withUser(server, 'tide:secret')}/1`);
    await expect.poll(() => log.problem).toMatch(/lacks a right/);
    await server.client.acl('SETUSER', 'tide', '+select');
    await connected(log);
    expect(log.problem).toBeUndefined();
    await log.create('log', 1_000);
    expect(await server.client.dbsize()).toBe(0);
    await server.client.select(1);
    expect(await server.client.dbsize()).toBeGreaterThan(0);
  });

  it('with a wrong password, or none, says so, and not the password', async () => {
    await using server = await startRedis();
    await server.configure('requirepass', 'right');
    const wrong = await refused(withUser(server, ':wrong-secret'));
    expect(wrong.problem).toMatch(/refuses the user and password of REDIS_URL.*WRONGPASS/);
    expect([wrong.problem, ...wrong.problems].join()).not.toContain('wrong-secret');
    expect((await refused(server.url)).problem).toMatch(/requires a password: give it in REDIS_URL.*NOAUTH/);
  });

  it('where nothing listens names the address', async () => {
    const port = await freePort();
    const { problem } = await refused(`redis://127.0.0.1:${port}`);
    expect(problem).toContain(`Redis at 127.0.0.1:${port} cannot be used: connect ECONNREFUSED`);
  });

  it('by TLS to a server whose certificate is not trusted says so', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tideline-tls-'));
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=127.0.0.1', '-days', '1', '-nodes'];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-keyout', key, '-out', certificate, ...subject], {
      stdio: 'ignore',
    });
    const tlsPort = await freePort();
    const settings = {
      'tls-port': String(tlsPort),
      'tls-cert-file': certificate,
      'tls-key-file': key,
      'tls-auth-clients': 'no',
    };
    await using _ = await startRedis({ settings });
    expect((await refused(`rediss://127.0.0.1:${tlsPort}`)).problem).toMatch(
      /certificate.*not trusted.*NODE_EXTRA_CA_CERTS/,
    );
    await rm(folder, { recursive: true });
  });

  it('goes by a Unix socket, with database, user and password', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tideline-socket-'));
    const unixsocket = join(folder, 'redis.sock');
    await using server = await startRedis({ settings: { unixsocket } });
    await server.client.acl('SETUSER', 'tide', 'on', '>secret', '~*', '&*', '+@all');
    const { log } = open(`redis+unix://tide:secret@${unixsocket}?db=2`);
    await connected(log);
    await log.create('log', 1_000);
    await server.client.select(2);
    expect(await server.client.dbsize()).toBeGreaterThan(0);
    const missing = await refused(`redis+unix://${join(folder, 'missing.sock')}`);
    expect(missing.problem).toContain('missing.sock cannot be used: connect ENOENT');
    await rm(folder, { recursive: true });
  });

  it('P11: whose replies are out of step with its commands is dropped, and another one made', async () => {
    await using server = await startRedis();
    /** The next answer on each of these comes behind one that nobody asked for. */
    const disturbed = new Set<Socket>();
    const opened: Socket[] = [];
    /** Those that have answered a question for a sign of life: nothing else is in flight on them. */
    const settled = new Set<Socket>();
    const proxy = createServer((client) => {
      const target = connect(server.port, '127.0.0.1');
      client.pipe(target);
      target.on('data', (chunk) => {
        if (String(chunk).includes('tideline ')) settled.add(client);
        if (disturbed.delete(client)) client.write('+PONG\r\n');
        client.write(chunk);
      });
      target.on('close', () => client.destroy());
      for (const socket of [client, target]) socket.on('error', () => socket.destroy());
      opened.push(client);
    });
    await new Promise<void>((listening) => proxy.listen(0, '127.0.0.1', listening));
    const address = proxy.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { log, problems } = open(`redis://127.0.0.1:${port}`);
    await connected(log);
    await expect.poll(() => settled.size, { timeout: 10_000 }).toBe(4);
    for (const socket of opened) disturbed.add(socket);
    await expect.poll(() => problems, { timeout: 10_000 }).toContain('the replies of Redis are out of step');
    await expect.poll(() => opened.length, { timeout: 10_000 }).toBe(8);
    await connected(log);
    await log.create('log', 1_000);
    expect(await log.head()).toMatchObject({ log: 'log', position: 0 });
    proxy.close();
  });
});
