/** Transactions as they are staged, made by hand. */
import { encodeDelta } from '../../replica/codec/delta-codec.ts';
import { type Context, noOthers } from '../../replica/crdt/version.ts';
import type { StagedTransaction } from '../../replica/history/staged.ts';

const origin = 'a';
const log = 'one';

/** Sets `n` of a document of the collection cars to its own number. */
export function staged(number: number, id = 'vw'): StagedTransaction {
  const numberBefore = number - 1;
  const context: Context = { log, position: 0, numberBefore, others: noOthers };
  const delta = {
    origin,
    number,
    context,
    time: number,
    operations: [
      {
        collection: 'cars',
        id,
        operations: [
          { kind: 'makeMap' as const, path: [], isDefault: false },
          { kind: 'assign' as const, path: ['n'], value: number, floors: [], isDefault: false },
        ],
      },
    ],
  };
  return { origin, number, numberBefore, bytes: encodeDelta(delta), context: { log, position: 0, mark: '' }, delta };
}
