/**
 * Live queries over what is durable here.
 * L36. Who comes back with a token is told at once what leads from its result to now.
 */

import { changeBetween } from '../query/live/change-between.ts';
import type { DocumentList } from '../query/live/document-list.ts';
import type { LiveReader } from '../query/live/live-queries.ts';
import { type DocumentChange, type LiveQueryDefinition, wholeResult } from '../query/live/live-query.ts';
import type { LiveEvent, OpenLiveQuery } from '../replica.ts';
import type { Loaded } from '../running/wiring.ts';
import { decodeToken } from '../token.ts';

/** Of what is durable now: it may be replaced while a live query is open. */
type Durable = () => Pick<Loaded, 'live' | 'standing' | 'state'>;

export class OpenedLiveQuery implements OpenLiveQuery {
  readonly #durable: Durable;
  readonly #collection: string;
  readonly #reader: LiveReader;

  constructor(durable: Durable, definition: LiveQueryDefinition, told: (event: LiveEvent) => void) {
    this.#durable = durable;
    this.#collection = definition.collection;
    this.#reader = durable().live.open(definition, (change) =>
      told({ initial: false, change, token: durable().standing.token }),
    );
  }

  first(after?: string): LiveEvent {
    const durable = this.#durable();
    const { token } = durable.standing;
    const changes = after === undefined ? undefined : changesSince(durable, this.#collection, after);
    if (changes === undefined) return { initial: true, change: wholeResult(this.#reader.result), token };
    return { initial: false, change: this.#reader.since(changes), token };
  }

  since(result: DocumentList): LiveEvent | undefined {
    const { state, standing } = this.#durable();
    const change = changeBetween(result, this.#reader.result, (id) => state.reasonToBeMissing(this.#collection, id));
    return change && { initial: false, change, token: standing.token };
  }

  [Symbol.dispose](): void {
    this.#reader.close();
  }
}

/**
 * L37. Undefined where it is not known what a token's holder saw, or what happened since: a token of another history, of a
 * part of `changes`, with journaled numbers, of a replica where documents are evicted, or from before what recent history reaches back to.
 */
function changesSince(
  { state, standing }: Pick<Loaded, 'standing' | 'state'>,
  collection: string,
  after: string,
): readonly DocumentChange[] | undefined {
  const token = decodeToken(after, 'after');
  const isPart = token.told?.place !== undefined;
  if (isPart || token.journaled.size > 0 || token.evicted || !standing.isReached(token)) return undefined;
  return state.changesSince(collection, token.position);
}
