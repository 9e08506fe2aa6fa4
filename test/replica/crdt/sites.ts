/**
 * Sites as far as merging goes: replicas that stage, append, apply, restart over a journal, save and load snapshots chunk by
 * chunk, hand on after their log went back, and bridges between sites. Some documents, in two chunks.
 */
import { TypeMismatchError } from '../../../errors.ts';
import { type ChunkRecord, decodeChunk, encodeChunk } from '../../../replica/codec/chunk-codec.ts';
import { decodeDelta, encodeDelta } from '../../../replica/codec/delta-codec.ts';
import type { Delta } from '../../../replica/crdt/delta.ts';
import { applyOperations } from '../../../replica/crdt/document.ts';
import type { DocumentState } from '../../../replica/crdt/document-node.ts';
import type { Context, LogId, Origin, Placed, Position } from '../../../replica/crdt/version.ts';
import { DeltaWriter, DraftWriter } from '../../../replica/crdt/writers.ts';
import { DocumentDraft } from '../../../replica/crdt/writes.ts';
import { isCounter, type Request } from './arbitraries.ts';
import type { Made } from './model.ts';

export const ids = ['a', 'b', 'c'] as const;
type Id = (typeof ids)[number];
const collection = 'things';

/** Of a snapshot. */
const chunks = [0, 1] as const;
const chunkOf = (id: string): number => (id === 'c' ? 1 : 0);

type States = ReadonlyMap<string, DocumentState>;

/** The documents of one chunk, as of a position. */
interface Chunk {
  readonly label: Position;
  readonly bytes: Uint8Array;
}

export interface Write {
  readonly id: Id;
  readonly request: Request;
}

/** A transaction as it stands in a log, or waits to. Its context is cut anew for each log that it is handed on to. */
interface Carried {
  readonly made: Made;
  readonly delta: Delta;
  /** Where its dots are, if a bridge brought it. */
  readonly placed: Placed | undefined;
  /** Whether it may have stood in a log that was closed before it: another site may have it as of there. */
  readonly handedOn: boolean;
}

interface LogEntry extends Carried {
  /** Of its dots: its own position, or that in the log where it was made. */
  readonly place: Placed;
}

export interface View {
  readonly states: States;
  readonly history: ReadonlySet<Made>;
}

export class Site {
  log: LogId;
  /** What the log began with. */
  base: ReadonlyMap<Made, LogEntry> = new Map();
  entries: LogEntry[] = [];
  /** The snapshot: each chunk as of its own position. */
  chunks: Chunk[] = chunks.map(() => ({ label: 0, bytes: encodeChunk([]) }));
  /** By position: what a replica that stands there holds, to the byte. */
  readonly heldAt = new Map<Position, string>();
  readonly replicas: Replica[] = [];
  /** For each log of any site, the closed ones that it grew from: bridges carry that too, as contexts are of either. */
  readonly ancestry: Map<LogId, ReadonlyMap<LogId, Position>>;

  constructor(log: LogId, ancestry: Map<LogId, ReadonlyMap<LogId, Position>>) {
    this.log = log;
    this.ancestry = ancestry;
  }

  has(made: Made): boolean {
    return this.base.has(made) || this.entries.some((entry) => entry.made === made);
  }

  /** Whether it has all that the transaction saw, and not the transaction. */
  takes({ made }: Carried): boolean {
    return !this.has(made) && [...made.seen].every((seen) => this.has(seen));
  }

  append(carried: Carried): void {
    if (!this.takes(carried)) return;
    this.entries.push({ ...carried, place: carried.placed ?? { log: this.log, position: this.entries.length + 1 } });
  }
}

export class Replica {
  readonly site: Site;
  readonly name: string;
  origin: Origin;
  number = 0;
  /** How much of the site's log is applied. */
  position = 0;
  prefix: States = new Map();
  /** What is in the prefix. */
  applied = new Map<Made, LogEntry>();
  /** Made or taken over, and not come back by the log. */
  pending: Carried[] = [];
  restarts = 0;

  constructor(site: Site, name: string) {
    this.site = site;
    this.name = name;
    this.origin = `${name}.0`;
  }

  view(): View {
    let states = this.prefix;
    for (const carried of this.pending) states = this.#applied(states, carried, undefined);
    return { states, history: new Set([...this.applied.keys(), ...this.pending.map(({ made }) => made)]) };
  }

