/**
 * The changes of a collection since a token, document by document, for clients that keep a copy.
 * L51. All is told in the order of the last touch (L50), and a page's token names the place up to which it was told: a document
 *      that is touched later stands behind that place, and is told again. So pages may be asked for at any time, of any replica.
 * L52. What lies over the log is told with the last page: journaled writes, and evictions since the token.
 * L53. Where it is not known what the token's holder saw, or which documents were removed since, all is told anew.
 */

import { limits } from '../../limits.ts';
import type { ChangesPage, ChangesRequest } from '../changes-page.ts';
import type { Position } from '../crdt/version.ts';
import type { Random } from '../environment/random.ts';
import { newSecret } from '../log/ids.ts';
import { compileFilter } from '../query/filters/filter.ts';
import type { StoredDocument } from '../query/stored-document.ts';
import type { Prefix } from '../state/prefix.ts';
import type { ReplicaState } from '../state/state.ts';
import { decodeToken, type Token, type Told } from '../token.ts';
import type { Standing } from './standing.ts';
import { TouchOrder } from './touch-order.ts';

/** The place at which a client continues, and what it knows by then. */
interface From extends Omit<Told, 'place' | 'process'> {
  /** An undefined id stands for the end of that position. */
  readonly place: { readonly position: Position; readonly id: string | undefined };
}

export class Changes {
  readonly #state: ReplicaState;
  readonly #standing: Standing;
  readonly #random: Random;
  /** A random name of this process, made when somebody asks for changes. */
  #name: string | undefined;
  #orders: TouchOrders;

  constructor(state: ReplicaState, standing: Standing, random: Random) {
    this.#state = state;
    this.#standing = standing;
    this.#random = random;
    this.#orders = new TouchOrders(state.prefix);
  }

  get #process(): string {
    this.#name ??= newSecret(this.#random);
    return this.#name;
  }

  /** @throws {BadUserInputError} `after` is no token */
  read({ collection, filter, first, after }: ChangesRequest): ChangesPage {
    if (this.#orders.prefix !== this.#state.prefix) this.#orders = new TouchOrders(this.#state.prefix);
    const order = this.#orders.of(collection);
    const known = after === undefined ? undefined : this.#from(decodeToken(after, 'after'));
    const from = known ?? this.#beginning();
    const page = new PageOfChanges(compileFilter(filter));
    let { position, id } = from.place;
    let hasMore = false;
    let lookedAt = 0;
    for (const place of order.after(position, id)) {
      hasMore = page.size >= first || lookedAt >= limits.changesLookedAt;
      if (hasMore) break;
      lookedAt += 1;
      ({ position, id } = place);
      page.tell(place.id, this.#state.logged(collection, place.id), place.position > from.begun);
    }
    if (!hasMore) this.#tellWhatLiesOver(page, collection, from.evictions);
    return {
      initial: known === undefined,
      documents: page.documents,
      removed: page.removed,
      token: this.#tokenOf(from, hasMore ? { position, id: id ?? '' } : undefined),
      hasMore,
    };
  }

  /** A client that begins has nothing. */
  #beginning(): From {
    const { head, removed } = this.#state.prefix;
    const place = { position: 0, id: '' };
    return { place, begun: head.position, time: removed.newest, evictions: this.#state.evictions.added };
  }

  #tokenOf(from: From, place: Told['place']): string {
    const process = this.#process;
    if (place !== undefined) return this.#state.tokenOf({ ...from, place, process });
    const { removed } = this.#state.prefix;
    const evictions = this.#state.evictions.added;
    return this.#state.tokenOf({ place, begun: 0, time: removed.newest, evictions, process });
  }

  #tellWhatLiesOver(page: PageOfChanges, collection: string, evictions: number): void {
    const state = this.#state;
    for (const id of state.journaledIds(collection)) page.tellInstead(id, state.durable.get(collection, id));
    for (const id of state.evictions.addedSince(collection, evictions))
      page.tellInstead(id, state.durable.get(collection, id));
  }

  /** L53. Undefined where it is not known what changed since the token. */
  #from(token: Token): From | undefined {
    const { told, journaled, evicted } = token;
    const isOwn = told?.process === this.#process;
    if (!this.#standing.isReached(token) || (evicted && !isOwn) || !this.#hasAll(journaled)) return undefined;
    const evictions = isOwn ? told.evictions : 0;
    const allOfIt = { position: token.position, id: undefined };
    const { removed } = this.#state.prefix;
    if (told === undefined) {
      // It does not say at which time it was given.
      if (token.position < Math.max(this.#orders.begun, removed.forgottenUpTo)) return undefined;
      return { place: allOfIt, begun: 0, time: removed.newest, evictions };
    }
    if (!removed.reachBackTo(told.time)) return undefined;
    return { place: told.place ?? allOfIt, begun: told.begun, time: told.time, evictions };
  }

  /** Whether journaled transactions that were shown are still, or came into the log: what was shown of one that did not is wrong. */
  #hasAll(journaled: Token['journaled']): boolean {
    const { skipped } = this.#state.prefix;
    if (journaled.size === 0) return true;
    return skipped.length < limits.skippedNumbers && !skipped.some(({ origin }) => journaled.has(origin));
  }
}

/** The contents of a page. */
class PageOfChanges {
  readonly #matches: (document: StoredDocument) => boolean;
  readonly #documents = new Map<string, StoredDocument>();
  readonly #removed = new Set<string>();

  constructor(matches: (document: StoredDocument) => boolean) {
    this.#matches = matches;
  }

  get size(): number {
    return this.#documents.size + this.#removed.size;
  }

  get documents(): readonly StoredDocument[] {
    return [...this.#documents.values()];
  }

  get removed(): readonly string[] {
    return [...this.#removed];
  }

  /** @param mayBeHeld whether the client may have it where it does not match */
  tell(id: string, document: StoredDocument | undefined, mayBeHeld: boolean): void {
    if (document && this.#matches(document)) this.#documents.set(id, document);
    else if (mayBeHeld) this.#removed.add(id);
  }

  /** In the place of what was told of it. */
  tellInstead(id: string, document: StoredDocument | undefined): void {
    this.#documents.delete(id);
    this.#removed.delete(id);
    this.tell(id, document, true);
  }
}

/** The orders of one prefix that were asked for. */
class TouchOrders {
  readonly prefix: Prefix;
  /** Every removal behind it was seen here. */
  readonly begun: Position;
  readonly #orders = new Map<string, TouchOrder>();

  constructor(prefix: Prefix) {
    this.prefix = prefix;
    this.begun = prefix.head.position;
    prefix.watch({ put: ({ collection, id }) => this.#orders.get(collection)?.touched(id) });
  }

  of(collection: string): TouchOrder {
    const known = this.#orders.get(collection);
    if (known !== undefined) return known;
    const made = new TouchOrder(this.prefix, collection);
    // Names of collections that there are not are made up at will.
    if (!made.isEmpty) this.#orders.set(collection, made);
    return made;
  }
}
