import { isObjectType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { checkDefinitions } from '../../definitions/check.ts';
import {
  boolean,
  collection,
  counter,
  defineCollections,
  float,
  int,
  json,
  list,
  map,
  mapOf,
  string,
} from '../../definitions/language.ts';
import { DefinitionError } from '../../errors.ts';
import { buildSchema } from '../../schema/schema.ts';

/** What is said of a faulty source, a line each. */
function faultsOf(source: unknown): readonly string[] {
  try {
    checkDefinitions(source);
  } catch (error) {
    if (error instanceof DefinitionError) return error.message.split('\n');
    throw error;
  }
  return [];
}

const people = (fields: Parameters<typeof collection>[1], type = 'Person') => ({ people: collection(type, fields) });

describe('definitions', () => {
  it('are taken as the language makes them', () => {
    const source = defineCollections({
      people: collection('Person', { name: string('Given name.'), tags: list(string()) }, 'Who we know.'),
    });
    const definitions = checkDefinitions(source);

    expect(definitions.get('people')).toEqual({
      name: 'people',
      plural: 'people',
      type: 'Person',
      description: 'Who we know.',
      fields: {
        name: { kind: 'string', description: 'Given name.' },
        tags: { kind: 'list', of: { kind: 'string', description: undefined }, description: undefined },
      },
    });
    expect(definitions.get('cars')).toBeUndefined();
  });

  it('serve a collection whose plural is its singular by the name that it is given', () => {
    const sheep = collection('Sheep', { name: string() }, { plural: 'allSheep', description: 'Of the farm.' });
    const definitions = checkDefinitions(defineCollections({ sheep }));
    expect(definitions.get('sheep')).toMatchObject({ name: 'sheep', plural: 'allSheep', description: 'Of the farm.' });
    const { Query, Subscription, Mutation } = Object.fromEntries(
      [buildSchema(definitions)].flatMap((schema) => Object.entries(schema.getTypeMap())),
    );
    expect(String(isObjectType(Query) && Query.getFields().sheep?.type)).toBe('Sheep');
    expect(String(isObjectType(Query) && Query.getFields().allSheep?.type)).toBe('SheepConnection!');
    expect(String(isObjectType(Subscription) && Subscription.getFields().sheep?.type)).toBe('LiveSheep!');
    expect(String(isObjectType(Subscription) && Subscription.getFields().allSheep?.type)).toBe('LiveAllSheep!');
    expect(isObjectType(Mutation) && Object.keys(Mutation.getFields())).toContain('upsertSheep');
  });

  it('say where indexes are kept, also within maps', () => {
    const definitions = checkDefinitions(
      people({
        name: string({ index: true }),
        age: int({ description: 'In years.', index: false }),
        address: map({ city: string({ index: true }), geo: map({ latitude: float({ index: true }) }) }),
        visits: counter({ index: true }),
      }),
    );
    expect(definitions.get('people')?.fields.age).toEqual({ kind: 'int', description: 'In years.', index: false });
    expect(definitions.indexes).toEqual([
      { collection: 'people', path: ['name'] },
      { collection: 'people', path: ['address', 'city'] },
      { collection: 'people', path: ['address', 'geo', 'latitude'] },
      { collection: 'people', path: ['visits'] },
    ]);
  });

  it.each([undefined, null, 5, 'people', [], () => ({})])('refuse a default export that is no object: %s', (source) => {
    expect(faultsOf(source).join()).toContain('default export');
  });

  it.each([
    [{ 'my people': collection('Person', { a: int() }) }, '"my people"'],
    [{ __people: collection('Person', { a: int() }) }, '"__people"'],
    [{ ['p'.repeat(101)]: collection('Person', { a: int() }) }, '100 characters'],
    [{ people: 5 }, 'collection("Type"'.replaceAll('"', "'")],
    [people({ a: int() }, 'person'), 'capital'],
    [people({ a: int() }, 'Per son'), 'GraphQL name'],
    [people({ a: int() }, 'Strategy'), 'reserved'],
    [people({ a: Object.assign(int(), { index: 1 }) }), 'true or false'],
    [people({ a: list(int({ index: true })) }), 'inside a list'],
    [people({ a: mapOf(map({ b: int({ index: true }) })) }), 'inside a list or a mapOf'],
    [people({ a: Object.assign(map({ b: int() }), { index: true }) }), 'a map cannot have an index'],
    [{ sheep: collection('Sheep', { a: int() }) }, "{ plural: 'allSheep' }"],
    [{ sheep: collection('Sheep', { a: int() }, { plural: 'all sheep' }) }, 'must be a GraphQL name, such as allSheep'],
    [people({}), 'at least one field'],
    [{ people: { type: 'Person', fields: { a: int() }, description: 5 } }, 'description'],
  ])('name the collection that is at fault: %j', (source, said) => {
    const faults = faultsOf(source);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(/^collection "/);
    expect(faults[0]).toContain(said);
  });

  it.each([
    [{ 'a-b': int() }, 'a-b', 'GraphQL name'],
    [{ __a: int() }, '__a', 'GraphQL name'],
    [{ _id: string() }, '_id', 'reserved'],
    [{ id: string() }, 'id', 'reserved'],
    [{ document: json() }, 'document', 'reserved'],
    [{ and: json() }, 'and', 'reserved'],
    [{ true: boolean() }, 'true', 'reserved'],
    [{ a: { kind: 'text' } }, 'a', 'text is not a kind'],
    [{ a: { kind: 'constructor' } }, 'a', 'constructor is not a kind'],
    [{ a: 'string' }, 'a', 'definition language'],
    [{ a: { kind: 'int', description: 5 } }, 'a', 'description'],
    [{ a: map({}) }, 'a', 'at least one field'],
    [{ a: map({ b: map({}) }) }, 'a.b', 'at least one field'],
    [{ a: map({ 'b c': int() }) }, 'a.b c', 'GraphQL name'],
    [{ a: list(counter()) }, 'a.*', 'counter'],
    [{ a: mapOf(counter()) }, 'a.*', 'counter'],
    [{ a: list(map({ n: counter() })) }, 'a.*.n', 'counter'],
    [{ a: { kind: 'list' } }, 'a.*', 'definition language'],
  ])('name the field that is at fault: %j', (fields, field, said) => {
    const faults = faultsOf({ people: { type: 'Person', fields } });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(`collection "people", field ${field}: `);
    expect(faults[0]).toContain(said);
  });

  it('refuse fields that are nested without end', () => {
    const endless: Record<string, unknown> = { kind: 'map' };
    endless.fields = { a: endless };
    expect(faultsOf({ people: { type: 'Person', fields: { a: endless } } }).join()).toContain('64 levels deep');
  });

  it.each([
    [people({ a: int() }, 'Document'), 'DocumentEdge is taken by the API itself'],
    [people({ a: int() }, 'String'), 'String is taken by the API itself'],
    [people({ a: int() }, 'Query'), 'Query is taken by the API itself'],
    [people({ a: int() }, 'Many'), 'root field upsertMany is taken by the API itself'],
    [{ documents: collection('Paper', { a: int() }) }, 'root field documents is taken by the API itself'],
    [{ transactions: collection('Payment', { a: int() }) }, 'root field transactions is taken by the API itself'],
    [{ person: collection('Person', { a: int() }) }, "{ plural: 'allPerson' }"],
    [people({ input: map({ a: int() }) }), 'field input: its type PersonInput is taken by collection "people"'],
    [
      { ...people({ a: int() }), edges: collection('PersonEdge', { a: int() }) },
      'collection "edges": its type PersonEdge is taken by collection "people"',
    ],
    [
      { ...people({ address: map({ a: int() }) }), places: collection('PersonAddress', { a: int() }) },
      'its type PersonAddress is taken by collection "people", field address',
    ],
    [
      { ...people({ a: int() }), humans: collection('Person', { a: int() }) },
      'its root field person is taken by collection "people"',
    ],
  ])('refuse names that are taken: %#', (source, said) => {
    expect(faultsOf(source).join('\n')).toContain(said);
  });

  it('are refused with all faults at once', () => {
    expect(faultsOf({ people: collection('Person', { id: int(), a: map({}) }), cars: 5 })).toHaveLength(3);
  });

  it('know where counters are', () => {
    const { isCounter } = checkDefinitions(
      people({ age: int(), visits: counter(), stats: map({ clicks: counter() }), any: mapOf(json()) }),
    );
    expect(isCounter('people', ['visits'])).toBe(true);
    expect(isCounter('people', ['stats', 'clicks'])).toBe(true);
    for (const path of [
      [],
      ['age'],
      ['stats'],
      ['visits', 'a'],
      ['any', 'a'],
      ['toString'],
      ['stats', 'constructor'],
    ]) {
      expect(isCounter('people', path), path.join('.')).toBe(false);
    }
    expect(isCounter('cars', ['visits'])).toBe(false);
  });
});
