/**
 * The file in the data folder for transactions that came too late for the log: one line of JSON for each, readable for
 * people and programs. docs/guide/recovery.md, section "What came too late".
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { StoreUnavailableError } from '../../errors.ts';
import { decodeDelta } from '../codec/delta-codec.ts';
import { millisecondsOf } from '../crdt/clock.ts';
import type { WireOperation } from '../crdt/delta.ts';
import type { JournaledTransaction } from '../log/journal.ts';
import { jsonFromValue } from '../values/json.ts';
import { formatKeypath } from '../values/keypath.ts';

const tooLateName = 'too-late.ndjson';

export class TooLateFile {
  readonly #path: string;

  /** @param folder the data folder */
  constructor(folder: string) {
    this.#path = join(folder, tooLateName);
  }

  /**
   * Resolves once the lines are flushed. After a crash a transaction may be in the file twice.
   * @throws {StoreUnavailableError}
   */
  async add(transactions: readonly JournaledTransaction[]): Promise<void> {
    const lines = transactions.map((transaction) => `${JSON.stringify(describe(transaction))}\n`);
    try {
      await using file = await open(this.#path, 'a');
      await file.appendFile(lines.join(''));
      await file.sync();
    } catch (error) {
      throw new StoreUnavailableError(`${this.#path} cannot be written`, { cause: error });
    }
  }
}

function describe({ bytes }: JournaledTransaction): object {
  const { origin, number, time, operations } = decodeDelta(bytes);
  return {
    replica: origin,
    number,
    time: new Date(millisecondsOf(time)).toISOString(),
    changes: operations.map((touched) => ({ ...touched, operations: touched.operations.map(describeOperation) })),
  };
}

function describeOperation(operation: WireOperation): object {
  const { kind } = operation;
  const path = formatKeypath(operation.path);
  switch (kind) {
    case 'assign':
      return { set: path, value: jsonFromValue(operation.value) };
    case 'makeMap':
      return { makeMap: path };
    case 'makeCounter':
      return { makeCounter: path, base: operation.base };
    case 'increment': {
      const { before, after } = operation;
      return { increment: path, by: after.up - before.up - (after.down - before.down) };
    }
    case 'remove':
      return { remove: path };
  }
}
