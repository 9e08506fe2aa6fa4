/**
 * What clients asked for and were told, and what became of it. Each write puts a document of its own, its *event*, in the
 * same transaction as all else that it does: so whoever sees the event has to see the rest, and the other way round.
 */

import { decodeDelta } from '../../replica/codec/delta-codec.ts';
import type { Delta } from '../../replica/crdt/delta.ts';
import { documentValue } from '../../replica/crdt/document.ts';
import type { Origin } from '../../replica/crdt/version.ts';
import type { JournaledTransaction } from '../../replica/log/journal.ts';
import type { StoredDocument } from '../../replica/query/stored-document.ts';
import type { Missing } from '../../replica/state/prefix.ts';
import { decodeToken } from '../../replica/token.ts';
import { eventCollection, type Oracle } from './oracle.ts';

/**
 * `open`: commit was not called; nothing may ever be seen of it. `committing`: no answer yet. `refused`: told that nothing
 * was written. `unknown`: told, or left by its process, not to know.
 */
export type Outcome = 'open' | 'committing' | 'answered' | 'refused' | 'unknown';

export interface Operation {
  readonly id: string;
  readonly replica: string;
  outcome: Outcome;
  /** The counter and the serial number that it raises. */
  counter: string | undefined;
  serial: string | undefined;
}

/** What an event says of its transaction. */
export interface EventFacts {
  readonly id: string;
  readonly counter: string | undefined;
  readonly by: number;
  /** The origin whose serial number it raised. */
  readonly serial: string | undefined;
  /** Events that it saw. */
  readonly causes: readonly string[];
  /** The pair that it wrote, and the stamps that it saw there and wrote over. */
  readonly pair: string | undefined;
  readonly over: readonly string[];
}

/** A token that somebody was given, and what it has to bring into sight. */
export interface GivenToken {
  readonly token: string;
  readonly events: readonly string[];
}

export class Ledger {
  readonly operations = new Map<string, Operation>();
  readonly tokens: GivenToken[] = [];
  /** Events ever shown by any replica. */
  readonly shown = new Set<string>();
  /** Of every Redis that there is. */
  readonly #oracles: () => readonly Oracle[];
  readonly #violation: (problem: string) => void;
  /** Events that were ever in a log. */
  readonly #everLogged = new Set<string>();
  /** Nobody has them any more: they may come, by a request still on its way, or never. */
  readonly #lostEvents = new Set<string>();
  readonly #lostNumbers = new Map<Origin, number[]>();
  /** Events by the names of their transactions, as far as they were in a log or on a disk. */
  readonly #byName = new Map<Origin, Map<number, string>>();
  /** Answered, and in no log yet: on a disk, that is. */
  readonly #journaled = new Set<string>();

  constructor(oracles: () => readonly Oracle[], violation: (problem: string) => void) {
    this.#oracles = oracles;
    this.#violation = violation;
  }

  begin(replica: string): Operation {
    const operation: Operation = {
      id: `e${String(this.operations.size + 1).padStart(4, '0')}`,
      replica,
      outcome: 'open',
      counter: undefined,
      serial: undefined,
    };
    this.operations.set(operation.id, operation);
    return operation;
  }

