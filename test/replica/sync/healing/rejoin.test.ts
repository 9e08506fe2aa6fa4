import { describe, expect, it } from 'vitest';
import type { KeptTransaction } from '../../../../replica/history/kept-entries.ts';
import { readableFormats } from '../../../../replica/log/formats.ts';
import { isGrown, newSecret } from '../../../../replica/log/ids.ts';
import type { Prefix } from '../../../../replica/state/prefix.ts';
import type { Candidate } from '../../../../replica/sync/candidate.ts';
import { Rejoin, type RejoinHost } from '../../../../replica/sync/healing/rejoin.ts';
import { SnapshotWriter } from '../../../../replica/sync/snapshots/snapshot-writer.ts';
import { quiet } from '../../replicas.ts';
import { Inside, TestSite, write } from '../inside.ts';

const other = 'b.bbbbbbbb';
const random = counting();

/** Random bytes that never repeat. */
function counting(): (bytes: number) => Uint8Array {
  let count = 0;
  return (bytes) => {
    count += 1;
    const made = Buffer.alloc(bytes);
    made.writeUInt32BE(count, bytes - 4);
    return made;
  };
}

/** Keeps what a rejoining replica decided, in order. */
class Host implements RejoinHost {
  readonly did: string[] = [];
  swapped:
    | { readonly prefix: Prefix; readonly changed: readonly string[]; readonly lacking: readonly KeptTransaction[] }
    | undefined;

  pause(): void {
    this.did.push('pause');
  }
  goOn(): void {
    this.did.push('go on');
  }
  swap(prefix: Prefix, changed: readonly (readonly [string, string])[], lacking: readonly KeptTransaction[]): void {
    this.did.push('swap');
    this.swapped = { prefix, changed: changed.map(([, id]) => id), lacking };
  }
  stopped(problem: string): void {
    this.did.push(`stopped: ${problem}`);
  }
  learned(): void {}
  missing(generation: string): void {
    this.did.push(`missing ${generation}`);
  }
}

/** A replica that stands where the log ends, and what it takes to rejoin. */
async function standing(count = 2) {
  const site = new TestSite();
  const inside = new Inside(site).open();
  for (let number = 1; number <= count; number += 1) site.append(write(other, number));
  await inside.follower.catchUp();
  const host = new Host();
  const others: Candidate[] = [];
  const closes = new AbortController();
  const own = (): Candidate => ({
    origin: inside.origin,
    position: inside.state.head.position,
    keptFrom: inside.state.prefix.kept.keptFrom,
    closedLogs: inside.state.prefix.closedLogs.length,
  });
  const rejoin = new Rejoin({
    ...{
      log: site.log,
      snapshots: site.snapshots,
      timers: site.timers,
      random,
      logger: quiet,
      host,
      reads: readableFormats,
    },
    ...{ leaseMilliseconds: 60_000, chunkKeepMilliseconds: 60_000, heartbeatMilliseconds: 1_000 },
    state: inside.state,
    signal: closes.signal,
    peers: {
      get ownCandidate() {
        return own();
      },
      healers: () => others,
    },
  });
  /** So many heartbeats pass; each attempt ends before the next. */
  const beats = async (number: number) => {
    for (let beat = 0; beat < number; beat += 1) {
      await expect.poll(() => site.timers.pending).toBeGreaterThan(0);
      site.timers.advance(1_000);
    }
  };
  return { site, inside, host, others, closes, rejoin, beats };
}

/** Writes a snapshot of what a replica has, and trims the log up to it. */
async function snapshot({ site, inside }: { readonly site: TestSite; readonly inside: Inside }): Promise<string> {
  const writer = new SnapshotWriter({
    ...{ snapshots: site.snapshots, timers: site.timers, random, logger: quiet, state: inside.state },
    ...{ minimumBytes: 0, leaseMilliseconds: 60_000, chunkKeepMilliseconds: 60_000, chunkDocuments: 100 },
  });
  writer.request('f'.repeat(32));
  await expect
    .poll(() => {
      site.timers.advance(1);
      return writer.written;
    })
    .toBe(1);
  await writer.stop();
  return writer.generation?.name ?? '';
}

