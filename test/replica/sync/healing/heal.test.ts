import { describe, expect, it } from 'vitest';
import type { Head } from '../../../../replica/crdt/version.ts';
import { isGrown } from '../../../../replica/log/ids.ts';
import { type HealParts, heal } from '../../../../replica/sync/healing/heal.ts';
import { beginningsOf, type Found } from '../../../../replica/sync/healing/way-on.ts';
import { loadStored } from '../../../../replica/sync/snapshots/load.ts';
import { quiet } from '../../replicas.ts';
import { Inside, logId, TestSite, write } from '../inside.ts';

const other = 'b.bbbbbbbb';

/** A replica with two transactions, and a log that went back to one of them. */
async function wentBack() {
  const site = new TestSite();
  const inside = new Inside(site).open();
  site.append(write(other, 1));
  const before = site.redis.contents;
  site.append(write(other, 2, { id: 'bmw' }));
  await inside.follower.catchUp();
  site.redis.setBack(before);
  let made = 0;
  const parts: HealParts = {
    ...{ log: site.log, snapshots: site.snapshots, timers: site.timers, logger: quiet },
    ...{ leaseMilliseconds: 60_000, chunkKeepMilliseconds: 60_000 },
    random: (bytes) => {
      made += 1;
      return Buffer.alloc(bytes, made);
    },
  };
  return { site, inside, parts };
}

function foundIn(site: TestSite): Found {
  const { head } = site;
  const [shared] = beginningsOf(head, undefined);
  return { head, manifest: undefined, shared };
}

const loaded = async (site: TestSite) => {
  const { prefix } = await loadStored({ log: site.log, snapshots: site.snapshots, logger: quiet }, site.head);
  return prefix;
};

describe('healing', () => {
  it('P43: begins a log that grew from the healer’s, with all that it has', async () => {
    const { site, inside, parts } = await wentBack();
    expect(await heal(parts, inside.state.prefix, foundIn(site))).toBe(true);
    expect(isGrown(site.head.log)).toBe(true);
    expect(site.redis.snapshots.contents.listed.size).toBe(1);
    const prefix = await loaded(site);
    expect([...prefix.keys()].map(([, id]) => id).sort()).toEqual(['bmw', 'vw']);
    expect(prefix.origins).toEqual(new Map([[other, 2]]));
    const [closed] = prefix.closedLogs;
    expect([closed?.log, closed?.position]).toEqual([logId, 2]);
    expect(closed?.marks[0]).toEqual({ position: 2, mark: inside.state.head.mark });
  });

  it('begins one where there is none', async () => {
    const { site, inside, parts } = await wentBack();
    site.redis.setBack({ ...site.redis.contents, head: undefined, stream: [], origins: new Map() });
    expect(await heal(parts, inside.state.prefix, undefined)).toBe(true);
    expect((await loaded(site)).origins).toEqual(new Map([[other, 2]]));
  });

  it('P46: takes along what came into the log that is there, and once alone what both have', async () => {
    const { site, inside, parts } = await wentBack();
    site.append(write('d.dddddddd', 1, { id: 'fiat', position: 1 }));
    const found = foundIn(site);
    // What comes while it heals goes along, too.
    site.append(write('d.dddddddd', 2, { id: 'fiat', position: 2 }));
    expect(await heal(parts, inside.state.prefix, found)).toBe(true);
    expect(site.contents).toEqual(['d.dddddddd 1', 'd.dddddddd 2']);
    const prefix = await loaded(site);
    expect([...prefix.keys()].map(([, id]) => id).sort()).toEqual(['bmw', 'fiat', 'vw']);
    expect(Object.fromEntries(prefix.origins)).toEqual({ [other]: 2, 'd.dddddddd': 2 });
  });

  it.each(['heal', 'snapshot'] as const)('P45: does nothing while somebody holds the lease to %s', async (kind) => {
    const { site, inside, parts } = await wentBack();
    const before = site.head;
    await site.snapshots.takeLease(kind, 'somebody', 60_000);
    expect(await heal(parts, inside.state.prefix, foundIn(site))).toBe(false);
    expect([site.head, site.redis.snapshots.contents.chunks.size]).toEqual([before, 0]);
    // It holds no lease any more, and the other one still does.
    expect(await site.snapshots.takeLease(kind, 'another', 1)).toBe(false);
    const free = kind === 'heal' ? 'snapshot' : 'heal';
    expect(await site.snapshots.takeLease(free, 'another', 1)).toBe(true);
  });

  it('P47: does nothing to a log that is not what it was found to be', async () => {
    const { site, inside, parts } = await wentBack();
    const found = foundIn(site);
    site.redis.setBack({ ...site.redis.contents, head: undefined, stream: [], origins: new Map() });
    site.redis.create('f'.repeat(32), 0);
    const before: Head = site.head;
    await heal(parts, inside.state.prefix, found).catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'LOG_REPLACED' });
    });
    expect(site.head).toEqual(before);
  });

  it('gives its leases back, also where it fails', async () => {
    const { site, inside, parts } = await wentBack();
    site.redis.isFull = true;
    await expect(heal(parts, inside.state.prefix, foundIn(site))).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
    site.redis.isFull = false;
    for (const kind of ['heal', 'snapshot'] as const)
      expect(await site.snapshots.takeLease(kind, 'another', 1)).toBe(true);
  });
});
