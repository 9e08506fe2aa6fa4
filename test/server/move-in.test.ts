/** An embedded site that is started beside a Redis: P80. */
import { cp } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ConfigurationError } from '../../errors.ts';
import { startRedis } from '../servers/redis.ts';
import { type Environment, openServer, type TestServer } from '../servers/tideline.ts';

const write = `mutation {
  upsert(collection: "cars", document: { _id: "vw", make: "VW", extras: { radio: true } }) { document { _id } }
  upsertPerson(person: { _id: "ann", name: "Ann" }) { person { _id } }
  update(collection: "cars", id: "vw", operations: [{ replaceWithCounter: { path: "seen" } }, { increment: { path: "seen", by: 3 } }]) { document { _id } }
  removed: upsert(collection: "cars", document: { _id: "gone" }) { document { _id } }
}`;
const remove = 'mutation { remove(collection: "cars", id: "gone") { ids } }';
const all = '{ cars: documents(collection: "cars") { nodes { value } } people { nodes { name } } }';

async function open(environment: Environment): Promise<TestServer> {
  const server = await openServer(environment);
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

async function redisUrl(): Promise<string> {
  const redis = await startRedis();
  onTestFinished(() => redis[Symbol.asyncDispose]());
  return redis.url;
}

/** A folder with a site in it that nobody serves, and what it showed. */
async function embeddedSite() {
  const folders = await open({});
  const site = await openServer({ DATA_DIR: `${folders.dataFolder}/site` });
  await site.run(write);
  await site.run(remove);
  const form = new FormData();
  form.set('file', new Blob(['a flag']), 'flag.txt');
  const headers = { 'x-graphql-yoga-csrf': '1' };
  const uploaded = await fetch(`${site.url}/attachments`, { method: 'POST', body: form, headers });
  const shown = await site.run(all);
  const { id: attachment } = JSON.parse(await uploaded.text());
  await site[Symbol.asyncDispose]();
  return { folder: site.dataFolder, shown, attachment };
}

describe('P80: an embedded site moves into an empty Redis', () => {
  it('as it is, and others join it there', async () => {
    const { folder, shown, attachment } = await embeddedSite();
    const REDIS_URL = await redisUrl();

    const moved = await open({ REDIS_URL, DATA_DIR: folder, REPLICA_ID: 'moved' });
    expect(await moved.run(all)).toEqual(shown);
    const connected = () => moved.run('{ replica { connected storage unsent } }');
    await expect
      .poll(connected, { timeout: 30_000 })
      .toEqual({ replica: { connected: true, storage: 'REDIS', unsent: 0 } });
    const joined = await open({ REDIS_URL, REPLICA_ID: 'joined' });
    expect(await joined.run(all)).toEqual(shown);

    // What was counted before goes on, whoever counts.
    const increment =
      'mutation { update(collection: "cars", id: "vw", operations: [{ increment: { path: "seen", by: 2 } }]) { document { at(path: "seen") } } }';
    expect(await joined.run(increment)).toEqual({ update: { document: { at: 5 } } });
    expect(await (await fetch(`${moved.url}/attachments/${attachment}`)).text()).toBe('a flag');
  });

  it('for ever: its folder is no embedded site’s any more', async () => {
    const { folder } = await embeddedSite();
    const REDIS_URL = await redisUrl();
    const moved = await openServer({ REDIS_URL, DATA_DIR: folder });
    await moved[Symbol.asyncDispose]();

    await expect(openServer({ DATA_DIR: folder })).rejects.toThrow(ConfigurationError);
    const again = await open({ REDIS_URL, DATA_DIR: folder });
    expect(await again.run('{ documents(collection: "cars") { totalCount } }')).toEqual({
      documents: { totalCount: 1 },
    });
  });

  it('not where another site is: that is said, with what to do, and nothing changes', async () => {
    const { folder, shown } = await embeddedSite();
    const REDIS_URL = await redisUrl();
    await open({ REDIS_URL, REPLICA_ID: 'other' });

    const moving = openServer({ REDIS_URL, DATA_DIR: folder });

    await expect(moving).rejects.toThrow(ConfigurationError);
    await expect(moving).rejects.toThrow(/npm run export.*npm run import/);
    const site = await open({ DATA_DIR: folder });
    expect(await site.run(all)).toEqual(shown);
  });

  it('not where Redis cannot be reached: it has to see that no other site is there', async () => {
    const { folder, shown } = await embeddedSite();

    await expect(openServer({ REDIS_URL: 'redis://127.0.0.1:1', DATA_DIR: folder })).rejects.toThrow(
      /start Redis first/,
    );

    const site = await open({ DATA_DIR: folder });
    expect(await site.run(all)).toEqual(shown);
  });

  it('an earlier copy of a folder that moved loads what became of it', async () => {
    const { folder, shown } = await embeddedSite();
    await cp(folder, `${folder}-copy`, { recursive: true });
    const REDIS_URL = await redisUrl();
    const moved = await open({ REDIS_URL, DATA_DIR: folder, REPLICA_ID: 'moved' });
    await expect
      .poll(() => moved.run('{ replica { connected } }'), { timeout: 30_000 })
      .toEqual({ replica: { connected: true } });
    await moved.run('mutation { upsert(collection: "cars", document: { _id: "new" }) { document { _id } } }');

    const copy = await open({ REDIS_URL, DATA_DIR: `${folder}-copy`, REPLICA_ID: 'copy' });

    await expect.poll(() => copy.run(all), { timeout: 30_000 }).toEqual(await moved.run(all));
    expect(await copy.run(all)).not.toEqual(shown);
  });
});
