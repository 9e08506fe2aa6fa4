/**
 * Sites as far as merging goes: replicas that stage, append, apply, restart over a journal, hand on after their log went
 * back, and bridges between sites. One document. Every action is legal at any time; what cannot happen does nothing.
 */
import { TypeMismatchError } from '../../../errors.ts';
import type { Delta } from '../../../replica/crdt/delta.ts';
import { decodeDelta, encodeDelta } from '../../../replica/crdt/delta-codec.ts';
import { applyOperations, type DocumentState } from '../../../replica/crdt/document.ts';
import { decodeDocument, encodeDocument } from '../../../replica/crdt/document-codec.ts';
import {
  type Context,
  covers,
  type LogId,
  type Origin,
  type Position,
  type Writer,
} from '../../../replica/crdt/version.ts';
import { DocumentDraft } from '../../../replica/crdt/writes.ts';
import { isCounter, type Request } from './arbitraries.ts';
import { type Made, operationsOf } from './model.ts';

interface Place {
  readonly log: LogId;
  readonly position: Position;
}

/** A transaction as it stands in a log, or waits to. Its context is cut anew for each log that it is handed on to. */
interface Carried {
  readonly made: Made;
  readonly delta: Delta;
  /** Where its dots are, if a bridge brought it. */
  readonly placed: Place | undefined;
  /** Whether it may have stood in a log that was closed before it: another site may have it as of there. */
  readonly handedOn: boolean;
}

interface LogEntry extends Carried {
  /** Of its dots: its own position, or that in the log where it was made. */
  readonly place: Place;
}

export interface View {
  readonly state: DocumentState | undefined;
  readonly history: ReadonlySet<Made>;
}

class Site {
  log: LogId;
  /** What the log began with. */
  base: ReadonlyMap<Made, LogEntry> = new Map();
  entries: LogEntry[] = [];
  readonly replicas: Replica[] = [];
  /** For each log of any site, the closed ones that it grew from: bridges carry that too, as contexts are of either. */
  readonly lineage: Map<LogId, ReadonlyMap<LogId, Position>>;

  constructor(log: LogId, lineage: Map<LogId, ReadonlyMap<LogId, Position>>) {
    this.log = log;
    this.lineage = lineage;
  }

  has(made: Made): boolean {
    return this.base.has(made) || this.entries.some((entry) => entry.made === made);
  }

  append(carried: Carried): void {
    if (this.has(carried.made)) return;
    if (![...carried.made.seen].every((seen) => this.has(seen))) return;
    this.entries.push({ ...carried, place: carried.placed ?? { log: this.log, position: this.entries.length + 1 } });
  }
}

class Replica {
  readonly site: Site;
  readonly name: string;
  origin: Origin;
  number = 0;
  /** How much of the site's log is applied. */
  position = 0;
  prefix: DocumentState | undefined;
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
    let state = this.prefix;
    for (const carried of this.pending) state = this.#apply(state, carried, undefined);
    return { state, history: new Set([...this.applied.keys(), ...this.pending.map(({ made }) => made)]) };
  }

  write(requests: readonly Request[], time: number): void {
    const { state, history } = this.view();
    const number = this.number + 1;
    const writer = { origin: this.origin, number, time, log: undefined, position: 0, covers: () => true };
    const draft = new DocumentDraft(state, writer);
    for (const request of requests) ask(draft, request);
    if (draft.operations.length === 0) return;
    const touched = { collection: 'things', id: '1', operations: draft.operations };
    const delta = { origin: this.origin, number, context: this.#context(), time, operations: [touched] };
    this.number = number;
    // What peers get of it has been bytes.
    const travelled = decodeDelta(encodeDelta(delta));
    const made = { delta: travelled, seen: history };
    this.pending.push({ made, delta: travelled, placed: undefined, handedOn: false });
  }

  /** Hands its oldest transaction that is not in the log to it. */
  append(): void {
    const next = this.pending.find(({ made }) => !this.site.has(made));
    if (next) this.site.append(next);
  }

  apply(): void {
    const entry = this.site.entries[this.position];
    if (entry === undefined) return;
    this.position += 1;
    this.prefix = this.#apply(this.prefix, entry, entry.place);
    this.applied.set(entry.made, entry);
    this.pending = this.pending.filter(({ made }) => made !== entry.made);
  }

  /** All at once, as when nothing is in the way. */
  sync(): void {
    for (const carried of this.pending) this.site.append(carried);
    while (this.position < this.site.entries.length) this.apply();
  }

  /** A crash: the next process has a new origin, the journal and the prefix as they were. */
  restart(): void {
    this.restarts += 1;
    this.origin = `${this.name}.${this.restarts}`;
    this.number = 0;
    if (this.prefix) this.prefix = decodeDocument(encodeDocument(this.prefix));
  }

  /** Takes on another replica's prefix at the beginning of a new log, and hands on what that lacks. */
  load(healer: Replica, closed: LogId, closedAt: Position, old: readonly LogEntry[]): void {
    const lacking = old.slice(closedAt, this.position);
    this.pending = [...lacking, ...this.pending.filter(({ made }) => !lacking.some((entry) => entry.made === made))]
      .filter(({ made }) => !healer.applied.has(made))
      .map((carried) => ({ ...cut(carried, closed, closedAt, old), handedOn: true }));
    this.prefix = healer.prefix;
    this.applied = new Map(healer.applied);
    this.position = 0;
  }

  #context(): Context {
    const origins = new Map([[this.origin, this.number]]);
    const name = ({ delta }: Made): void => {
      origins.set(delta.origin, Math.max(origins.get(delta.origin) ?? 0, delta.number));
    };
    const closed = this.site.lineage.get(this.site.log);
    for (const { made, place, handedOn } of this.applied.values()) {
      const isInLog = place.log === this.site.log || place.position <= (closed?.get(place.log) ?? 0);
      if (handedOn || !isInLog) name(made);
    }
    for (const { made } of this.pending) name(made);
    return { log: this.site.log, position: this.position, origins };
  }

  #apply(state: DocumentState | undefined, { made, delta }: Carried, place: Place | undefined) {
    const writer: Writer = {
      origin: delta.origin,
      number: delta.number,
      time: delta.time,
      log: place?.log,
      position: place?.position ?? 0,
      covers: (dot) => covers(delta.context, delta, this.site.lineage, dot),
    };
    return applyOperations(state, operationsOf(made), writer);
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
  const origins = new Map(context.origins);
  for (const { delta: seen } of old.slice(closedAt, context.position)) {
    origins.set(seen.origin, Math.max(origins.get(seen.origin) ?? 0, seen.number));
  }
  return { ...carried, delta: { ...carried.delta, context: { log: closed, position: closedAt, origins } } };
}

