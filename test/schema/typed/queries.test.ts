import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../../limits.ts';
import { type Api, idsAt, openApi, sample, textAt } from '../api.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi(await sample());
  const documents = [
    { _id: 'a', name: 'Ann', age: 30, isOnline: true, address: { city: 'Bern', street: 'A' } },
    { _id: 'b', name: 'Bob', age: 20, isOnline: false, address: { city: 'Basel' } },
    { _id: 'c', name: null, age: 20 },
    { _id: 'd', name: 'Dan' },
  ];
  await api.run('mutation ($d: [JSON!]!) { upsertMany(collection: "people", documents: $d) { documents { _id } } }', {
    d: documents,
  });
});
afterAll(() => api[Symbol.asyncDispose]());

const query = `query ($where: PersonFilter, $orderBy: [PersonOrder!], $first: Int, $after: String, $last: Int, $before: String) {
  people(where: $where, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
    totalCount nodes { _id } edges { cursor node { _id name } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;
const idsOf = (data: unknown) => idsAt(data, 'people.nodes');

describe('people', () => {
  it.each([
    [null, 'abcd'],
    [{}, 'abcd'],
    [{ _id: { eq: 'b' } }, 'b'],
    [{ _id: { in: ['d', 'a'] } }, 'ad'],
    [{ name: { eq: 'Ann' } }, 'a'],
    [{ name: { eq: null } }, 'c'],
    [{ name: { ne: 'Ann' } }, 'bcd'],
    [{ name: { exists: false } }, ''],
    [{ name: { gt: 'Ann', lt: 'Dan' } }, 'b'],
    [{ name: { gte: 'Ann', lte: 'Bob' } }, 'ab'],
    [{ name: { in: ['Ann', 'Dan'] } }, 'ad'],
    [{ name: { startsWith: 'B' } }, 'b'],
    [{ name: { contains: 'an' } }, 'd'],
    [{ age: { eq: 20 } }, 'bc'],
    [{ age: { gte: 20, lt: 30 } }, 'bc'],
    [{ age: { exists: false } }, 'd'],
    [{ isOnline: { eq: false } }, 'b'],
    [{ isOnline: { ne: false } }, 'a'],
    [{ address: { city: { eq: 'Bern' } } }, 'a'],
    [{ address: { city: { startsWith: 'B' }, street: { exists: false } } }, 'b'],
    [{ age: { eq: 20 }, name: { eq: 'Bob' } }, 'b'],
    [{ and: [{ age: { eq: 20 } }, { name: { eq: null } }] }, 'c'],
    [{ or: [{ _id: { eq: 'a' } }, { not: { age: { exists: true } } }] }, 'ad'],
    [{ not: { address: { city: { exists: true } } } }, 'cd'],
  ])('that match %j are %s', async (where, expected) => {
    expect(idsOf(await api.run(query, { where }))).toBe(expected);
  });

  it.each([
    [[{ name: 'ASC' }], 'cabd'],
    [[{ name: 'DESC' }], 'dbac'],
    [[{ age: 'DESC' }, { name: 'DESC' }], 'abcd'],
    [[{ age: 'DESC' }, { _id: 'DESC' }], 'acbd'],
    [[{ isOnline: 'DESC' }], 'abcd'],
    [[{ address: { city: 'ASC' } }], 'cdba'],
    [[{ ownedCars: 'ASC' }], 'abcd'],
  ])('in the order %j are %s', async (orderBy, expected) => {
    expect(idsOf(await api.run(query, { orderBy }))).toBe(expected);
  });

  it('are read page by page', async () => {
    const orderBy = [{ name: 'ASC' }];
    const first = await api.run(query, { orderBy, first: 2 });
    expect(first).toMatchObject({
      people: {
        totalCount: 4,
        edges: [{ node: { _id: 'c', name: null } }, { node: { _id: 'a', name: 'Ann' } }],
        pageInfo: { hasNextPage: true, hasPreviousPage: false },
      },
    });
    const after = textAt(first, 'people.pageInfo.endCursor');
    const second = await api.run(query, { orderBy, first: 5, after });
    expect(idsOf(second)).toBe('bd');
    expect(second).toMatchObject({ people: { pageInfo: { hasNextPage: false, hasPreviousPage: true } } });
    const before = textAt(second, 'people.edges.0.cursor');
    expect(idsOf(await api.run(query, { orderBy, last: 1, before }))).toBe('a');

    const generic = await api.run(
      'query ($after: String) { documents(collection: "people", orderBy: [{ path: "name" }], after: $after) { nodes { _id } } }',
      { after },
    );
    expect(idsAt(generic, 'documents.nodes')).toBe('bd');
  });

  it.each([
    [{ where: { name: null } }, 'where.name'],
    [{ where: { name: { exists: null } } }, 'where.name.exists'],
    [{ where: { name: { in: null } } }, 'where.name.in'],
    [{ where: { name: { contains: null } } }, 'where.name.contains'],
    [{ where: { and: null } }, 'where.and'],
    [{ where: { or: [{ not: null }] } }, 'where.or.0.not'],
    [{ where: { _id: {} } }, 'where._id'],
    [{ where: { name: {}, age: { eq: 20 } } }, 'where.name'],
    [{ where: { address: {} } }, 'where.address'],
    [{ where: { address: { city: {} } } }, 'where.address.city'],
    [{ where: { and: [] } }, 'where.and'],
    [{ where: { or: [] } }, 'where.or'],
    [{ where: { or: [{ age: { eq: 20 } }, {}] } }, 'where.or.1'],
    [{ where: { not: {} } }, 'where.not'],
    [{ where: { address: { city: { eq: '\ud800' } } } }, 'where.address.city.eq'],
    [{ first: -1 }, 'first'],
    [{ first: limits.pageSize + 1 }, 'first'],
    [{ after: 'x' }, 'after'],
    [{ orderBy: [{ name: 'ASC', age: 'ASC' }] }, 'orderBy.0'],
    [{ orderBy: [{}] }, 'orderBy.0'],
    [{ orderBy: Array.from({ length: 17 }, () => ({ name: 'ASC' })) }, 'orderBy'],
  ])('are refused where an argument is bad: %j', async (variables, argument) => {
    expect(await api.refused(query, variables)).toMatchObject({ code: 'BAD_USER_INPUT', argument });
  });

  it('are refused where a filter is too large', async () => {
    const or = Array.from({ length: limits.filterNodes }, () => ({ name: { eq: 'x' } }));
    expect((await api.refused(query, { where: { or } })).message).toContain('conditions');
    let where: unknown = { name: { eq: 'x' } };
    for (let level = 0; level < limits.filterDepth; level += 1) where = { not: where };
    expect((await api.refused(query, { where })).message).toContain('levels deep');
  });
});

describe('lists', () => {
  it('are written, read and found by their members', async () => {
    const car = { _id: 'x', make: 'VW', year: 1970, features: ['radio', 'heating'] };
    const mutation = `mutation ($car: CarInput!) { upsertCar(car: $car) { car { _id make year features } } }`;
    expect(await api.run(mutation, { car })).toEqual({ upsertCar: { car } });
    const found = (contains: string) =>
      api.run('query ($contains: String) { cars(where: { features: { contains: $contains } }) { totalCount } }', {
        contains,
      });
    expect(await found('radio')).toEqual({ cars: { totalCount: 1 } });
    expect(await found('rad')).toEqual({ cars: { totalCount: 0 } });
  });
});
