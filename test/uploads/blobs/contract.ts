/** What every blob store promises. An adapter's own test opens it, and says how it comes back after its process. */
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { BlobStore } from '../../../uploads/blobs/blobs.ts';

export interface BlobStoreUnderTest extends AsyncDisposable {
  readonly blobs: BlobStore;
  /** As the next process finds it, whatever is still open here. */
  reopen(): Promise<BlobStore>;
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export async function keepBlob(blobs: BlobStore, bytes: Uint8Array): Promise<string> {
  await using partial = await blobs.createPartial();
  await partial.append(bytes);
  await partial.keep(sha256(bytes));
  return sha256(bytes);
}

const text = (value: string) => new TextEncoder().encode(value);
const hello = text('hello, world');
const helloHash = sha256(hello);

export function describeBlobStore(name: string, open: () => Promise<BlobStoreUnderTest>): void {
  describe(`${name} as a blob store`, () => {
    it('gives back what was kept, whole and by ranges, also to the next process', async () => {
      await using store = await open();

      const hash = await keepBlob(store.blobs, hello);

      for (const blobs of [store.blobs, await store.reopen()]) {
        expect(await blobs.size(hash)).toBe(12);
        expect(await read(blobs, hash)).toBe('hello, world');
        expect(await read(blobs, hash, { start: 7, end: 9 })).toBe('wor');
        expect(await read(blobs, hash, { start: 11, end: 11 })).toBe('d');
      }
    });

    it('fills bytes from any place, and says where there are not as many', async () => {
      await using store = await open();
      const hash = await keepBlob(store.blobs, hello);
      const into = new Uint8Array(5);

      expect(await store.blobs.read(hash, 7, into)).toBe(true);
      expect(Buffer.from(into).toString()).toBe('world');
      expect(await store.blobs.read(hash, 8, into)).toBe(false);
      expect(await store.blobs.read(hash, 99, into)).toBe(false);
      expect(await store.blobs.read(sha256(into), 0, into)).toBe(false);
    });

    it('keeps an empty blob', async () => {
      await using store = await open();

      const hash = await keepBlob(store.blobs, text(''));

      expect(await store.blobs.size(hash)).toBe(0);
      expect(await read(store.blobs, hash)).toBe('');
    });

    it('has nothing of what was never kept', async () => {
      await using store = await open();

      expect(await store.blobs.size(helloHash)).toBeUndefined();
      expect(await store.blobs.open(helloHash)).toBeUndefined();
    });

    it('takes no name that is not a hash', async () => {
      await using store = await open();

      for (const name of ['', '../../etc/passwd', helloHash.toUpperCase(), `${helloHash}0`, `${helloHash}\n`]) {
        await expect(store.blobs.size(name)).rejects.toThrow(RangeError);
        await expect(store.blobs.open(name)).rejects.toThrow(RangeError);
        await expect(store.blobs.read(name, 0, new Uint8Array(1))).rejects.toThrow(RangeError);
        await expect(store.blobs.delete(name)).rejects.toThrow(RangeError);
        await expect(store.blobs.openPartial(name)).rejects.toThrow(RangeError);
      }
    });

    it('says whether content is new when it is kept', async () => {
      await using store = await open();
      await using first = await store.blobs.createPartial();
      await using second = await store.blobs.createPartial();
      await first.append(hello);
      await second.append(hello);

      expect(await first.keep(helloHash)).toBe(true);
      expect(await second.keep(helloHash)).toBe(false);
      expect(await read(store.blobs, helloHash)).toBe('hello, world');
    });

    it('drops a partial that was disposed and not kept', async () => {
      await using store = await open();
      {
        await using partial = await store.blobs.createPartial();
        await partial.append(hello);
        expect(partial.size).toBe(12);
        expect((await buffer(partial.read())).toString()).toBe('hello, world');
      }

      expect(await store.blobs.size(helloHash)).toBeUndefined();
    });

    it('deletes, more than once, without disturbing who reads already', async () => {
      await using store = await open();
      const hash = await keepBlob(store.blobs, hello);
      const reading = await store.blobs.open(hash);
      if (reading === undefined) expect.unreachable();

      await store.blobs.delete(hash);
      await store.blobs.delete(hash);

      expect(await store.blobs.size(hash)).toBeUndefined();
      expect((await buffer(reading)).toString()).toBe('hello, world');
    });

    it('goes on with a partial by content after it was closed, and in the next process', async () => {
      await using store = await open();
      {
        await using partial = await store.blobs.openPartial(helloHash);
        await partial.append(text('hello'));
      }
      {
        await using partial = await store.blobs.openPartial(helloHash);
        expect(partial.size).toBe(5);
        await partial.append(text(', '));
      }
      const next = await store.reopen();

      await using partial = await next.openPartial(helloHash);
      expect(partial.size).toBe(7);
      await partial.append(text('world'));
      expect((await buffer(partial.read())).toString()).toBe('hello, world');
      await partial.keep(helloHash);

      expect(await read(next, helloHash)).toBe('hello, world');
    });

    it('begins a partial by content anew after it was discarded, or kept and deleted', async () => {
      await using store = await open();
      {
        await using partial = await store.blobs.openPartial(helloHash);
        await partial.append(text('damaged'));
        await partial.discard();
      }
      {
        await using partial = await store.blobs.openPartial(helloHash);
        expect(partial.size).toBe(0);
        await partial.append(hello);
        await partial.keep(helloHash);
      }
      await store.blobs.delete(helloHash);

      await using partial = await store.blobs.openPartial(helloHash);
      expect(partial.size).toBe(0);
    });
  });
}

async function read(blobs: BlobStore, hash: string, range?: { start: number; end: number }): Promise<string> {
  const stream = await blobs.open(hash, range);
  if (stream === undefined) throw new Error(`no blob ${hash}`);
  return (await buffer(stream)).toString();
}