  write(writes: readonly Write[], time: number): void {
    const { states, history } = this.view();
    const number = this.number + 1;
    const writer = new DraftWriter(this.origin, number, time);
    const drafts = new Map<string, DocumentDraft>();
    for (const { id, request } of writes) {
      const draft = drafts.get(id) ?? new DocumentDraft(states.get(id), writer);
      ask(draft, request);
      drafts.set(id, draft);
    }
    const operations = [...drafts].flatMap(([id, draft]) =>
      draft.operations.length === 0 ? [] : [{ collection, id, operations: draft.operations }],
    );
    if (operations.length === 0) return;
    const delta = { origin: this.origin, number, context: this.#context(), time, operations };
    this.number = number;
    // What peers get of it has been bytes.
    const travelled = decodeDelta(encodeDelta(delta));
    const made = { delta: travelled, seen: history };
    this.pending.push({ made, delta: travelled, placed: undefined, handedOn: false });
  }

  /** Its oldest transaction that is not in the log. */
  get unsent(): Carried | undefined {
    return this.pending.find(({ made }) => !this.site.has(made));
  }

  append(): void {
    const { unsent } = this;
    if (unsent) this.site.append(unsent);
  }

  apply(): void {
    const entry = this.site.entries[this.position];
    if (entry === undefined) return;
    this.position += 1;
    this.prefix = this.#applied(this.prefix, entry, entry.place);
    this.applied.set(entry.made, entry);
    this.pending = this.pending.filter(({ made }) => made !== entry.made);
  }

  /** All at once, as when nothing is in the way. */
  sync(): void {
    for (const carried of this.pending) this.site.append(carried);
    while (this.position < this.site.entries.length) this.apply();
  }

  /** A crash: the next process has a new origin and the journal, and begins from the snapshot. */
  restart(): void {
    this.restarts += 1;
    this.origin = `${this.name}.${this.restarts}`;
    this.number = 0;
    this.#loadSnapshot();
  }

  /** Writes one chunk of the snapshot, as of where it stands. */
  save(chunk: number): void {
    const records: ChunkRecord[] = [...this.prefix]
      .filter(([id]) => chunkOf(id) === chunk)
      .map(([id, state]) => ({ collection, id, state }));
    this.site.chunks[chunk] = { label: this.position, bytes: encodeChunk(records) };
  }

  /** The chunks, then the log from the oldest label on, each chunk's documents skipping what its label covers. */
  #loadSnapshot(): void {
    const { site } = this;
    const labels = site.chunks.map(({ label }) => label);
    let states: States = new Map(
      site.chunks.flatMap(({ bytes }) => decodeChunk(bytes)).map(({ id, state }) => [id, state]),
    );
    for (let position = Math.min(...labels) + 1; position <= site.entries.length; position++) {
      const entry = site.entries[position - 1];
      if (entry) states = this.#applied(states, entry, entry.place, (id) => position > (labels[chunkOf(id)] ?? 0));
    }
    this.prefix = states;
    this.position = site.entries.length;
    this.applied = new Map([...site.base, ...site.entries.map((entry) => [entry.made, entry] as const)]);
    this.pending = this.pending.filter(({ made }) => !this.applied.has(made));
  }

  /** Takes on another replica's prefix at the beginning of a new log, and hands on what that lacks. */
  load(healer: Replica, closed: LogId, closedAt: Position, old: readonly LogEntry[]): void {
    const lacking = old.slice(closedAt);
    this.pending = [...lacking, ...this.pending.filter(({ made }) => !lacking.some((entry) => entry.made === made))]
      .filter(({ made }) => !healer.applied.has(made))
      .map((carried) => ({ ...cut(carried, closed, closedAt, old), handedOn: true }));
    this.#loadSnapshot();
  }

