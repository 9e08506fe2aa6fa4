/** Who read a live query anywhere, left, and comes back with its last token to any replica: it goes on with what it had. */
import { ReplicaBehindError, StoreUnavailableError, TokenUnreachableError } from '../../errors.ts';
import type { LiveQueryDefinition } from '../../replica/query/live/result-change.ts';
import type { StoredDocument } from '../../replica/query/stored-document.ts';
import { LiveResult } from './live-result.ts';
import type { Machine, Running } from './machine.ts';
import type { World } from './world.ts';

export interface ReaderThatLeft {
  readonly definition: LiveQueryDefinition;
  readonly documents: readonly StoredDocument[];
  /** Of the last event. */
  readonly token: string;
}

const maximum = 50;

export function leave(world: World, { observer }: Running): void {
  const left = observer.leave(world.random);
  if (left === undefined) return;
  if (world.readersThatLeft.length < maximum) world.readersThatLeft.push(left);
  else world.readersThatLeft[world.random.below(maximum)] = left;
}

export async function comeBack(world: World, machine: Machine, { process, replica }: Running): Promise<void> {
  const { random } = world;
  if (world.readersThatLeft.length === 0) return;
  const { definition, documents, token } = random.pick(world.readersThatLeft);
  try {
    await replica.waitFor(token, 1_000);
  } catch (error) {
    if (error instanceof ReplicaBehindError || error instanceof StoreUnavailableError) return;
    if (!(error instanceof TokenUnreachableError)) throw error;
  }
  if (!process.isAlive) return;
  using live = replica.live(definition, () => {});
  const { initial, change } = live.first(token);
  world.cameBack[initial ? 'toTheWhole' : 'toTheChange'] += 1;
  const result = new LiveResult(definition);
  if (!initial) result.documents = documents;
  using view = replica.read();
  const problem = result.take(change) ?? result.compare(view);
  if (problem !== undefined)
    world.violation(machine.name, `a reader of ${definition.collection} that came back was told ${problem}`);
}
