/** graphql-js leaves a member out of an input object whose variable is absent: no filter may widen by that unseen. */
import { type GraphQLInputObjectType, getNamedType, isInputObjectType } from 'graphql';
import { beforeEach, describe, expect, it } from 'vitest';
import { buildSchema } from '../../schema/schema.ts';
import { type Api, idsAt, openApi, sample } from './api.ts';

let api: Api;
beforeEach(async () => {
  api = await openApi(await sample());
  const documents = ['Ann', 'Bob'].map((name) => ({ _id: name, name }));
  await api.run('mutation ($d: [JSON!]!) { upsertMany(collection: "people", documents: $d) { documents { _id } } }', {
    d: documents,
  });
  return () => api[Symbol.asyncDispose]();
});

const everybody = async () => idsAt(await api.run('{ people { nodes { _id } } }'), 'people.nodes');

describe('a filter in which an absent variable stands is refused', () => {
  it.each([
    ['query ($x: String) { people(where: { name: { eq: $x } }) { totalCount } }', 'where.name'],
    ['query ($x: [String!]) { people(where: { name: { in: $x } }) { totalCount } }', 'where.name'],
    ['query ($x: String) { people(where: { address: { city: { eq: $x } } }) { totalCount } }', 'where.address.city'],
    ['query ($x: StringFilter) { people(where: { address: { city: $x } }) { totalCount } }', 'where.address'],
    ['query ($x: ID) { people(where: { or: [{ _id: { eq: $x } }] }) { totalCount } }', 'where.or.0._id'],
    ['query ($x: PersonFilter) { people(where: { and: [{ not: $x }] }) { totalCount } }', 'where.and.0'],
    ['subscription ($x: String) { people(where: { name: { eq: $x } }) { token } }', 'where.name'],
    [
      'query ($x: JSON) { documents(collection: "people", where: { path: "name", eq: $x }) { totalCount } }',
      'where.path',
    ],
    [
      'query ($x: [Filter!]) { documents(collection: "people", where: { not: { or: $x } }) { totalCount } }',
      'where.not',
    ],
    [
      'subscription ($x: Filter) { documents(collection: "people", where: { or: [{ not: $x }] }) { token } }',
      'where.or.0',
    ],
  ])('%s', async (operation, argument) => {
    const refused = await api.refused(operation);
    expect(refused).toMatchObject({ code: 'BAD_USER_INPUT', argument });
    expect(refused.message).toContain(`${argument}: `);
  });

  it.each(['people', 'documents(collection: "people", where: {})'])(
    'but %s without any is everything',
    async (field) => {
      expect(await api.run(`{ all: ${field} { totalCount } }`)).toEqual({ all: { totalCount: 2 } });
    },
  );
});

/** Each comparison of a filter, and of the maps and filters in it, as `where` has it with a variable. */
function* comparisons(filter: GraphQLInputObjectType, depth: number): Generator<readonly [string, string]> {
  for (const { name, type } of Object.values(filter.getFields())) {
    const member = getNamedType(type);
    const depthWithin = ['and', 'or', 'not'].includes(name) ? depth - 1 : depth;
    if (!isInputObjectType(member)) yield [`{ ${name}: $x }`, String(type)];
    else if (depthWithin >= 0) {
      for (const [where, variable] of comparisons(member, depthWithin)) yield [`{ ${name}: ${where} }`, variable];
    }
  }
}

it('a comparison of a defined collection with an absent variable is refused, whichever it is', async () => {
  const { collections } = await sample();
  const schema = buildSchema(await sample());
  const faults: string[] = [];
  let tried = 0;
  for (const { name, type } of collections) {
    const filter = schema.getType(`${type}Filter`);
    if (!isInputObjectType(filter)) throw new Error(`${type} has no filter`);
    for (const [where, variable] of comparisons(filter, 1)) {
      const query = `query ($x: ${variable}) { ${name}(where: ${where}) { totalCount } }`;
      const { errors = [] } = await api.answer(query);
      tried += 1;
      if (errors[0]?.extensions.code !== 'BAD_USER_INPUT') faults.push(query);
    }
  }
  expect(faults).toEqual([]);
  expect(tried).toBeGreaterThan(500);
});

describe.each([
  ['updateMany', 'operations: [{ set: { path: "age", value: 1 } }]', 'documents { _id }'],
  ['removeMany', '', 'ids'],
  ['evictMany', '', 'ids'],
])('%s', (field, more, selection) => {
  const mutation = (where: string, all = '') => {
    const variables = [where.includes('$x') ? '$x: [Filter!]' : '', all.includes('$all') ? '$all: Boolean' : ''];
    const declared = variables.join(' ').trim();
    return `mutation ${declared && `(${declared})`} { many: ${field}(collection: "people", where: ${where}, ${all} ${more}) { ${selection} } }`;
  };

  it('is refused where its filter has nothing in it, and changes nothing', async () => {
    for (const [where, all] of [
      ['{}'],
      ['{ or: $x }'],
      ['{ and: $x }', 'all: false,'],
      ['{ or: $x }', 'all: $all,'],
      ['{}', 'all: null,'],
    ] as const) {
      const refused = await api.refused(mutation(where, all));
      expect(refused).toMatchObject({ code: 'BAD_USER_INPUT', argument: 'where' });
      expect(refused.message).toContain('all: true');
    }
    expect(await everybody()).toBe('AnnBob');
  });

  it('is of all documents where it says so', async () => {
    const many = JSON.stringify(await api.run(mutation('{ or: $x }', 'all: $all,'), { all: true }));
    expect(many).toContain('Ann');
    expect(many).toContain('Bob');
  });

  it('is refused where it says so, and has a filter as well', async () => {
    const refused = await api.refused(mutation('{ path: "name", eq: "Ann" }', 'all: true,'));
    expect(refused).toMatchObject({ code: 'BAD_USER_INPUT', argument: 'all' });
    expect(await everybody()).toBe('AnnBob');
    const one = JSON.stringify(await api.run(mutation('{ path: "name", eq: "Ann" }', 'all: false,')));
    expect(one).toContain('Ann');
    expect(one).not.toContain('Bob');
  });
});
