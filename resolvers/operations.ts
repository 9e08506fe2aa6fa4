/** Checks the operations of `update`. */
import { AttachmentNotFoundError, BadUserInputError, IdImmutableError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { UpdateOperation } from '../replica/crdt/writes.ts';
import type { DocumentReader } from '../replica/query/access/document-reader.ts';
import { valueFromJson } from '../replica/values/json.ts';
import type { Path } from '../replica/values/keypath.ts';
import { parseKeypath } from '../replica/values/keypath.ts';
import { AttachmentToken, isValueObject, levelsOf, type Value } from '../replica/values/value.ts';
import { attachmentRecord } from '../uploads/attachments.ts';
import { checkBytes } from './arguments.ts';
import type { Context } from './context.ts';

/** Exactly one member is set, as the schema declares it @oneOf. */
export interface UpdateOperationInput {
  readonly set?: {
    readonly path: string;
    readonly value?: unknown;
    readonly as?: 'REGISTER' | 'MAP' | null | undefined;
  } | null;
  readonly remove?: { readonly path: string } | null;
  readonly replaceWithCounter?: { readonly path: string } | null;
  readonly increment?: { readonly path: string; readonly by: number } | null;
  readonly setAttachment?: { readonly path: string; readonly attachment: string } | null;
}

/** @throws {BadUserInputError} @throws {IdImmutableError} */
export function checkOperations(
  inputs: readonly UpdateOperationInput[],
  collection: string,
  { definitions }: Context,
): readonly UpdateOperation[] {
  const isCounter = (path: Path) => definitions.isCounter(collection, path);
  const checked: UpdateOperation[] = [];
  for (const [index, input] of inputs.entries()) {
    const { operation, argument } = operationOf(input, `operations.${index}`);
    definitions.checkUpdate(collection, operation, argument);
    if (beginsCounter(operation, isCounter)) checked.push({ kind: 'remove', path: operation.path });
    checked.push(operation);
  }
  return checked;
}

/**
 * Whether a number is set where a counter is defined. The counter then starts again from this number: a plain `set`
 * would leave a register there, which later increments could not change.
 */
function beginsCounter(operation: UpdateOperation, isCounter: (path: Path) => boolean): boolean {
  return operation.kind === 'set' && typeof operation.value === 'number' && isCounter(operation.path);
}

/** An operation with its name in the arguments: `operations.0.set`. */
interface NamedOperation {
  readonly operation: UpdateOperation;
  readonly argument: string;
}

function operationOf(input: UpdateOperationInput, place: string): NamedOperation {
  if (input.set) {
    const argument = `${place}.set`;
    const { path, value, as } = input.set;
    if (value === undefined) throw new BadUserInputError(`${argument}.value`, 'is missing: send null to set null');
    const keys = pathOf(path, argument);
    const written = writtenValue(value, keys, `${argument}.value`);
    if (as === 'MAP' && !isValueObject(written)) {
      throw new BadUserInputError(`${argument}.as`, 'only an object can be stored as a map');
    }
    return { argument, operation: { kind: 'set', path: keys, value: written, as: as ?? undefined } };
  }
  if (input.remove) {
    const argument = `${place}.remove`;
    return { argument, operation: { kind: 'remove', path: pathOf(input.remove.path, argument) } };
  }
  if (input.replaceWithCounter) {
    const argument = `${place}.replaceWithCounter`;
    return {
      argument,
      operation: { kind: 'replaceWithCounter', path: pathOf(input.replaceWithCounter.path, argument) },
    };
  }
  if (input.increment) {
    const argument = `${place}.increment`;
    const { path, by } = input.increment;
    return {
      argument,
      operation: { kind: 'increment', path: pathOf(path, argument), by: checkFinite(by, `${argument}.by`) },
    };
  }
  if (input.setAttachment) {
    const argument = `${place}.setAttachment`;
    const value = new AttachmentToken(input.setAttachment.attachment);
    const path = pathOf(input.setAttachment.path, argument);
    return { argument, operation: { kind: 'set', path, value, as: undefined } };
  }
  throw new BadUserInputError(
    place,
    'an operation must be one of set, remove, replaceWithCounter, increment, setAttachment',
  );
}

function pathOf(text: string, argument: string): Path {
  const path = parseKeypath(text, `${argument}.path`);
  if (path[0] === '_id') throw new IdImmutableError(`${argument}.path`);
  return path;
}

/** @throws {BadUserInputError} @throws {PayloadTooLargeError} */
function writtenValue(json: unknown, path: Path, argument: string): Value {
  const value = valueFromJson(json, argument);
  if (path.length + levelsOf(value) > limits.documentDepth) {
    throw new BadUserInputError(argument, `a document may have at most ${limits.documentDepth} levels`);
  }
  checkBytes(json, argument);
  return value;
}

/** Needed because GraphQL accepts the literal 1e999. @throws {BadUserInputError} */
export function checkFinite(by: number, argument: string): number {
  if (!Number.isFinite(by)) throw new BadUserInputError(argument, 'must be a finite number');
  return by;
}

/** The ids of the attachments in `setAttachment` operations. */
export function namedAttachments(inputs: readonly UpdateOperationInput[]): readonly string[] {
  const ids: string[] = [];
  for (const { setAttachment } of inputs) if (setAttachment) ids.push(setAttachment.attachment);
  return ids;
}

/** @throws {AttachmentNotFoundError} */
export function checkAttachments(reader: DocumentReader, ids: readonly string[]): void {
  for (const id of ids) if (attachmentRecord(reader, id) === undefined) throw new AttachmentNotFoundError(id);
}
