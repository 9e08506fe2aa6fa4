/**
 * Live queries over what is durable here.
 * L36. Who comes back with a token is told at once what leads from its result to now.
 */

import type { Loaded } from './loaded.ts';
import { changeBetween } from './query/change-between.ts';
import { type DocumentChange, type LiveQueryDefinition, wholeResult } from './query/live-query.ts';
import type { LiveEvent, OpenLiveQuery } from './replica.ts';
import { decodeToken } from './token.ts';

/** @param loaded as of now: what is durable may be replaced while the live query is open */
export function openLive(
  loaded: () => Pick<Loaded, 'live' | 'standing' | 'state'>,
  definition: LiveQueryDefinition,
  told: (event: LiveEvent) => void,
): OpenLiveQuery {
  const token = () => loaded().standing.token;
  const reader = loaded().live.open(definition, (change) => told({ initial: false, change, token: token() }));
  return {
    first(after) {
      const changes = after === undefined ? undefined : changesSince(loaded(), definition.collection, after);
      const change = changes === undefined ? wholeResult(reader.result) : reader.since(changes);
      return { initial: changes === undefined, change, token: token() };
    },
    since(result) {
      const { state, standing } = loaded();
      const { collection } = definition;
      const change = changeBetween(result, reader.result, (id) => state.reasonToBeMissing(collection, id));
      return change && { initial: false, change, token: standing.token };
    },
    [Symbol.dispose]: () => reader.close(),
  };
}

/**
 * L37. Undefined where it is not known what a token's holder saw, or what happened since: a token of another history, with
 * journaled numbers, of a replica where documents are evicted, or from before what recent history reaches back to.
 */
function changesSince(
  { state, standing }: Pick<Loaded, 'standing' | 'state'>,
  collection: string,
  after: string,
): readonly DocumentChange[] | undefined {
  const token = decodeToken(after, 'after');
  if (token.journaled.size > 0 || token.evicted || !standing.isReached(token)) return undefined;
  return state.changesSince(collection, token.position);
}
