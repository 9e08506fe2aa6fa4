import { expect, it } from 'vitest';
import { batchOf } from '../../../replica/log/batch.ts';
import { Inside, TestJournal, TestSite, write } from './inside.ts';

const me = 'a.aaaaaaaa';
const other = 'b.bbbbbbbb';

it('P41: shows no more what the log went on without, and counts it as late', async () => {
  const site = new TestSite();
  const inside = new Inside(site, { journal: new TestJournal() }).open();
  site.conditions = 'refused';
  await inside.push(write(me, 1));
  expect(inside.n()).toBe(1);
  site.conditions = 'good';
  const { delta } = write(other, 1, { id: 'bmw', seen: { [me]: 1 } });
  site.redis.append(batchOf(site.head.log, [{ delta, isOverdue: true }]), site.head, 'another secret');
  await inside.follower.catchUp();
  expect([inside.n(), inside.n('bmw'), inside.unsent.lateCount, inside.unsent.isEmpty]).toEqual([
    undefined,
    1,
    1,
    true,
  ]);
});

it('P49: shows what the journal held, once what it saw is in the log', async () => {
  const site = new TestSite();
  const inside = new Inside(site).open();
  inside.unsent.addHidden(write(me, 2));
  inside.applier.reveal();
  expect(inside.n()).toBeUndefined();
  site.append(write(me, 1, { id: 'bmw' }));
  await inside.follower.catchUp();
  expect([inside.n(), inside.n('bmw')]).toEqual([2, 1]);
});

it('says when a clock is more than a minute ahead, and when the last write was', async () => {
  const site = new TestSite();
  const inside = new Inside(site).open();
  const { delta, ...rest } = write(other, 1);
  site.append({ ...rest, delta: { ...delta, time: 2 ** 50 } });
  await inside.follower.catchUp();
  expect([inside.applier.clocksAhead, inside.n()]).toEqual([1, 1]);
  expect(inside.applier.lastWriteAtMilliseconds).toBeGreaterThan(60_000);
});
