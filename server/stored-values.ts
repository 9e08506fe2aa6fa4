/**
 * Checks stored documents against changed definitions at the start: logs a line for each field with values that do not
 * fit.
 */
import { setImmediate } from 'node:timers/promises';
import type { CollectionDefinition, Definitions } from '../definitions/definitions.ts';
import { definedFields, fitsWhole } from '../definitions/misfits.ts';
import { kindName } from '../definitions/values.ts';
import { HistoryUnavailableError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Logger } from '../replica/environment/logger.ts';
import { fieldReader } from '../replica/query/filters/fields.ts';
import type { Replica } from '../replica/replica.ts';
import { formatKeypath } from '../replica/values/keypath.ts';

/**
 * Checks all documents of defined collections, in short turns, over one view per collection. A collection that takes
 * longer than a view may be open is abandoned, with a line that says so.
 * @param isOver whether the replica is closed, or closing
 */
export async function reportMisfits(
  replica: Replica,
  { collections }: Definitions,
  logger: Logger,
  isOver: () => boolean,
): Promise<void> {
  for (const definition of collections) {
    try {
      await reportCollection(replica, definition, logger, isOver);
    } catch (error) {
      if (isOver()) return;
      if (!(error instanceof HistoryUnavailableError)) throw error;
      const collection = definition.name;
      logger.info({ collection }, 'the collection is too large to be checked against its definition at the start');
    }
  }
}

async function reportCollection(
  replica: Replica,
  definition: CollectionDefinition,
  logger: Logger,
  isOver: () => boolean,
): Promise<void> {
  const { name: collection } = definition;
  const fields = definedFields(definition).map(({ path, field }) => ({
    path,
    field,
    read: fieldReader(path),
    count: 0,
  }));
  using view = replica.read();
  let left: number = limits.keysPerTurn;
  for (const document of view.all(collection)) {
    for (const each of fields) {
      const value = each.read(document);
      if (value !== undefined && !fitsWhole(each.field, value)) each.count += 1;
    }
    left -= 1;
    if (left > 0) continue;
    await setImmediate();
    if (isOver()) return;
    left = limits.keysPerTurn;
  }
  for (const { path, field, count } of fields) {
    if (count === 0) continue;
    const keypath = formatKeypath(path);
    const problem = `${keypath} of ${collection} is defined as ${kindName(field)}, but ${count} stored documents have another type of value there`;
    logger.warn({ collection, field: keypath, documents: count }, `${problem}: the typed API shows null for them`);
  }
}
