/** Checks the export of a definitions file. It is user code, so it may export anything. */
import { DefinitionError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Path } from '../replica/values/keypath.ts';
import type { CollectionDefinition, Definitions, FieldDefinition } from './definitions.ts';
import { genericRootFields, genericTypes, rootFields, singularField, typeNames } from './names.ts';
import { checkOperation } from './updates.ts';
import { checkFields, fieldAt } from './values.ts';

const graphqlName = /^[_A-Za-z][_0-9A-Za-z]*$/;

/** `and`, `or`, `not` are members of filters; the enum of field names cannot contain `true`, `false`, `null`. */
const reservedFields = new Set(['_id', 'id', 'document', 'and', 'or', 'not', 'true', 'false', 'null']);

/** An upsert has the argument `strategy` beside the singular field, and a live document has these fields beside it. */
const reservedSingulars = new Set(['strategy', 'initial', 'merged', 'token']);

const scalarKinds = ['string', 'int', 'float', 'boolean', 'json', 'counter', 'attachment'] as const;
type ScalarKind = (typeof scalarKinds)[number];
const isScalarKind = (kind: unknown): kind is ScalarKind => scalarKinds.some((known) => known === kind);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @throws {DefinitionError} lists all faults, one per line, with collection and field */
export function checkDefinitions(source: unknown): Definitions {
  const faults: string[] = [];
  if (!isRecord(source)) {
    throw new DefinitionError(
      'the default export of the definitions must be an object: export default defineCollections({ … })',
    );
  }
  const collections = Object.entries(source).flatMap(([name, value]) => checkCollection(name, value, faults) ?? []);
  checkCollisions(collections, faults);
  if (faults.length > 0) throw new DefinitionError(faults.join('\n'));
  return definitionsOf(collections);
}

function checkCollection(name: string, source: unknown, faults: string[]): CollectionDefinition | undefined {
  const fault = (problem: string): undefined => {
    faults.push(`collection ${JSON.stringify(name)}: ${problem}`);
  };
  if (!graphqlName.test(name) || name.startsWith('__')) {
    return fault('its name must be a GraphQL name: letters, digits and _, not beginning with a digit or __');
  }
  if (name.length > limits.collectionCharacters) {
    return fault(`its name may have at most ${limits.collectionCharacters} characters`);
  }
  if (!isRecord(source)) return fault("it must be made with collection('Type', { … })");
  const { type, description, plural = name } = source;
  if (typeof type !== 'string' || !graphqlName.test(type) || !/^[A-Z]/.test(type)) {
    return fault('its type must be a GraphQL name with a capital first letter, such as Person');
  }
  if (reservedSingulars.has(singularField(type)))
    return fault(`the type name ${type} is reserved by the API: choose another`);
  if (description !== undefined && typeof description !== 'string') return fault('its description must be a string');
  if (typeof plural !== 'string' || !graphqlName.test(plural) || plural.startsWith('__')) {
    return fault('its plural, the name of the field that reads many, must be a GraphQL name, such as allSheep');
  }
  if (plural === singularField(type)) {
    return fault(
      `the fields of one and of many would both be ${plural}: rename the latter, such as collection('${type}', { … }, { plural: 'all${type}' })`,
    );
  }
  const fields = checkFieldsOf(source.fields, {
    path: [],
    inValue: false,
    fault: (path, problem) => faults.push(`collection ${JSON.stringify(name)}, field ${path.join('.')}: ${problem}`),
  });
  if (fields === undefined) return fault('its fields must be an object with at least one field');
  return { name, plural, type, description, fields };
}

/** The place of a field definition in a collection; `inValue` is true inside a list or a mapOf. */
interface Place {
  readonly path: readonly string[];
  readonly inValue: boolean;
  readonly fault: (path: readonly string[], problem: string) => void;
}

/** Undefined if there are no fields. Leaves out faulty ones. */
function checkFieldsOf(source: unknown, place: Place): Readonly<Record<string, FieldDefinition>> | undefined {
  if (!isRecord(source) || Object.keys(source).length === 0) return undefined;
  const fields: Record<string, FieldDefinition> = Object.create(null);
  for (const [name, value] of Object.entries(source)) {
    const path = [...place.path, name];
    if (!graphqlName.test(name) || name.startsWith('__')) {
      place.fault(path, 'its name must be a GraphQL name: letters, digits and _, not beginning with a digit or __');
    } else if (place.path.length === 0 && reservedFields.has(name)) {
      place.fault(path, `the name ${name} is reserved by the API: choose another`);
    } else {
      const field = checkField(value, { ...place, path });
      if (field !== undefined) fields[name] = field;
    }
  }
  return fields;
}

