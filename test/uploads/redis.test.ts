/** Attachments of replicas on one real Redis, which goes away in the middle. */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it, vi } from 'vitest';
import { limits } from '../../limits.ts';
import { openRedisSite } from '../../replica/redis/site.ts';
import { type AttachmentRecord, attachmentOf, type FetchEvent, UploadedFile } from '../../uploads/attachments.ts';
import type { BlobStore } from '../../uploads/blobs/blobs.ts';
import { type AttachmentService, openAttachments } from '../../uploads/service.ts';
import { quiet, timers } from '../replica/replicas.ts';
import { type RedisServer, startRedis } from '../servers/redis.ts';
import { keepBlob, sha256 } from './blobs/contract.ts';
import { patterned, temporaryBlobs } from './fixtures.ts';

const content = patterned(40 * limits.transferChunkBytes + 7);
const { record } = attachmentOf(new UploadedFile(sha256(content), content.length, 'a', 'a/b'), {});

async function start(redis: RedisServer, id: string, peers: readonly string[], blobs: BlobStore) {
  const site = openRedisSite({ url: redis.url, namespace: 'test', logger: quiet });
  const channel = site.channel(id);
  // Heard of by others once its own messages come back to it.
  let isHeard = false;
  await using _probe = await channel.subscribe(() => {
    isHeard = true;
  });
  await vi.waitFor(async () => {
    await channel.send(id, Buffer.of());
    expect(isHeard).toBe(true);
  });
  const attachments = await openAttachments({
    id,
    channel,
    blobs,
    peers: () => peers,
    timers,
    random: randomBytes,
    logger: quiet,
    publicUrl: undefined,
    maximumUploadBytes: content.length,
  });
  const close = async () => {
    await attachments.close();
    await site.close();
  };
  return { attachments, close, [Symbol.asyncDispose]: close };
}

/** Serves so many chunks, and the rest once it is opened. */
function gated(blobs: BlobStore, chunks: number) {
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  let served = 0;
  const store: BlobStore = {
    createPartial: () => blobs.createPartial(),
    openPartial: (hash) => blobs.openPartial(hash),
    size: (hash) => blobs.size(hash),
    open: (hash, range) => blobs.open(hash, range),
    delete: (hash) => blobs.delete(hash),
    async read(hash, offset, into) {
      served += 1;
      if (served > chunks) await opened;
      return blobs.read(hash, offset, into);
    },
  };
  return { store, open };
}

/** Watches until it holds of an event. */
function fetchUntil(attachments: AttachmentService, of: AttachmentRecord, holds: (event: FetchEvent) => boolean) {
  return new Promise<FetchEvent>((resolve) => {
    const watch = attachments.watchFetch(of, (event) => {
      if (!holds(event)) return;
      resolve(event);
      queueMicrotask(() => watch[Symbol.dispose]());
    });
  });
}

const ended = ({ status }: FetchEvent) => status !== 'PROGRESS';
const begun = ({ downloaded }: FetchEvent) => downloaded > 0;

describe('attachments of replicas on one Redis', () => {
  it('say where the bytes are, and are fetched and evicted', async () => {
    await using redis = await startRedis({ appendOnly: false });
    await using atA = await temporaryBlobs();
    await using atB = await temporaryBlobs();
    await using a = await start(redis, 'a', ['b'], atA.blobs);
    await using b = await start(redis, 'b', ['a'], atB.blobs);
    const states = () => Promise.all([a.attachments.state(record), b.attachments.state(record)]);

    expect(await states()).toEqual(['NONE', 'NONE']);
    expect(await fetchUntil(b.attachments, record, ended)).toMatchObject({ status: 'UNAVAILABLE', downloaded: 0 });
    await keepBlob(atA.blobs, content);
    expect(await states()).toEqual(['LOCAL', 'REMOTE']);
    await expect(b.attachments.open(record)).rejects.toMatchObject({ code: 'ATTACHMENT_UNAVAILABLE' });

    expect(await b.attachments.fetch(record)).toMatchObject({
      status: 'PROGRESS',
      total: content.length,
      attachment: record,
    });
    expect(await fetchUntil(b.attachments, record, ended)).toMatchObject({
      status: 'COMPLETED',
      downloaded: content.length,
    });
    expect(sha256(await buffer(await b.attachments.open(record)))).toBe(sha256(content));
    expect(await b.attachments.fetch(record)).toMatchObject({ status: 'COMPLETED', downloaded: content.length });
    expect(await states()).toEqual(['SYNCED', 'SYNCED']);

    await a.attachments.evict(record);
    expect(await a.attachments.state(record)).toBe('REMOTE');
    await b.attachments.evict(record);
    await vi.waitFor(async () => expect(await states()).toEqual(['NONE', 'NONE']), 5_000);
  });

  it('go on being fetched when Redis was gone for a while', async () => {
    await using redis = await startRedis({ appendOnly: false });
    await using atA = await temporaryBlobs();
    await using atB = await temporaryBlobs();
    await keepBlob(atA.blobs, content);
    const gate = gated(atA.blobs, 20);
    await using _a = await start(redis, 'a', ['b'], gate.store);
    await using b = await start(redis, 'b', ['a'], atB.blobs);

    const end = fetchUntil(b.attachments, record, ended);
    await fetchUntil(b.attachments, record, begun);
    await redis.kill();
    gate.open();
    await redis.restart();

    expect(await end).toMatchObject({ status: 'COMPLETED', downloaded: content.length });
    expect(sha256(await buffer(await b.attachments.open(record)))).toBe(sha256(content));
  });

  it('T6: go on being fetched by the next process where the last one stopped', async () => {
    await using redis = await startRedis({ appendOnly: false });
    await using atA = await temporaryBlobs();
    await using atB = await temporaryBlobs();
    await keepBlob(atA.blobs, content);
    const gate = gated(atA.blobs, 20);
    await using _a = await start(redis, 'a', ['b'], gate.store);
    {
      await using b = await start(redis, 'b', ['a'], atB.blobs);
      const end = fetchUntil(b.attachments, record, ended);
      await fetchUntil(b.attachments, record, begun);
      await b.close();
      expect(await end).toMatchObject({ status: 'UNAVAILABLE' });
    }
    gate.open();

    await using b = await start(redis, 'b', ['a'], atB.blobs);
    expect(await fetchUntil(b.attachments, record, ended)).toMatchObject({ status: 'COMPLETED' });
    expect(b.attachments.counters?.bytesFetched).toBeLessThan(content.length);
    expect(sha256(await buffer(await b.attachments.open(record)))).toBe(sha256(content));
    expect(await atB.files()).toEqual([sha256(content)]);
  });

  it('take what was uploaded while it was evicted for uploaded', async () => {
    await using redis = await startRedis({ appendOnly: false });
    await using atA = await temporaryBlobs();
    await using a = await start(redis, 'a', [], atA.blobs);
    {
      await using uploads = a.attachments.beginUploads();
      const file = await uploads.receive('file', Readable.from([content]), 'a', 'a/b');
      await uploads.keep();
      await a.attachments.evict(record);
      expect(attachmentOf(file, {}).record).toEqual(record);
    }

    expect(await a.attachments.state(record)).toBe('LOCAL');
  });
});
