/**
 * Live queries over what is durable here.
 * L36. Who comes back with a token is told at once what leads from its result to now.
 */

import { changeBetween } from '../query/live/change-between.ts';
import type { DocumentList } from '../query/live/document-list.ts';
import type { LiveQueries, LiveReader } from '../query/live/live-queries.ts';
import { wholeResult } from '../query/live/live-query.ts';
import type { DocumentChange, LiveQueryDefinition } from '../query/live/result-change.ts';
import type { LiveEvent, OpenLiveQuery } from '../replica.ts';
import type { ReplicaState } from '../state/state.ts';
import { decodeToken } from '../token.ts';
import type { Standing } from './standing.ts';

/** The durable state, and what reads it. */
interface Durable {
  readonly live: LiveQueries;
  readonly standing: Standing;
  readonly state: ReplicaState;
}

export class OpenedLiveQuery implements OpenLiveQuery {
  readonly #durable: Durable;
  readonly #collection: string;
  readonly #reader: LiveReader;

  constructor(durable: Durable, definition: LiveQueryDefinition, told: (event: LiveEvent) => void) {
    this.#durable = durable;
    this.#collection = definition.collection;
    this.#reader = durable.live.open(definition, (change) =>
      told({ initial: false, change, token: durable.state.token }),
    );
  }

  first(after?: string): LiveEvent {
    const { token } = this.#durable.state;
    const changes = after === undefined ? undefined : changesSince(this.#durable, this.#collection, after);
    if (changes === undefined) return { initial: true, change: wholeResult(this.#reader.result), token };
    return { initial: false, change: this.#reader.since(changes), token };
  }

  since(result: DocumentList): LiveEvent | undefined {
    const { state } = this.#durable;
    const change = changeBetween(result, this.#reader.result, (id) => state.reasonToBeMissing(this.#collection, id));
    return change && { initial: false, change, token: state.token };
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
  { state, standing }: Pick<Durable, 'standing' | 'state'>,
  collection: string,
  after: string,
): readonly DocumentChange[] | undefined {
  const token = decodeToken(after, 'after');
  const isPart = token.told?.place !== undefined;
  if (isPart || token.journaled.size > 0 || token.evicted || !standing.isReached(token)) return undefined;
  return state.changesSince(collection, token.position);
}