  settle(operation: Operation, outcome: Outcome): void {
    operation.outcome = outcome;
    const { id } = operation;
    if (outcome === 'answered' && !this.#everLogged.has(id) && !this.#lostEvents.has(id)) this.#journaled.add(id);
    if (outcome === 'refused') this.#checkAbsent(operation);
  }

  isLogged(event: string): boolean {
    return this.#oracles().some((oracle) => oracle.has(event));
  }

  wasEverLogged(event: string): boolean {
    return this.#everLogged.has(event);
  }

  /**
   * A transaction got a place in a log.
   * @param isRepeated whether it had one in that log already @param missing up to which numbers the log goes on without what it saw
   */
  logged(delta: Delta, isRepeated: boolean, missing: Missing): void {
    const event = eventOf(delta);
    if (event !== undefined) this.#name(delta, event);
    for (const [origin, upTo] of missing)
      for (const [number, named] of this.#byName.get(origin) ?? [])
        if (number <= upTo && !this.isLogged(named)) this.cameTooLate(named);
    if (event === undefined) return;
    if (isRepeated) this.#violation(`${event} is in the log twice, now as ${delta.origin} ${delta.number}`);
    this.#everLogged.add(event);
    this.#journaled.delete(event);
    const operation = this.operations.get(event);
    if (operation?.outcome === 'refused' || operation?.outcome === 'open') this.#checkAbsent(operation);
  }

  /** Something that held transactions is gone. @param isHeld whether somebody who is there still has an event */
  reassess(isHeld: (event: string) => boolean): void {
    for (const event of new Set([...this.operations.keys(), ...this.shown]))
      if (!this.isLogged(event) && !isHeld(event)) {
        this.#lostEvents.add(event);
        this.#journaled.delete(event);
      }
  }

  /** It came too late for the log, which went on without it. */
  cameTooLate(event: string): void {
    this.#lostEvents.add(event);
    this.#journaled.delete(event);
  }

  isLost(event: string): boolean {
    return this.#lostEvents.has(event);
  }

  /** Counters, and origins' serial numbers, that a lost event raised: those after it count on from it. */
  get disturbed(): ReadonlySet<string> {
    const names = new Set<string>();
    for (const event of this.#lostEvents) {
      const { counter, serial } = this.operations.get(event) ?? {};
      if (counter !== undefined) names.add(counter);
      if (serial !== undefined) names.add(serial);
    }
    return names;
  }

  seen(event: string): void {
    this.shown.add(event);
    const operation = this.operations.get(event);
    if (!operation || operation.outcome === 'open' || operation.outcome === 'refused')
      this.#violation(`${event} is shown, and was ${operation?.outcome ?? 'never made'}`);
  }

  /** A disk is gone, with these on it. */
  lose(transactions: readonly JournaledTransaction[]): readonly string[] {
    const lost: string[] = [];
    for (const transaction of transactions) {
      const { origin, number } = transaction;
      if (this.#numberOf(origin) >= number) continue;
      this.#lostNumbers.set(origin, [...(this.#lostNumbers.get(origin) ?? []), number]);
      const event = eventOfTransaction(transaction);
      if (event !== undefined) lost.push(event);
    }
    for (const event of lost) {
      this.#lostEvents.add(event);
      this.#journaled.delete(event);
    }
    return lost;
  }

  /** Holds the disks against what was answered. @param disks what is flushed on each */
  checkDisks(disks: readonly (readonly JournaledTransaction[])[]): void {
    if (this.#journaled.size === 0) return;
    const held = new Set<string>();
    for (const transaction of disks.flat()) {
      const event = eventOfTransaction(transaction);
      if (event === undefined) continue;
      held.add(event);
      this.#name(transaction, event);
    }
    for (const event of this.#journaled)
      if (!held.has(event)) this.#violation(`${event} was answered, and is neither in the log nor on a disk`);
  }

  /** Whether an event must be there in the end: it was answered or shown, and no disk took it along. */
  isOwed(event: string): boolean {
    if (this.isLogged(event)) return true;
    if (this.#lostEvents.has(event)) return false;
    return this.operations.get(event)?.outcome === 'answered' || this.shown.has(event);
  }

  /** Whether a token can still be reached: nothing that it shows beside the log went with a disk. */
  isReachable({ token, events }: GivenToken): boolean {
    const { journaled } = decodeToken(token, 'token');
    if (journaled.size > 0 && events.some((event) => this.#lostEvents.has(event))) return false;
    return [...journaled].every(
      ([origin, number]) => this.#numberOf(origin) >= number || !this.#lostUpTo(origin, number),
    );
  }

  count(outcome: Outcome): number {
    return [...this.operations.values()].filter((operation) => operation.outcome === outcome).length;
  }

  #name({ origin, number }: Pick<Delta, 'origin' | 'number'>, event: string): void {
    const events = this.#byName.get(origin) ?? new Map<number, string>();
    this.#byName.set(origin, events.set(number, event));
  }

  #numberOf(origin: Origin): number {
    return Math.max(0, ...this.#oracles().map((oracle) => oracle.numberOf(origin)));
  }

  #lostUpTo(origin: Origin, number: number): boolean {
    const logged = this.#numberOf(origin);
    return (this.#lostNumbers.get(origin) ?? []).some((lost) => lost > logged && lost <= number);
  }

  #checkAbsent({ id, outcome }: Operation): void {
    if (this.#everLogged.has(id)) this.#violation(`${id} is in the log, and was ${outcome}`);
    if (this.shown.has(id)) this.#violation(`${id} was shown, and was ${outcome}`);
  }
}

const eventsByBytes = new WeakMap<Uint8Array, { readonly event: string | undefined }>();

export function eventOfTransaction({ bytes }: JournaledTransaction): string | undefined {
  let known = eventsByBytes.get(bytes);
  if (!known) {
    known = { event: eventOf(decodeDelta(bytes)) };
    eventsByBytes.set(bytes, known);
  }
  return known.event;
}

/** The event in a transaction. */
export function eventOf(delta: Delta): string | undefined {
  return delta.operations.find(({ collection }) => collection === eventCollection)?.id;
}

export function factsOf({ id, state }: StoredDocument): EventFacts {
  const { counter, by, serial, causes, pair, over } = documentValue(state);
  return {
    id,
    counter: typeof counter === 'string' ? counter : undefined,
    by: typeof by === 'number' ? by : 0,
    serial: typeof serial === 'string' ? serial : undefined,
    causes: Array.isArray(causes) ? causes.map(String) : [],
    pair: typeof pair === 'string' ? pair : undefined,
    over: Array.isArray(over) ? over.map(String) : [],
  };
}
