import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../../../limits.ts';
import type { Progress } from '../../../uploads/transfer/download.ts';
import { sha256 } from '../blobs/contract.ts';
import { MemoryBlobs } from '../blobs/memory.ts';
import { patterned } from '../fixtures.ts';
import { chunks, type SimulatedReplica, Simulation, say } from './simulation.ts';

const content = patterned(chunks(20) + 1_000);
const hash = sha256(content);

async function hashAt({ blobs }: SimulatedReplica, of = hash): Promise<string | undefined> {
  const stream = await blobs.open(of);
  return stream === undefined ? undefined : sha256(await buffer(stream));
}

describe('a fetch', () => {
  it('brings the bytes, tells how far it is, and its end once', async () => {
    const simulation = new Simulation(1, { delayMilliseconds: 300 });
    await simulation.replica('b', [content]);
    const a = await simulation.replica('a');
    const told: Progress[] = [];

    const download = a.transfer.download(hash, content.length);
    download?.watch((progress) => told.push(progress));

    expect(await simulation.ended(download)).toBe('COMPLETED');
    expect(await hashAt(a)).toBe(hash);
    expect(told[0]).toEqual({ status: 'PROGRESS', downloaded: 0 });
    expect(told.at(-1)).toEqual({ status: 'COMPLETED', downloaded: content.length });
    expect(told.filter(({ status }) => status !== 'PROGRESS')).toHaveLength(1);
    expect(told.length).toBeGreaterThan(3);
    expect(told.map(({ downloaded }) => downloaded)).toEqual(
      told.map(({ downloaded }) => downloaded).sort((x, y) => x - y),
    );
    expect(a.transfer.counters).toMatchObject({ bytesFetched: content.length, fetchesCompleted: 1 });
  });

  it('T4: asks for no more than the window before the next byte is written', async () => {
    const simulation = new Simulation(1);
    await simulation.replica('b', [content]);
    const a = await simulation.replica('a');

    const download = a.transfer.download(hash, content.length);
    await simulation.until(() => simulation.sentOf('request').length > 0);

    expect(simulation.sentOf('request').map(({ offset }) => offset / limits.transferChunkBytes)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7,
    ]);
    expect(await simulation.ended(download)).toBe('COMPLETED');
    expect(simulation.sentOf('request')).toHaveLength(21);
  });

  it('brings an empty content without asking anybody', async () => {
    const simulation = new Simulation(1);
    const a = await simulation.replica('a');

    expect(await simulation.ended(a.transfer.download(sha256(Buffer.of()), 0))).toBe('COMPLETED');
    expect(simulation.sent).toEqual([]);
  });

  it('T5: is unavailable as soon as all live peers have said that they have it not', async () => {
    const simulation = new Simulation(1);
    const a = await simulation.replica('a');
    await simulation.replica('b');
    const { now } = simulation;

    expect(await simulation.ended(a.transfer.download(hash, content.length))).toBe('UNAVAILABLE');
    expect(simulation.now - now).toBeLessThan(20);
  });

  it('T5: is unavailable after some questions where nobody answers', async () => {
    const simulation = new Simulation(1);
    const a = await simulation.replica('a');
    const { now } = simulation;

    expect(await simulation.ended(a.transfer.download(hash, content.length))).toBe('UNAVAILABLE');
    expect(simulation.sentOf('question')).toHaveLength(limits.transferQuestions);
    expect(simulation.now - now).toBe(limits.transferQuestions * limits.locateMilliseconds);
  });

  it('T5: goes on with another holder when one goes silent', async () => {
    const simulation = new Simulation(1, { delayMilliseconds: 50 });
    await simulation.replica('b', [content]);
    await simulation.replica('c', [content]);
    const a = await simulation.replica('a');

    const download = a.transfer.download(hash, content.length);
    await simulation.until(() => (download?.progress.downloaded ?? 0) > chunks(5));
    const holder = simulation.sent.find(({ message }) => message.kind === 'request')?.to ?? '';
    simulation.silent.add(holder);

    expect(await simulation.ended(download)).toBe('COMPLETED');
    expect(await hashAt(a)).toBe(hash);
    const asked = new Set(simulation.sent.filter(({ message }) => message.kind === 'request').map(({ to }) => to));
    expect(asked).toEqual(new Set(['b', 'c']));
  });

  it('T5: goes on with another holder when one has dropped the bytes, and does not wait for it', async () => {
    const simulation = new Simulation(3, { delayMilliseconds: 5 });
    const holders = [await simulation.replica('b', [content]), await simulation.replica('c', [content])];
    const a = await simulation.replica('a');
    const { now } = simulation;

    const download = a.transfer.download(hash, content.length);
    await simulation.until(() => (download?.progress.downloaded ?? 0) > chunks(5));
    const holder = simulation.sent.find(({ message }) => message.kind === 'request')?.to;
    await holders.find(({ id }) => id === holder)?.blobs.delete(hash);

    expect(await simulation.ended(download)).toBe('COMPLETED');
    expect(simulation.now - now).toBeLessThan(limits.transferRetryMilliseconds);
  });

  it('T5: outlives the only holder being away for a while', async () => {
    const simulation = new Simulation(1, { delayMilliseconds: 50 });
    await simulation.replica('b', [content]);
    const a = await simulation.replica('a');

    const download = a.transfer.download(hash, content.length);
    await simulation.until(() => (download?.progress.downloaded ?? 0) > chunks(5));
    simulation.silent.add('b');
    const { now } = simulation;
    await simulation.until(() => simulation.now - now > 20_000);
    expect(download?.progress.status).toBe('PROGRESS');
    simulation.silent.delete('b');

    expect(await simulation.ended(download)).toBe('COMPLETED');
  });

  it('tells how far it is, too, where it stands still', async () => {
    const simulation = new Simulation(1, { delayMilliseconds: 50 });
    await simulation.replica('b', [content]);
    const a = await simulation.replica('a');
    const told: Progress[] = [];

    const download = a.transfer.download(hash, content.length);
    download?.watch((progress) => told.push(progress));
    await simulation.until(() => (download?.progress.downloaded ?? 0) >= chunks(3));
    simulation.silent.add('b');
    const { now } = simulation;
    await simulation.until(() => simulation.now - now > limits.transferRetryMilliseconds);

    expect(told.at(-1)).toEqual({ status: 'PROGRESS', downloaded: download?.progress.downloaded });
    expect(told.at(-1)?.downloaded).toBeGreaterThan(0);
  });

  it('T5: does not wait endlessly for who says that it has the bytes, and sends none', async () => {
    const simulation = new Simulation(1);
    const a = await simulation.replica('a');
    const liar = { from: 'b', kind: 'answer', holdings: [{ sha256: hash, size: content.length }] } as const;

    const download = a.transfer.download(hash, content.length);
    let answered = 0;
    await simulation.until(() => {
      const asked = simulation.sentOf('question').length;
      if (asked > answered) say(simulation, 'a', liar);
      answered = asked;
      return download?.progress.status !== 'PROGRESS';
    });

    expect(download?.progress.status).toBe('UNAVAILABLE');
  });

  it('T5: takes nobody for a holder whose content has another size', async () => {
    const simulation = new Simulation(1);
    await simulation.replica('b', [content]);
    const a = await simulation.replica('a');

    expect(await simulation.ended(a.transfer.download(hash, content.length + 1))).toBe('UNAVAILABLE');
    expect(simulation.sentOf('request')).toEqual([]);
  });

  it('T6: goes on where it stopped, in a new process too', async () => {
    const simulation = new Simulation(1, { delayMilliseconds: 50 });
    const b = await simulation.replica('b', [content]);
    const blobs = new MemoryBlobs();
    const first = await simulation.replica('a', [], blobs);

    const download = first.transfer.download(hash, content.length);
    await simulation.until(() => (download?.progress.downloaded ?? 0) >= chunks(10));
    simulation.crash(first);
    await simulation.settled(first.transfer.close());
    const had = download?.progress.downloaded ?? 0;
    const requestsBefore = simulation.sentOf('request').length;

    const second = await simulation.replica('a2', [], blobs);
    const resumed = second.transfer.download(hash, content.length);

    expect(await simulation.ended(resumed)).toBe('COMPLETED');
    expect(await hashAt(second)).toBe(hash);
    expect(second.transfer.counters.bytesFetched).toBe(content.length - had);
    expect(
      Math.min(
        ...simulation
          .sentOf('request')
          .slice(requestsBefore)
          .map(({ offset }) => offset),
      ),
    ).toBe(had);
    expect(b.transfer.counters.bytesServed).toBeLessThan(content.length + chunks(limits.transferWindow + 1));
  });

  it('T7: throws a damaged beginning away, and fetches all again', async () => {
    const simulation = new Simulation(1);
    await simulation.replica('b', [content]);
    const a = await simulation.replica('a');
    {
      await using partial = await a.blobs.openPartial(hash);
      await partial.append(new Uint8Array(chunks(3)));
    }

    expect(await simulation.ended(a.transfer.download(hash, content.length))).toBe('COMPLETED');
    expect(await hashAt(a)).toBe(hash);
    expect(a.warnings).toEqual(['the fetched bytes have the wrong hash: fetching them again']);
  });

  it('T7: shows nobody bytes of another hash, and gives up when they keep coming', async () => {
    const simulation = new Simulation(1);
    const b = await simulation.replica('b');
    b.blobs.damage(hash, patterned(content.length, 2));
    const a = await simulation.replica('a');

    expect(await simulation.ended(a.transfer.download(hash, content.length))).toBe('UNAVAILABLE');
    expect(await a.blobs.size(hash)).toBeUndefined();
    await using partial = await a.blobs.openPartial(hash);
    expect(partial.size).toBe(0);
    expect(a.transfer.counters.bytesFetched).toBe(limits.transferAttempts * content.length);
  });

  it('T8: is joined by who asks for the same, and goes on when they leave', async () => {
    const simulation = new Simulation(1, { delayMilliseconds: 50 });
    await simulation.replica('b', [content]);
    const a = await simulation.replica('a');
    const told: Progress[] = [];

    const download = a.transfer.download(hash, content.length);
    const watch = download?.watch((progress) => told.push(progress));
    expect(a.transfer.download(hash, content.length)).toBe(download);
    watch?.[Symbol.dispose]();

    expect(await simulation.ended(download)).toBe('COMPLETED');
    expect(told).toEqual([{ status: 'PROGRESS', downloaded: 0 }]);
    expect(a.transfer.counters.bytesFetched).toBe(content.length);
  });

  it('T8: waits for its turn where enough run, and is dropped on demand while it waits', async () => {
    const simulation = new Simulation(1, { delayMilliseconds: 50 });
    const contents = Array.from({ length: limits.transfersAtOnce + 2 }, (_, seed) => patterned(chunks(2), seed));
    await simulation.replica('b', contents);
    const a = await simulation.replica('a');

    const downloads = contents.map((one) => a.transfer.download(sha256(one), one.length));
    await simulation.until(() => simulation.sentOf('request').length > 0);
    const asked = simulation.sentOf('question').flatMap(({ contents: named }) => named);
    expect(asked).toEqual(contents.slice(0, limits.transfersAtOnce).map(sha256));
    const last = contents.at(-1);
    if (last === undefined) expect.unreachable();
    await simulation.settled(a.transfer.drop(sha256(last)));

    const ends: string[] = [];
    for (const download of downloads) ends.push(await simulation.ended(download));
    expect(ends).toEqual([...Array(limits.transfersAtOnce + 1).fill('COMPLETED'), 'UNAVAILABLE']);
  });

  it('drops, on demand, what came of a fetch that runs, and of one that stopped', async () => {
    const simulation = new Simulation(1, { delayMilliseconds: 50 });
    await simulation.replica('b', [content]);
    const a = await simulation.replica('a');
    const sizeOfPartial = async () => {
      await using partial = await a.blobs.openPartial(hash);
      return partial.size;
    };

    const download = a.transfer.download(hash, content.length);
    await simulation.until(() => (download?.progress.downloaded ?? 0) > 0);
    await simulation.settled(a.transfer.drop(hash));
    expect([download?.progress.status, await sizeOfPartial()]).toEqual(['UNAVAILABLE', 0]);

    {
      await using partial = await a.blobs.openPartial(hash);
      await partial.append(new Uint8Array(10));
    }
    await simulation.settled(a.transfer.drop(hash));
    expect(await sizeOfPartial()).toBe(0);
  });

  it('T9: counts and drops messages that are malformed, and chunks that nobody asked for', async () => {
    const simulation = new Simulation(1);
    await simulation.replica('b', [content]);
    const a = await simulation.replica('a');

    const download = a.transfer.download(hash, content.length);
    simulation.deliver('a', Uint8Array.of(1, 9, 1, 65));
    simulation.deliver('a', Uint8Array.of(2));
    say(simulation, 'a', { kind: 'chunk', from: 'b', sha256: hash, offset: 3, bytes: new Uint8Array(7) });
    say(simulation, 'a', {
      kind: 'chunk',
      from: 'b',
      sha256: sha256(Uint8Array.of(1)),
      offset: 0,
      bytes: new Uint8Array(7),
    });

    expect(await simulation.ended(download)).toBe('COMPLETED');
    expect(a.transfer.counters).toMatchObject({ malformedMessages: 2, bytesFetched: content.length });
    expect(a.warnings).toEqual(['dropped a malformed message about attachments']);
  });

  it('T5, T6, T7: ends with the right bytes whatever is lost, repeated or overtaken, while a holder lives', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.record({
          loss: fc.double({ min: 0, max: 0.1, noNaN: true }),
          repetition: fc.double({ min: 0, max: 0.3, noNaN: true }),
          delayMilliseconds: fc.integer({ min: 1, max: 400 }),
        }),
        fc.integer({ min: 0, max: chunks(12) }),
        fc.nat(chunks(12)),
        async (seed, faults, size, silentAt) => {
          const simulation = new Simulation(seed, faults);
          const bytes = content.subarray(0, size);
          await simulation.replica('b', [bytes]);
          await simulation.replica('c', [bytes]);
          const a = await simulation.replica('a');

          const download = a.transfer.download(sha256(bytes), size);
          await simulation.until(
            () =>
              (download?.progress.downloaded ?? 0) >= Math.min(silentAt, size) ||
              download?.progress.status !== 'PROGRESS',
          );
          simulation.silent.add('b');
          let status = await simulation.ended(download);
          // All its first questions may be lost: asking once more is the user's part.
          if (status === 'UNAVAILABLE') status = await simulation.ended(a.transfer.download(sha256(bytes), size));

          expect(status).toBe('COMPLETED');
          expect(await hashAt(a, sha256(bytes))).toBe(sha256(bytes));
        },
      ),
      { numRuns: 40 },
    );
  });
});