describe('a replica that rejoins', () => {
  it('goes on where the log goes on where it stands, after all', async () => {
    const { host, rejoin } = await standing();
    rejoin.begin('it seemed to be replaced');
    await expect.poll(() => host.did).toEqual(['pause', 'go on']);
  });

  it('P31: loads beside its state what the log was trimmed past, and swaps', async () => {
    const { site, host, rejoin } = await standing(1);
    const ahead = new Inside(site, { origin: 'c.cccccccc' }).open();
    site.append(write(other, 2), write(other, 3, { id: 'bmw' }));
    await ahead.follower.catchUp();
    await snapshot({ site, inside: ahead });
    expect(site.redis.trimmedUpTo).toBe(3);
    rejoin.begin('it was trimmed');
    await expect
      .poll(() => {
        site.timers.advance(1);
        return host.did;
      })
      .toEqual(['pause', 'swap']);
    expect(host.swapped?.prefix.head).toEqual(site.head);
    expect([host.swapped?.changed, host.swapped?.lacking]).toEqual([['vw', 'bmw'], []]);
  });

  it('P48: hands on what it applied and the log that is there lacks', async () => {
    const { site, inside, host, rejoin } = await standing(1);
    const before = site.redis.contents;
    site.append(write(other, 2), write(other, 3, { id: 'fiat' }));
    await inside.follower.catchUp();
    // The log went back, and then on, otherwise; a snapshot has what this replica lacks.
    site.redis.setBack(before);
    const elsewhere = new Inside(site, { origin: 'c.cccccccc' }).open();
    site.append(write('d.dddddddd', 1, { id: 'bmw' }));
    await elsewhere.follower.catchUp();
    await snapshot({ site, inside: elsewhere });
    rejoin.begin('it went back');
    await expect
      .poll(() => {
        site.timers.advance(1);
        return host.did;
      })
      .toEqual(['pause', 'swap']);
    expect(host.swapped?.lacking.map(({ delta }) => `${delta.origin} ${delta.number}`)).toEqual([
      `${other} 2`,
      `${other} 3`,
    ]);
    expect(host.swapped?.changed).toEqual(expect.arrayContaining(['vw', 'bmw', 'fiat']));
  });

  it('P45: heals where there is no log, after two heartbeats, if nobody else is further', async () => {
    const { site, host, rejoin, beats } = await standing();
    site.redis.setBack({ ...site.redis.contents, head: undefined, stream: [], origins: new Map() });
    rejoin.begin('it is gone');
    await expect.poll(() => rejoin.mayHeal).toBe(true);
    await beats(1);
    expect(site.redis.head()).toBeUndefined();
    await beats(2);
    await expect
      .poll(() => {
        site.timers.advance(1_000);
        return host.did;
      })
      .toEqual(['pause', 'swap']);
    expect(isGrown(site.head.log)).toBe(true);
    expect([host.swapped?.prefix.head, host.swapped?.changed, rejoin.mayHeal]).toEqual([site.head, [], false]);
  });

  it('P45: says no more that it may heal, once the log goes on after all', async () => {
    const { site, host, rejoin } = await standing();
    const before = site.redis.contents;
    site.redis.setBack({ ...before, head: undefined, stream: [], origins: new Map() });
    rejoin.begin('it is gone');
    await expect.poll(() => rejoin.mayHeal).toBe(true);
    site.redis.setBack(before);
    await expect
      .poll(() => {
        site.timers.advance(1_000);
        return host.did;
      })
      .toEqual(['pause', 'go on']);
    await expect.poll(() => rejoin.mayHeal).toBe(false);
  });

  it('P45: leaves the turn to who is further, for some heartbeats', async () => {
    const { site, others, rejoin, beats } = await standing();
    site.redis.setBack({ ...site.redis.contents, head: undefined, stream: [], origins: new Map() });
    others.push({ origin: other, position: 9, keptFrom: 0, closedLogs: 0 });
    rejoin.begin('it is gone');
    await beats(12);
    expect(site.redis.head()).toBeUndefined();
    await beats(1);
    await expect.poll(() => site.redis.head()?.log).toMatch(/-grown$/);
  });

  it('P44: stops where the log is of another site, says why, and goes on looking', async () => {
    const { site, host, rejoin } = await standing();
    const before = site.redis.contents;
    // It begins with a snapshot of what this replica never had.
    const log = `${'f'.repeat(32)}-grown`;
    const begin = { log, position: 0, mark: site.head.mark };
    const generation = { name: newSecret(random), begin, chunks: 1, bytes: 1, origins: new Map([['x.xxxxxxxx', 1]]) };
    site.redis.setBack({ ...before, head: begin, stream: [], origins: new Map() });
    site.redis.snapshots.begin({ generation, before: undefined, closedLogs: [] });
    rejoin.begin('it is another one');
    await expect.poll(() => host.did).toEqual(['pause', 'stopped: it is another one']);
    expect(rejoin.mayHeal).toBe(false);
    site.redis.setBack(before);
    await expect
      .poll(() => {
        site.timers.advance(1_000);
        return host.did.at(-1);
      })
      .toBe('go on');
  });

  it('tries again while the site cannot be reached', async () => {
    const { site, host, rejoin, beats } = await standing();
    site.conditions = 'refused';
    rejoin.begin('it seemed to be replaced');
    await beats(3);
    expect(host.did).toEqual(['pause']);
    site.conditions = 'good';
    await expect
      .poll(() => {
        site.timers.advance(1_000);
        return host.did;
      })
      .toEqual(['pause', 'go on']);
  });

  it('ends when the replica is closed, and begins nothing after that', async () => {
    const { site, host, closes, rejoin, beats } = await standing();
    site.conditions = 'refused';
    rejoin.begin('it seemed to be replaced');
    await beats(1);
    await expect.poll(() => site.timers.pending).toBe(1);
    closes.abort();
    const { requests } = site;
    site.timers.advance(1_000);
    site.conditions = 'good';
    // What would be asked in this turn would be asked before this.
    await site.log.head();
    await site.log.head();
    expect([site.requests - requests, site.timers.pending, host.did]).toEqual([2, 0, ['pause']]);
    rejoin.begin('again');
    expect(host.did).toEqual(['pause']);
  });

  it('does so once at a time', async () => {
    const { host, rejoin } = await standing();
    rejoin.begin('one');
    rejoin.begin('two');
    await expect.poll(() => host.did).toEqual(['pause', 'go on']);
  });
});

describe('a replica whose log has an entry that does not decode', () => {
  it('says which snapshot it cannot get on with, while there is none past it', async () => {
    const { host, rejoin } = await standing();
    rejoin.passBlock();
    await expect.poll(() => host.did).toEqual([`missing ${'0'.repeat(32)}`]);
  });

  it('P63: does not load a snapshot that ends before it', async () => {
    const { site, inside, host, rejoin } = await standing();
    const name = await snapshot({ site, inside });
    rejoin.passBlock();
    await expect.poll(() => host.did).toEqual([`missing ${name}`]);
  });

  it('loads a snapshot that is past it', async () => {
    const { site, host, rejoin } = await standing(1);
    const ahead = new Inside(site, { origin: 'c.cccccccc' }).open();
    site.append(write(other, 2));
    await ahead.follower.catchUp();
    await snapshot({ site, inside: ahead });
    rejoin.passBlock();
    await expect
      .poll(() => {
        site.timers.advance(1);
        return host.did;
      })
      .toEqual(['pause', 'swap']);
    expect(host.swapped?.prefix.head).toEqual(site.head);
  });
});
