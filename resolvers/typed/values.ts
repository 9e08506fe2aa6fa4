/** Values in the typed view: null stands for a value that does not fit the type of its field. */
import type { FieldDefinition } from '../../definitions/definitions.ts';
import { fieldAt, fitsField } from '../../definitions/values.ts';
import { valueAt } from '../../replica/crdt/document.ts';
import { jsonFromValue } from '../../replica/values/json.ts';
import { AttachmentToken, isValueObject, type Value, type ValueObject } from '../../replica/values/value.ts';
import { attachmentRecord } from '../../uploads/attachments.ts';
import type { Context } from '../context.ts';
import type { TypedDocument } from '../nodes.ts';

export const documentField = ({ document }: TypedDocument, name: string): Value | undefined =>
  valueAt(document.state, [name]);

export const memberField = (map: ValueObject, name: string): Value | undefined =>
  Object.hasOwn(map, name) ? map[name] : undefined;

/**
 * The value in the form of its GraphQL type: JSON for `json` and `mapOf`, records for attachments, the object itself
 * for a map.
 */
export function shownValue(field: FieldDefinition, value: Value | undefined, context: Context): unknown {
  if (value === undefined) return field.kind === 'counter' ? 0 : null;
  if (value === null || !fitsField(field, value)) return null;
  switch (field.kind) {
    case 'json':
      return jsonFromValue(value);
    case 'mapOf':
      return jsonFromValue(fittingPart(field, value));
    case 'attachment':
      return value instanceof AttachmentToken ? attachmentRecord(context.reader, value.id) : null;
    case 'list':
      return Array.isArray(value) ? value.map((item: Value) => shownValue(field.of, item, context)) : null;
    default:
      return value;
  }
}

/** The value, with null in place of each member that does not fit. */
function fittingPart(field: FieldDefinition, value: Value): Value {
  if (!fitsField(field, value)) return null;
  if (!isValueObject(value) || (field.kind !== 'map' && field.kind !== 'mapOf')) return value;
  const part: Record<string, Value> = Object.create(null);
  for (const [key, member] of Object.entries(value)) {
    const defined = field.kind === 'mapOf' ? field.of : fieldAt(field.fields, key);
    part[key] = defined === undefined ? member : fittingPart(defined, member);
  }
  return part;
}