function checkField(source: unknown, place: Place): FieldDefinition | undefined {
  const { path, inValue } = place;
  const fault = (problem: string): undefined => void place.fault(path, problem);
  if (path.length > limits.documentDepth) return fault(`it is nested more than ${limits.documentDepth} levels deep`);
  if (!isRecord(source)) return fault('it must be made with string(), int(), … of the definition language');
  const { kind, description, index } = source;
  if (description !== undefined && typeof description !== 'string') return fault('its description must be a string');
  if (index !== undefined && typeof index !== 'boolean') return fault('its index must be true or false');
  if (index && inValue)
    return fault('a field inside a list or a mapOf cannot have an index: it has no keypath of its own');
  if (isScalarKind(kind)) {
    return kind === 'counter' && inValue
      ? fault('a counter cannot be inside a list or a mapOf')
      : { kind, description, index };
  }
  if (index) return fault(`a ${kind} cannot have an index: give one to the fields of a map`);
  if (kind === 'map') {
    const fields = checkFieldsOf(source.fields, place);
    return fields ? { kind, fields, description } : fault('a map needs an object with at least one field');
  }
  if (kind === 'list' || kind === 'mapOf') {
    const of = checkField(source.of, { ...place, path: [...path, '*'], inValue: true });
    return of && { kind, of, description };
  }
  return fault(`${String(kind)} is not a kind of field`);
}

function checkCollisions(collections: readonly CollectionDefinition[], faults: string[]): void {
  const typeOwners = new Map(genericTypes.map((name) => [name, 'the API itself']));
  const fieldOwners = new Map(genericRootFields.map((name) => [name, 'the API itself']));
  for (const definition of collections) {
    const owner = `collection ${JSON.stringify(definition.name)}`;
    for (const [name, field] of typeNames(definition)) {
      const place = field === '' ? owner : `${owner}, field ${field}`;
      const taken = typeOwners.get(name);
      if (taken !== undefined) faults.push(`${place}: its type ${name} is taken by ${taken}: rename one of them`);
      typeOwners.set(name, taken ?? place);
    }
    for (const name of rootFields(definition)) {
      const taken = fieldOwners.get(name);
      if (taken !== undefined) faults.push(`${owner}: its root field ${name} is taken by ${taken}: rename one of them`);
      fieldOwners.set(name, taken ?? owner);
    }
  }
}

function definitionsOf(collections: readonly CollectionDefinition[]): Definitions {
  const byName = new Map(collections.map((definition) => [definition.name, definition]));
  return {
    collections,
    indexes: collections.flatMap(({ name, fields }) =>
      indexedPaths(fields).map((path) => ({ collection: name, path })),
    ),
    get: (name) => byName.get(name),
    isDefined(name, path) {
      let field: FieldDefinition | undefined = { kind: 'map', fields: byName.get(name)?.fields ?? {} };
      for (const key of path) {
        if (field?.kind === 'json') return true;
        if (field?.kind === 'map') field = fieldAt(field.fields, key);
        else field = field?.kind === 'mapOf' ? field.of : undefined;
      }
      return field !== undefined;
    },
    isCounter(name, path) {
      let fields = byName.get(name)?.fields;
      let field: FieldDefinition | undefined;
      for (const key of path) {
        field = fields && fieldAt(fields, key);
        fields = field?.kind === 'map' ? field.fields : undefined;
      }
      return field?.kind === 'counter';
    },
    checkDocument(name, values, argument) {
      const definition = byName.get(name);
      if (definition !== undefined) checkFields(definition.fields, values, argument);
    },
    checkUpdate(name, operation, argument) {
      const definition = byName.get(name);
      if (definition !== undefined) checkOperation(definition, operation, argument);
    },
  };
}

function indexedPaths(fields: Readonly<Record<string, FieldDefinition>>): readonly Path[] {
  return Object.entries(fields).flatMap(([name, field]): readonly Path[] => {
    if (field.kind === 'map') return indexedPaths(field.fields).map((path) => [name, ...path]);
    return field.kind !== 'list' && field.kind !== 'mapOf' && field.index ? [[name]] : [];
  });
}
