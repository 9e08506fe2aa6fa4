/** What has to hold once everything is healed. */
import { isDeepStrictEqual } from 'node:util';
import { accounts, type Write, writers } from './bank.ts';
import type { ReplicaProcess } from './site.ts';

type Documents = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

/** All that a replica shows, by collection. */
export interface Dump {
  readonly replica: string;
  readonly collections: Readonly<Record<'events' | 'accounts' | 'writers' | 'temporary', Documents>>;
}

/** When Redis forgot what it had acknowledged, and what else was struck then. */
export interface Loss {
  readonly name: string;
  readonly at: number;
  /** Whether a process was killed that might have been the last that knew. */
  readonly withCrash: boolean;
}

const page = `query ($collection: String!, $after: String) {
  documents(collection: $collection, first: 5000, after: $after) { nodes { _id value } pageInfo { hasNextPage endCursor } }
}`;

interface Page {
  readonly nodes: readonly { readonly _id: string; readonly value: Record<string, unknown> }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

export async function dumpOf(replica: ReplicaProcess): Promise<Dump> {
  const [events, accountsShown, writersShown, temporary] = await Promise.all(
    ['events', 'accounts', 'writers', 'temporary'].map((collection) => readAll(replica, collection)),
  );
  const none: Documents = new Map();
  const collections = {
    events: events ?? none,
    accounts: accountsShown ?? none,
    writers: writersShown ?? none,
    temporary: temporary ?? none,
  };
  return { replica: replica.name, collections };
}

async function readAll(replica: ReplicaProcess, collection: string): Promise<Documents> {
  const documents = new Map<string, Record<string, unknown>>();
  let after: string | null = null;
  do {
    const { data, errors } = await replica.ask(page, { collection, after });
    if (errors.length > 0) throw new Error(`${replica.name} cannot be read: ${JSON.stringify(errors)}`);
    const { nodes, pageInfo } = (data as { documents: Page }).documents;
    for (const { _id, value } of nodes) documents.set(_id, value);
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
  } while (after !== null);
  return documents;
}

/** @returns what differs */
export function differences([first, ...others]: readonly Dump[]): readonly string[] {
  const problems: string[] = [];
  for (const other of others)
    for (const [collection, documents] of Object.entries(other.collections)) {
      const expected: Documents = first?.collections[collection as keyof Dump['collections']] ?? new Map();
      for (const id of new Set([...documents.keys(), ...expected.keys()]))
        if (!isDeepStrictEqual(documents.get(id), expected.get(id)))
          problems.push(
            `${collection} ${id}: ${first?.replica} has ${JSON.stringify(expected.get(id))}, ${other.replica} ${JSON.stringify(documents.get(id))}`,
          );
    }
  return problems;
}

/** A disk is a little behind, and further only while it is written anew. What was answered before is on one of them. */
const diskBehindMilliseconds = 30_000;

export interface Account {
  readonly problems: readonly string[];
  /** Answered, gone, and nobody who could have kept them: by the loss that took them. */
  readonly lost: ReadonlyMap<string, readonly string[]>;
}

/** Holds what a replica shows against what the writers were told. */
export function audit({ collections }: Dump, writes: readonly Write[], losses: readonly Loss[]): Account {
  const { events, accounts: shownAccounts, writers: shownWriters, temporary } = collections;
  const problems: string[] = [];
  const lost = new Map<string, string[]>();
  const isPresent = ({ event }: Write): boolean => events.has(event);

  for (const write of writes) {
    if (write.outcome === 'refused' && isPresent(write)) problems.push(`${write.event} is there, and was refused`);
    if (write.outcome !== 'answered' || isPresent(write)) continue;
    const loss = losses.find(({ at, withCrash }) => withCrash && at >= write.settledAt);
    if (loss === undefined || loss.at - write.settledAt > diskBehindMilliseconds)
      problems.push(`${write.event} is gone: ${write.replica} answered it after ${write.settledAt.toFixed(0)} ms`);
    else lost.set(loss.name, [...(lost.get(loss.name) ?? []), write.event]);
  }
  const known = new Set(writes.map(({ event }) => event));
  for (const event of events.keys()) if (!known.has(event)) problems.push(`${event} was never written`);

  for (const account of accounts) {
    const expected = writes.filter((write) => write.account === account && isPresent(write));
    const sum = expected.reduce((total, { by }) => total + by, 0);
    const shown = shownAccounts.get(account)?.total ?? 0;
    if (shown !== sum) problems.push(`${account} shows ${String(shown)}, and its events add up to ${sum}`);
  }
  for (const writer of writers) {
    const own = writes.filter((write) => write.writer === writer && isPresent(write));
    const shown = shownWriters.get(writer)?.last;
    const last = own.find(({ sequence }) => sequence === shown);
    const newest = own.filter(({ outcome }) => outcome === 'answered').at(-1);
    if (newest === undefined) continue;
    if (last === undefined || (last.sequence < newest.sequence && last.outcome === 'answered'))
      problems.push(`${writer} shows ${String(shown)}, and wrote ${newest.sequence} last`);
  }
  for (const write of writes) {
    if (!isPresent(write) || write.removes === undefined || !write.sawRemoved) continue;
    const fields = shownWriters.get(write.writer)?.fields;
    const isField = typeof fields === 'object' && fields !== null && write.removes in fields;
    if (isField || temporary.has(write.removes)) problems.push(`${write.removes} is back: ${write.event} removed it`);
  }
  return { problems, lost };
}
