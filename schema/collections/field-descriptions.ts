/** The description of a field whose definition has none. */
import type { FieldDefinition } from '../../definitions/definitions.ts';

const byKind: Readonly<Record<FieldDefinition['kind'], string>> = {
  string: 'Text.',
  int: 'A whole number.',
  float: 'A number.',
  boolean: 'True or false.',
  json: 'Any JSON value.',
  counter: 'A counter: `increment` alone changes it; 0 where it was never written.',
  attachment: 'An uploaded file.',
  list: 'A list, written and merged as one value.',
  map: 'Fields that merge one by one.',
  mapOf: 'Values by key, which merge key by key.',
};

export const fieldDescription = ({ description, kind }: FieldDefinition): string => description ?? byKind[kind];
