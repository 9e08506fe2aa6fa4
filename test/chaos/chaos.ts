/**
 * Chaos: a real Redis, three replicas as processes, a network that fails, and a bank that is written to all the while. What
 * is done, and in which order, comes from the seed; when things happen within it does not.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../simulation/random.ts';
import { Bank, isBankThere, openBank, type Write } from './bank.ts';
import { audit, differences, dumpOf, type Loss } from './checks.ts';
import { type Fault, faults } from './faults.ts';
import { Rollout } from './rollout.ts';
import { Site } from './site.ts';
import { Subscriber, watched } from './subscriber.ts';

export interface ChaosOptions {
  readonly seed: number;
  readonly minutes: number;
  /** Told each fault as it is begun, and what else happens. */
  readonly told: (line: string) => void;
  /** Parts of names, with commas between: other faults are left out. */
  readonly only?: string | undefined;
  /** Whether replicas come to a version with another format half-way, one by one; before that, each restart may be of either. */
  readonly formats?: boolean | undefined;
}

export interface Report {
  readonly problems: readonly string[];
  readonly lost: ReadonlyMap<string, readonly string[]>;
  /** How often each was brought about. */
  readonly faults: ReadonlyMap<string, number>;
  readonly outcomes: Readonly<Record<NonNullable<Write['outcome']>, number>>;
  readonly events: number;
  readonly resumed: number;
  /** Different ones that were there after a fault. */
  readonly logs: number;
  readonly generations: number;
  /** In the log at the end. */
  readonly entries: number;
}

/** How long a site may take to be whole again once all faults are over. */
const patienceMilliseconds = 60_000;

export async function runChaos({ seed, minutes, told, only, formats = false }: ChaosOptions): Promise<Report> {
  const random = new Random(seed);
  const begun = performance.now();
  const now = () => performance.now() - begun;
  const tell = (line: string) => told(`${(now() / 1_000).toFixed(1).padStart(7)} s  ${line}`);
  const parts = only?.split(',') ?? [''];
  const chosen = faults.filter(({ name }) => parts.some((part) => name.includes(part)));
  const counts = new Map<string, number>();
  const losses: Loss[] = [];
  const problems: string[] = [];
  const logs = new Set<string | null>();
  const generations = new Set<string | null>();

  await using site = await Site.open();
  const [first] = site.replicas;
  if (first === undefined) throw new Error('a site has replicas');
  await check(site, problems, 'the start');
  await openBank(first);
  await check(site, problems, 'the first write');
  const subscribers = site.replicas.flatMap((replica) => watched.map((what) => new Subscriber(replica, what)));
  const bank = new Bank(site.replicas, seed, now);
  const rollout = formats ? new Rollout(site, random, tell) : undefined;
  let bag: Fault[] = [];
  const draw = (fits: (fault: Fault) => boolean): Fault | undefined => {
    if (bag.length === 0) bag = [...chosen];
    const fitting = bag.filter(fits);
    if (fitting.length === 0) return undefined;
    const fault = random.pick(fitting);
    bag.splice(bag.indexOf(fault), 1);
    return fault;
  };
  while (now() < minutes * 60_000 && problems.length === 0) {
    await sleep(random.within([200, 1_500]));
    if (rollout !== undefined) problems.push(...(await rollout.step(now() > minutes * 30_000)));
    const fault = draw(() => true);
    const other =
      fault !== undefined && random.chance(0.3) ? draw(({ strikes }) => strikes !== fault.strikes) : undefined;
    const both = [fault, other].filter((one) => one !== undefined);
    const names = both.map(({ name }) => name).join(', and ');
    await Promise.all(both.map((one) => strike(one, site, new Random(random.below(2 ** 31)), tell)));
    for (const { name, losesRedis } of both) {
      counts.set(name, (counts.get(name) ?? 0) + 1);
      const withCrash = both.some(({ crashes }) => crashes);
      if (losesRedis) losses.push({ name: names, at: now(), withCrash });
    }
    await check(site, problems, names);
    if (problems.length === 0 && !(await isBankThere(first))) problems.push(`all is gone after ${names}`);
    const { log, generation } = await site.stored();
    logs.add(log);
    generations.add(generation);
  }
  await bank.close();
  tell(`${bank.writes.length} writes; all faults are over`);
  if (rollout !== undefined) problems.push(...(await rollout.end()));
  await check(site, problems, 'the end');
  // Whatever was evicted is written to, and so shown again.
  await openBank(first);
  await check(site, problems, 'the last write');
  for (const subscriber of subscribers) {
    if (!(await isSoon(() => subscriber.isCurrent()))) problems.push(await subscriber.difference());
    problems.push(...subscriber.problems);
  }
  const fresh = await site.freshReplica();
  const unhealed = await site.healed([...site.replicas, fresh], patienceMilliseconds);
  if (unhealed !== undefined) problems.push(`a fresh replica does not come to the same:\n${unhealed}`);
  const dumps = await Promise.all([...site.replicas, fresh].map(dumpOf));
  problems.push(...differences(dumps));
  const [dump] = dumps;
  const account = dump === undefined ? undefined : audit(dump, bank.writes, losses);
  problems.push(...(account?.problems ?? []));
  await Promise.all(subscribers.map((subscriber) => subscriber.close()));
  await fresh.kill();
  await fresh.proxy[Symbol.asyncDispose]();
  const outcomes = { answered: 0, refused: 0, unknown: 0 };
  for (const { outcome } of bank.writes) if (outcome !== undefined) outcomes[outcome] += 1;
  return {
    problems,
    lost: account?.lost ?? new Map(),
    faults: counts,
    outcomes,
    logs: logs.size,
    generations: generations.size,
    entries: (await site.stored()).entries,
    events: subscribers.reduce((sum, { events }) => sum + events, 0),
    resumed: subscribers.reduce((sum, { resumed }) => sum + resumed, 0),
  };
}

async function strike(fault: Fault, site: Site, random: Random, tell: (line: string) => void): Promise<void> {
  const struck = random.pick(site.replicas);
  const milliseconds = random.within(fault.held);
  const where = fault.strikes === 'Redis' ? '' : `, ${struck.name}`;
  tell(`${fault.name}${where}, for ${(milliseconds / 1_000).toFixed(1)} s`);
  const end = await fault.begin(site, struck, random);
  await sleep(milliseconds);
  await end();
}

async function check(site: Site, problems: string[], after: string): Promise<void> {
  const unhealed = await site.healed(site.replicas, patienceMilliseconds);
  if (unhealed !== undefined) problems.push(`not whole again after ${after}:\n${unhealed}`);
}

async function isSoon(holds: () => Promise<boolean>): Promise<boolean> {
  const end = performance.now() + 10_000;
  while (!(await holds())) {
    if (performance.now() > end) return false;
    await sleep(50);
  }
  return true;
}
