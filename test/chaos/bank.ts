/**
 * The bank: writers that each ask one replica at a time, by HTTP, and a ledger of what they were told. Each write is one
 * operation that puts a document of its own, its *event*, in the same transaction as all else that it does: so whoever
 * sees the event has to see the rest.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from '../servers/tideline.ts';
import { Random } from '../simulation/random.ts';
import type { ReplicaProcess } from './site.ts';

/** `unknown`: no answer, or one that says so. */
export type Outcome = 'answered' | 'refused' | 'unknown';

export interface Write {
  readonly event: string;
  readonly writer: string;
  readonly sequence: number;
  readonly account: string;
  readonly by: number;
  /** The name of a field, or of a document, that it makes, and of one that it removes. */
  readonly makes: string | undefined;
  readonly removes: string | undefined;
  readonly replica: string;
  outcome: Outcome | undefined;
  /** Milliseconds on the clock of this process. */
  settledAt: number;
  /** Whether what it was to remove was there. */
  sawRemoved: boolean;
  problem: string | undefined;
}

export const accounts = Array.from({ length: 12 }, (_, index) => `account-${index}`);
export const writers = ['w0', 'w1', 'w2', 'w3', 'w4', 'w5'];

const pauseMilliseconds = [15, 60] as const;

/** What everything else is done to. */
export async function openBank(replica: ReplicaProcess): Promise<void> {
  const made = await replica.ask(
    `mutation ($accounts: [JSON!]!, $writers: [JSON!]!) {
      accounts: upsertMany(collection: "accounts", documents: $accounts) { documents { _id } }
      writers: upsertMany(collection: "writers", documents: $writers) { documents { _id } }
    }`,
    {
      accounts: accounts.map((_id, place) => ({ _id, place })),
      writers: writers.map((_id) => ({ _id, fields: {} })),
    },
  );
  if (made.errors.length > 0) throw new Error(JSON.stringify(made.errors));
}

/** Whether what everything else is done to is there: of that nothing is ever removed, and the writers are never evicted. */
export async function isBankThere(replica: ReplicaProcess): Promise<boolean> {
  const { data } = await replica.ask('{ documents(collection: "writers") { totalCount } }');
  return (data as { documents: { totalCount: number } }).documents.totalCount === writers.length;
}

export class Bank {
  readonly writes: Write[] = [];
  readonly #replicas: readonly ReplicaProcess[];
  readonly #now: () => number;
  #isOpen = true;
  readonly #working: Promise<unknown>;

  /** @param now milliseconds since the chaos began */
  constructor(replicas: readonly ReplicaProcess[], seed: number, now: () => number) {
    this.#replicas = replicas;
    this.#now = now;
    this.#working = Promise.all(writers.map((writer, index) => this.#work(writer, new Random(seed * 100 + index))));
  }

  /** Resolves once every write is answered, or given up. */
  async close(): Promise<void> {
    this.#isOpen = false;
    await this.#working;
  }

  async #work(writer: string, random: Random): Promise<void> {
    let replica = random.pick(this.#replicas);
    /** What it made and may remove. */
    const made: string[] = [];
    for (let sequence = 1; this.#isOpen; sequence += 1) {
      if (random.chance(0.1)) replica = random.pick(this.#replicas);
      const makes = random.chance(0.3) ? `${random.pick(['field', 'document'])}_${writer}_${sequence}` : undefined;
      const removes = made.length > 3 ? made.shift() : undefined;
      const write: Write = {
        event: `${writer}-${sequence}`,
        writer,
        sequence,
        account: random.pick(accounts),
        by: 1 + random.below(9),
        makes,
        removes,
        replica: replica.name,
        outcome: undefined,
        settledAt: 0,
        sawRemoved: false,
        problem: undefined,
      };
      this.writes.push(write);
      await this.#write(write, replica);
      if (write.outcome === 'answered' && makes !== undefined) made.push(makes);
      if (write.outcome === 'answered' && random.chance(0.03)) await evict(replica, random.pick(accounts));
      if (write.outcome !== 'answered') replica = random.pick(this.#replicas);
      await sleep(random.within(pauseMilliseconds));
    }
  }

  async #write(write: Write, replica: ReplicaProcess): Promise<void> {
    try {
      const answer = await replica.ask(operationOf(write), {
        event: { _id: write.event, account: write.account, by: write.by },
      });
      const [error] = answer.errors;
      const code = error?.extensions.code;
      write.outcome = error === undefined ? 'answered' : code === 'OUTCOME_UNKNOWN' ? 'unknown' : 'refused';
      write.problem = error === undefined ? undefined : `${code}: ${error.message}`;
      write.sawRemoved = error === undefined && sawRemoved(answer);
    } catch (error) {
      write.outcome = 'unknown';
      write.problem = String(error);
    }
    write.settledAt = this.#now();
  }
}

const isField = (name: string): boolean => name.startsWith('field');

function operationOf({ writer, sequence, account, by, makes, removes }: Write): string {
  const fields = [
    'event: upsert(collection: "events", document: $event) { document { _id } }',
    `counted: update(collection: "accounts", id: "${account}", operations: [{ increment: { path: "total", by: ${by} } }]) { document { _id } }`,
  ];
  const operations = [`{ set: { path: "last", value: ${sequence} } }`];
  if (makes !== undefined && isField(makes))
    operations.push(`{ set: { path: "fields.${makes}", value: ${sequence} } }`);
  const saw = removes !== undefined && isField(removes) ? `saw: at(path: "fields.${removes}")` : '';
  fields.push(
    `register: update(collection: "writers", id: "${writer}", operations: [${operations.join(' ')}]) { document { _id ${saw} } }`,
  );
  if (makes !== undefined && !isField(makes))
    fields.push(
      `made: upsert(collection: "temporary", document: { _id: "${makes}", by: "${writer}" }) { document { _id } }`,
    );
  if (removes !== undefined && isField(removes))
    fields.push(
      `dropped: update(collection: "writers", id: "${writer}", operations: [{ remove: { path: "fields.${removes}" } }]) { document { _id } }`,
    );
  if (removes !== undefined && !isField(removes))
    fields.push(`removed: remove(collection: "temporary", id: "${removes}") { ids }`);
  return `mutation ($event: JSON!) { ${fields.join('\n')} }`;
}

function sawRemoved({ data }: Answer): boolean {
  const { register, removed } = data as { register: { document: { saw?: unknown } }; removed?: { ids: unknown[] } };
  return (register.document.saw ?? null) !== null || (removed?.ids.length ?? 0) > 0;
}

/** Hidden at one replica, until somebody counts on it again. */
async function evict(replica: ReplicaProcess, account: string): Promise<void> {
  await replica
    .ask('mutation ($id: ID!) { evict(collection: "accounts", id: $id) { ids } }', { id: account })
    .catch(() => undefined);
}
