/** What a site holds is enough: the state that is loaded from it alone, held against the log as Redis got it. */
import { documentExists } from '../../replica/crdt/document.ts';
import { loadStored } from '../../replica/sync/snapshots/load.ts';
import { type Oracle, sameState } from './oracle.ts';
import { logOver, snapshotsOver } from './ports.ts';
import type { SimulatedRedis } from './redis.ts';

const quiet = { info() {}, warn() {}, error() {} };
const atOnce = (redis: SimulatedRedis) => ({
  request: async <Answer>(_: number, perform: (redis: SimulatedRedis) => Answer) => perform(redis),
  watch: () => ({ [Symbol.dispose]: () => {} }),
});

/** Loads all that is stored, in no time. @returns what is wrong with it */
export async function problemOfStored(redis: SimulatedRedis, oracle: Oracle): Promise<string | undefined> {
  const head = redis.head();
  if (!head) return undefined;
  const parts = {
    log: logOver(atOnce(redis)),
    snapshots: snapshotsOver(atOnce(redis)),
    logger: quiet,
  };
  const { prefix } = await loadStored(parts, head);
  if (prefix.head.position !== head.position)
    return `what is stored ends at ${prefix.head.position}, the log at ${head.position}`;
  let expected = 0;
  for (const [collection, id, state] of oracle.statesAt(head.position)) {
    if (state) expected += 1;
    if (!sameState(state, prefix.state(collection, id)))
      return `${collection} ${id} is stored as another than in the log`;
    const isGone = !documentExists(state);
    if (isGone !== (prefix.removed.get(collection, id) !== undefined) && oracle.everExisted(collection, id))
      return `${collection} ${id} ${isGone ? 'was removed, which is not stored' : 'is there, and stored as removed'}`;
  }
  if (prefix.size !== expected) return `${prefix.size} documents are stored, and the log has ${expected}`;
  for (const [origin, number] of redis.origins())
    if (prefix.origins.get(origin) !== number)
      return `${origin} is stored at ${prefix.origins.get(origin)}, not ${number}`;
  return undefined;
}
