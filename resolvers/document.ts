/** Resolvers of `Document`: the fields of a document in the generic API. */
import { millisecondsOf } from '../replica/crdt/clock.ts';
import {
  conflictsOf,
  documentValue,
  type FieldVariant,
  updatedAt as timeOfNewest,
  valueAt,
} from '../replica/crdt/document.ts';
import { fieldReader } from '../replica/query/filters/fields.ts';
import type { StoredDocument } from '../replica/query/stored-document.ts';
import { type Json, jsonFromValue } from '../replica/values/json.ts';
import { formatKeypath, parseKeypath } from '../replica/values/keypath.ts';
import { AttachmentToken, type Value } from '../replica/values/value.ts';
import { type AttachmentRecord, attachmentRecord } from '../uploads/attachments.ts';
import type { Context } from './context.ts';
import { encodeGlobalId } from './global-ids.ts';

export const globalId = ({ collection, id }: Pick<StoredDocument, 'collection' | 'id'>): string =>
  encodeGlobalId({ view: 'document', collection, id });

export function value(document: StoredDocument): Json {
  const whole: Record<string, Value> = Object.assign(Object.create(null), { _id: document.id });
  return jsonFromValue(Object.assign(whole, documentValue(document.state)));
}

export function at(document: StoredDocument, args: { readonly path: string }, { warnings }: Context): Json | undefined {
  const path = parseKeypath(args.path, 'path');
  const found = fieldReader(path)(document);
  if (found === undefined) warnings?.keypath(document.collection, path);
  return found === undefined ? undefined : jsonFromValue(found);
}

export function attachment(
  document: StoredDocument,
  args: { readonly path: string },
  { reader, warnings }: Context,
): AttachmentRecord | undefined {
  const path = parseKeypath(args.path, 'path');
  const token = valueAt(document.state, path);
  if (token === undefined) warnings?.keypath(document.collection, path);
  return token instanceof AttachmentToken ? attachmentRecord(reader, token.id) : undefined;
}

/** Milliseconds since 1970. */
export const updatedAt = ({ state }: StoredDocument): number => millisecondsOf(timeOfNewest(state));

export interface ConflictShape {
  readonly path: string;
  readonly shown: VariantShape;
  readonly retained: readonly VariantShape[];
}

export interface VariantShape {
  readonly type: FieldVariant['type'];
  readonly value: Json;
  readonly replica: string;
  /** Milliseconds since 1970. */
  readonly writtenAt: number;
}

export function conflicts({ state }: StoredDocument): readonly ConflictShape[] {
  return conflictsOf(state).map(({ path, shown, retained }) => ({
    path: formatKeypath(path),
    shown: variantShape(shown),
    retained: retained.map(variantShape),
  }));
}

const variantShape = ({ type, value, origin, time }: FieldVariant): VariantShape => ({
  type,
  value: jsonFromValue(value),
  replica: origin,
  writtenAt: millisecondsOf(time),
});
