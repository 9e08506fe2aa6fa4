import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkDefinitions } from '../../../definitions/check.ts';
import { collection, counter, type FieldOptions, float, map, string } from '../../../definitions/language.ts';
import { type Api, openApi } from '../api.ts';

const definitions = (options: FieldOptions | undefined) =>
  checkDefinitions({
    cars: collection('Car', {
      make: string(options),
      price: float(options),
      rides: counter(options),
      home: map({ city: string(options) }),
      color: string(),
    }),
  });

const cars = Array.from({ length: 40 }, (_, n) => ({
  _id: `car${n}`,
  make: ['Audi', 'BMW', 'VW'][n % 3],
  // Whatever a client that knows no definition wrote: other types, and nothing at all.
  ...(n % 7 !== 0 && { price: (n * 7_919) % 101 }),
  ...(n % 5 === 0 && { home: { city: n % 2 === 0 ? 'Bern' : null } }),
  color: n % 4 === 0 ? 'red' : 'blue',
}));

let indexed: Api;
let plain: Api;
beforeAll(async () => {
  [indexed, plain] = await Promise.all([openApi(definitions({ index: true })), openApi(definitions(undefined))]);
  for (const api of [indexed, plain]) {
    await api.run('mutation ($d: [JSON!]!) { upsertMany(collection: "cars", documents: $d) { documents { _id } } }', {
      d: cars,
    });
    await api.run('mutation { updateCar(id: "car8", increment: { rides: 3 }) { car { rides } } }');
  }
});
afterAll(async () => {
  await indexed[Symbol.asyncDispose]();
  await plain[Symbol.asyncDispose]();
});

const query = `query ($where: CarFilter, $orderBy: [CarOrder!], $first: Int, $last: Int) {
  cars(where: $where, orderBy: $orderBy, first: $first, last: $last) {
    totalCount nodes { _id make price rides } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;

describe('fields with an index', () => {
  it.each([
    [{ where: { make: { eq: 'VW' } } }],
    [{ where: { make: { in: ['VW', 'Audi'] }, price: { gt: 30, lte: 60 } }, orderBy: [{ price: 'DESC' }], first: 4 }],
    [{ where: { home: { city: { startsWith: 'B' } } }, last: 2 }],
    [{ where: { rides: { eq: 0 } }, orderBy: [{ rides: 'DESC' }, { _id: 'ASC' }], first: 7 }],
    [{ where: { or: [{ price: { exists: false } }, { color: { eq: 'red' } }] }, orderBy: [{ price: 'ASC' }], last: 9 }],
    [{ orderBy: [{ price: 'ASC' }], first: 10 }],
    [{}],
  ])('answer %j as fields without', async (variables) => {
    expect(await indexed.run(query, variables)).toEqual(await plain.run(query, variables));
  });

  it('are gone by, which is counted, as are queries that look at all', async () => {
    const { queriesByIndex, queriesByScan } = indexed.replica.counters;
    // Its total is a query of its own: what is read in the order of prices has to be tried.
    await indexed.run(query, { where: { make: { eq: 'VW' } }, orderBy: [{ price: 'ASC' }], first: 3 });
    await indexed.run(
      'mutation { updateMany(collection: "cars", where: { path: "make", eq: "BMW" }, operations: []) { documents { _id } } }',
    );
    expect(indexed.replica.counters).toMatchObject({ queriesByIndex: queriesByIndex + 3, queriesByScan });
    await indexed.run(query, { where: { color: { eq: 'red' } }, orderBy: [{ make: 'ASC' }, { price: 'ASC' }] });
    expect(indexed.replica.counters).toMatchObject({ queriesByScan: queriesByScan + 1 });
  });

  it('L22: have their totals worked out only where a client asks for them', async () => {
    const page = (fields: string) =>
      indexed.run(
        `{ cars(where: { color: { eq: "red" } }, orderBy: [{ price: ASC }], first: 2) { nodes { _id } ${fields} } }`,
      );
    const { queriesByScan } = indexed.replica.counters;
    await page('pageInfo { hasNextPage hasPreviousPage endCursor }');
    expect(indexed.replica.counters).toMatchObject({ queriesByScan });
    expect(await page('totalCount')).toMatchObject({ cars: { totalCount: 10 } });
    expect(indexed.replica.counters).toMatchObject({ queriesByScan: queriesByScan + 1 });
  });

  it('are seen by each request of a mutation as the ones before it left them', async () => {
    const mutation = `mutation {
      paint: updateMany(collection: "cars", where: { path: "make", eq: "Audi" }, operations: [{ set: { path: "make", value: "Seat" } }]) { documents { _id } }
      sell: removeMany(collection: "cars", where: { path: "make", in: ["Audi", "Seat"] }) { ids }
      left: updateMany(collection: "cars", where: { path: "make", eq: "Seat" }, operations: []) { documents { _id } }
    }`;
    const answer = await indexed.run(mutation);
    expect(answer).toEqual(await plain.run(mutation));
    expect(answer).toMatchObject({ left: { documents: [] } });
    expect(await indexed.run(query, { where: { make: { ne: 'VW' } } })).toEqual(
      await plain.run(query, { where: { make: { ne: 'VW' } } }),
    );
  });
});
