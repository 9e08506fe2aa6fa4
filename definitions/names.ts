/** GraphQL names: those generated from a collection's definition, and those the API reserves. */
import type { CollectionDefinition, FieldDefinition } from './definitions.ts';

const capitalised = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

/** `person` for `Person`: the field that reads one document. */
export const singularField = (type: string): string => type.charAt(0).toLowerCase() + type.slice(1);

/** `LivePeople`: the type of a subscription to the collection. */
export const liveCollectionType = ({ plural }: CollectionDefinition): string => `Live${capitalised(plural)}`;

/** `PersonAddress`: the type of a map in `Person`. */
export const nestedType = (type: string, field: string): string => `${type}${capitalised(field)}`;

/** The map in a field, directly or as the items of a list; it becomes a GraphQL type. */
function nestedMap(field: FieldDefinition): Extract<FieldDefinition, { kind: 'map' }> | undefined {
  if (field.kind === 'list') return nestedMap(field.of);
  return field.kind === 'map' ? field : undefined;
}

/** Each generated type name, with the field that it comes from (`address.city`; empty for the collection itself). */
export function* typeNames(definition: CollectionDefinition): Generator<readonly [string, string]> {
  const { type, fields } = definition;
  for (const suffix of ['', 'Edge', 'Connection', 'Filter', 'Order', 'Input', 'Increment', 'Field', 'Payload']) {
    yield [`${type}${suffix}`, ''];
  }
  for (const suffix of ['', 'Insertion', 'Update']) yield [`Live${type}${suffix}`, ''];
  yield [liveCollectionType(definition), ''];
  yield* nestedTypeNames(type, fields, []);
}

function* nestedTypeNames(
  type: string,
  fields: Readonly<Record<string, FieldDefinition>>,
  path: readonly string[],
): Generator<readonly [string, string]> {
  for (const [name, field] of Object.entries(fields)) {
    const nested = nestedMap(field);
    if (nested === undefined) continue;
    const nestedName = nestedType(type, name);
    const nestedPath = [...path, name];
    const suffixes = field.kind === 'map' ? ['', 'Input', 'Filter', 'Order', 'Increment'] : ['', 'Input'];
    for (const suffix of suffixes) yield [`${nestedName}${suffix}`, nestedPath.join('.')];
    yield* nestedTypeNames(nestedName, nested.fields, nestedPath);
  }
}

/** The root fields generated for a collection. */
export const rootFields = ({ plural, type }: CollectionDefinition): readonly string[] => [
  plural,
  singularField(type),
  `upsert${type}`,
  `update${type}`,
  `remove${type}`,
];

/** The root fields of the generic API, which no collection may redefine. */
export const genericRootFields: readonly string[] = [
  'node',
  'nodes',
  'document',
  'documents',
  'collections',
  'changes',
  'attachment',
  'replica',
  'upsert',
  'upsertMany',
  'update',
  'updateMany',
  'remove',
  'removeMany',
  'evict',
  'evictMany',
  'uploadAttachment',
  'fetchAttachment',
  'evictAttachment',
  'transactions',
  'attachmentFetch',
];

/** The types of the generic API and of GraphQL itself. */
export const genericTypes: readonly string[] = [
  ...['Query', 'Mutation', 'Subscription', 'String', 'Int', 'Float', 'Boolean', 'ID'],
  ...['JSON', 'DateTime', 'File', 'CausalToken', 'Node', 'PageInfo', 'Direction'],
  ...['Document', 'DocumentEdge', 'DocumentConnection', 'Collection', 'Filter', 'Order'],
  ...['FieldType', 'FieldConflict', 'FieldVariant', 'WriteStrategy', 'StoreAs'],
  ...['SetOperation', 'RemoveFieldOperation', 'ReplaceWithCounterOperation', 'IncrementOperation'],
  ...['SetAttachmentOperation', 'UpdateOperation', 'DocumentPayload', 'DocumentsPayload', 'IdsPayload'],
  ...['Attachment', 'AttachmentState', 'AttachmentFetchStatus', 'AttachmentFetchEvent'],
  ...['StorageKind', 'VersionEntry', 'Peer', 'Replica'],
  ...['LiveInsertion', 'LiveUpdate', 'LiveRemoval', 'LiveMove', 'LiveDocuments', 'LiveDocument', 'RemovalReason'],
  ...['ChangeKind', 'Change', 'TransactionEvent', 'Changes', 'RemovedDocument'],
  ...['StringFilter', 'IntFilter', 'FloatFilter', 'BooleanFilter', 'IdFilter'],
  ...['StringListFilter', 'IntListFilter', 'FloatListFilter', 'BooleanListFilter'],
];
