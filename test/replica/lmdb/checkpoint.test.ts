import { describe, expect, it } from 'vitest';
import { type CheckpointUnderTest, describeCheckpoint } from '../log/checkpoint-contract.ts';
import { damage, newPath, openEmbedded, openFolder } from './folders.ts';

describeCheckpoint('the kept prefix on LMDB', async () => underTest(await newPath()));

async function underTest(path: string): Promise<CheckpointUnderTest> {
  const folder = await openFolder(path);
  const { checkpoint: kept } = folder;
  if (!kept) throw new Error("a replica's folder keeps a prefix");
  return {
    kept,
    async reopen() {
      await folder.close();
      return await underTest(path);
    },
    [Symbol.asyncDispose]: () => folder.close(),
  };
}

describe('P33: a folder', () => {
  it('that is an embedded site keeps no prefix beside its states', async () => {
    expect((await openEmbedded(await newPath())).checkpoint).toBeUndefined();
  });

  it('says so where what it keeps of itself is damaged', async () => {
    const path = await newPath();
    await using disk = await underTest(path);
    const head = { log: 'log', position: 1, mark: 'a'.repeat(40) };
    await disk.kept.keep({
      documents: [],
      origins: new Map([['a.x', 1]]),
      runs: [],
      whole: { head, closedLogs: [], skipped: [], keptFrom: 0 },
    });
    await disk[Symbol.asyncDispose]();
    await damage(path, 'kept-origins', () => Buffer.from('no number'));

    await using again = await underTest(path);
    await expect(again.kept.load()).rejects.toMatchObject({ code: 'MALFORMED_BYTES' });
  });
});