export type Action =
  | { readonly kind: 'write'; readonly replica: number; readonly requests: readonly Request[]; readonly time: number }
  | { readonly kind: 'append' | 'apply' | 'sync' | 'restart' | 'heal'; readonly replica: number }
  | { readonly kind: 'bridge'; readonly from: number; readonly to: number };

export class World {
  readonly sites: readonly Site[];
  readonly replicas: readonly Replica[];

  constructor(replicasBySite: readonly number[]) {
    const lineage = new Map<LogId, ReadonlyMap<LogId, Position>>();
    this.sites = replicasBySite.map((_, index) => new Site(`log-${index}`, lineage));
    this.replicas = this.sites.flatMap((site, index) =>
      Array.from({ length: replicasBySite[index] ?? 0 }, (_, at) => {
        const replica = new Replica(site, `${'xyz'[index]}${at}`);
        site.replicas.push(replica);
        return replica;
      }),
    );
  }

  /** @returns the replica that did something, if one did */
  act(action: Action): Replica | undefined {
    if (action.kind === 'bridge') {
      this.#bridge(this.sites[action.from % this.sites.length], this.sites[action.to % this.sites.length]);
      return undefined;
    }
    const replica = this.replicaOf(action);
    if (action.kind === 'write') replica?.write(action.requests, action.time);
    else if (action.kind === 'heal') this.#heal(replica);
    else replica?.[action.kind]();
    return replica;
  }

  replicaOf({ replica }: { readonly replica: number }): Replica | undefined {
    return this.replicas[replica % this.replicas.length];
  }

  /** Until everything made is everywhere. */
  settle(): void {
    for (;;) {
      const before = this.#progress();
      for (const replica of this.replicas) {
        replica.append();
        replica.apply();
      }
      for (const from of this.sites) for (const to of this.sites) this.#bridge(from, to);
      if (this.#progress() === before) return;
    }
  }

  #progress(): number {
    const entries = this.sites.reduce((sum, site) => sum + site.entries.length, 0);
    return this.replicas.reduce((sum, { position }) => sum + position, entries);
  }

  /** Takes the next transaction that the other log lacks. */
  #bridge(from: Site | undefined, to: Site | undefined): void {
    if (from === undefined || to === undefined || from === to) return;
    const next = [...from.base.values(), ...from.entries].find(({ made }) => !to.has(made));
    if (next) to.append({ ...next, placed: next.place, handedOn: false });
  }

  /** The site's log is gone, and this replica begins another with what it has applied. */
  #heal(healer: Replica | undefined): void {
    if (healer === undefined) return;
    const { site, position } = healer;
    const { log: closed, entries: old } = site;
    site.log = `${closed}+`;
    site.entries = [];
    site.base = new Map(healer.applied);
    site.lineage.set(site.log, new Map([...(site.lineage.get(closed) ?? []), [closed, position]]));
    for (const replica of site.replicas) replica.load(healer, closed, position, old);
  }
}