  #context(): Context {
    const others = new Map<Origin, number>();
    const name = ({ delta }: Made): void => {
      if (delta.origin === this.origin) return;
      others.set(delta.origin, Math.max(others.get(delta.origin) ?? 0, delta.number));
    };
    const closed = this.site.ancestry.get(this.site.log);
    for (const { made, place, handedOn } of this.applied.values()) {
      const isInLog = place.log === this.site.log || place.position <= (closed?.get(place.log) ?? 0);
      if (handedOn || !isInLog) name(made);
    }
    for (const { made } of this.pending) name(made);
    return { log: this.site.log, position: this.position, numberBefore: this.number, others };
  }

  /** @param isNew whether a document is not as of a later position already */
  #applied(
    states: States,
    { delta }: Carried,
    place: Placed | undefined,
    isNew: (id: string) => boolean = () => true,
  ): States {
    const writer = new DeltaWriter(delta, this.site.ancestry, place);
    const after = new Map(states);
    for (const { id, operations } of delta.operations) {
      if (!isNew(id)) continue;
      const state = applyOperations(after.get(id), operations, writer);
      if (state) after.set(id, state);
      else after.delete(id);
    }
    return after;
  }
}

function ask(draft: DocumentDraft, request: Request): void {
  try {
    if (request.kind === 'update') draft.update(request.operation, isCounter);
    else if (request.kind === 'upsert') draft.upsert(request.fields, request.strategy, isCounter);
    else draft.remove();
  } catch (error) {
    if (!(error instanceof TypeMismatchError)) throw error;
  }
}

/** What a transaction saw past the place where its log was closed is named by origin. */
function cut(carried: Carried, closed: LogId, closedAt: Position, old: readonly LogEntry[]): Carried {
  const { context } = carried.delta;
  if (context.log !== closed || context.position <= closedAt) return carried;
  const others = new Map(context.others);
  for (const { delta: seen } of old.slice(closedAt, context.position)) {
    if (seen.origin === carried.delta.origin) continue;
    others.set(seen.origin, Math.max(others.get(seen.origin) ?? 0, seen.number));
  }
  return { ...carried, delta: { ...carried.delta, context: { ...context, log: closed, position: closedAt, others } } };
}

export class World {
  readonly sites: readonly Site[];
  readonly replicas: readonly Replica[];

  constructor(replicasBySite: readonly number[]) {
    const ancestry = new Map<LogId, ReadonlyMap<LogId, Position>>();
    this.sites = replicasBySite.map((_, index) => new Site(`log-${index}`, ancestry));
    this.replicas = this.sites.flatMap((site, index) =>
      Array.from({ length: replicasBySite[index] ?? 0 }, (_, at) => {
        const replica = new Replica(site, `${'xyz'[index]}${at}`);
        site.replicas.push(replica);
        return replica;
      }),
    );
  }

  replicaOf(index: number): Replica {
    const replica = this.replicas[index % this.replicas.length];
    if (replica === undefined) throw new Error('a world has replicas');
    return replica;
  }

  siteOf(index: number): Site {
    const site = this.sites[index % this.sites.length];
    if (site === undefined) throw new Error('a world has sites');
    return site;
  }

  /** Until everything made is everywhere. */
  settle(): void {
    for (;;) {
      const before = this.#progress();
      for (const replica of this.replicas) {
        replica.append();
        replica.apply();
      }
      for (const from of this.sites) for (const to of this.sites) this.bridge(from, to, 0);
      if (this.#progress() === before) return;
    }
  }

  #progress(): number {
    const entries = this.sites.reduce((sum, site) => sum + site.entries.length, 0);
    return this.replicas.reduce((sum, { position }) => sum + position, entries);
  }

  /** What another log lacks, and may be brought into it: in any order that causality allows. */
  bridgeable(from: Site, to: Site): readonly LogEntry[] {
    if (from === to) return [];
    return [...from.base.values(), ...from.entries].filter((entry) => to.takes(entry));
  }

  /** @param choice of those that may be brought */
  bridge(from: Site, to: Site, choice: number): void {
    const all = this.bridgeable(from, to);
    const next = all[choice % all.length];
    if (next) to.append({ ...next, placed: next.place, handedOn: false });
  }

  /** The site's log is gone, and this replica begins another with what it has applied. */
  heal(healer: Replica): void {
    const { site, position } = healer;
    const { log: closed, entries: old } = site;
    site.log = `${closed}+`;
    site.entries = [];
    site.heldAt.clear();
    site.base = new Map(healer.applied);
    site.ancestry.set(site.log, new Map([...(site.ancestry.get(closed) ?? []), [closed, position]]));
    const standing = new Map(site.replicas.map((replica) => [replica, replica.position]));
    healer.position = 0;
    for (const chunk of chunks) healer.save(chunk);
    for (const replica of site.replicas) replica.load(healer, closed, position, old.slice(0, standing.get(replica)));
  }
}
