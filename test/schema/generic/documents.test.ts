import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, idsAt, openApi, textAt } from '../api.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi();
  await api.run(
    `mutation ($cars: [JSON!]!, $bikes: [JSON!]!) {
      cars: upsertMany(collection: "cars", documents: $cars) { documents { _id } }
      bikes: upsertMany(collection: "bikes", documents: $bikes) { documents { _id } }
    }`,
    {
      cars: [
        { _id: 'a', make: 'Audi', year: 2010, tags: ['red', 'fast'], engine: { power: 200 }, 'x.y': 1 },
        { _id: 'b', make: 'BMW', year: 2012, engine: { power: 150 } },
        { _id: 'c', make: 'Citroën', year: null },
        { _id: 'd', make: 'Dacia', year: 2012.5 },
        { _id: 'e', make: 'Eagle', year: '2012' },
      ],
      bikes: [{ _id: 'a' }],
    },
  );
});
afterAll(() => api[Symbol.asyncDispose]());

const ids = (where: unknown, orderBy?: unknown) =>
  api
    .run(
      'query ($where: Filter, $orderBy: [Order!]) { documents(collection: "cars", where: $where, orderBy: $orderBy) { nodes { _id } } }',
      { where, orderBy },
    )
    .then((data) => idsAt(data, 'documents.nodes'));

describe('document', () => {
  it('gives a document with all its fields', async () => {
    const data = await api.run(
      `query {
        document(collection: "cars", id: "a") {
          __typename _id collection value conflicts { path }
          year: at(path: "year") power: at(path: "engine.power") odd: at(path: "[\\"x.y\\"]")
          none: at(path: "engine.none") id: at(path: "_id") photo: attachment(path: "make") { id }
        }
      }`,
    );
    expect(data).toEqual({
      document: {
        __typename: 'Document',
        _id: 'a',
        collection: 'cars',
        value: { _id: 'a', make: 'Audi', year: 2010, tags: ['red', 'fast'], engine: { power: 200 }, 'x.y': 1 },
        conflicts: [],
        year: 2010,
        power: 200,
        odd: 1,
        none: null,
        id: 'a',
        photo: null,
      },
    });
  });

  it('gives null for what is not there', async () => {
    expect(await api.run('{ document(collection: "cars", id: "z") { _id } }')).toEqual({ document: null });
  });

  it('says when it was written, as RFC 3339 in UTC', async () => {
    const data = await api.run('{ document(collection: "cars", id: "a") { updatedAt } }');
    const updatedAt = textAt(data, 'document.updatedAt');
    expect(updatedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(Math.abs(Date.now() - Date.parse(updatedAt))).toBeLessThan(60_000);
  });
});

describe('documents', () => {
  it.each([
    [undefined, 'abcde'],
    [{}, 'abcde'],
    [{ path: 'make', eq: 'BMW' }, 'b'],
    [{ path: 'year', eq: null }, 'c'],
    [{ path: 'year', ne: 2012 }, 'acde'],
    [{ path: 'year', gt: 2010 }, 'bd'],
    [{ path: 'year', gte: 2010, lte: 2012 }, 'ab'],
    [{ path: 'year', lt: '3' }, 'e'],
    [{ path: 'make', in: ['BMW', 'Audi', 5] }, 'ab'],
    [{ path: 'make', startsWith: 'A' }, 'a'],
    [{ path: 'make', contains: 'ac' }, 'd'],
    [{ path: 'tags', contains: 'red' }, 'a'],
    [{ path: 'engine', exists: true }, 'ab'],
    [{ path: 'engine.power', exists: false }, 'cde'],
    [{ path: '_id', in: ['a', 'z'] }, 'a'],
    [{ path: 'engine', eq: { power: 150 } }, 'b'],
    [
      {
        and: [
          { path: 'year', gt: 2000 },
          { path: 'engine', exists: true },
        ],
      },
      'ab',
    ],
    [
      {
        or: [
          { path: 'make', eq: 'BMW' },
          { path: 'make', eq: 'Audi' },
        ],
      },
      'ab',
    ],
    [{ not: { path: 'year', eq: 2012 } }, 'acde'],
    [{ path: 'year', gt: 2000, not: { path: 'make', eq: 'BMW' } }, 'ad'],
  ])('that match %j are %s', async (where, expected) => {
    expect(await ids(where)).toBe(expected);
  });

  it.each([
    [[{ path: 'year' }], 'cabde'],
    [[{ path: 'year', direction: 'DESC' }], 'edbac'],
    [[{ path: 'year', direction: null }], 'cabde'],
    [[{ path: 'engine.power' }, { path: 'make', direction: 'DESC' }], 'edcba'],
    [[{ path: '_id', direction: 'DESC' }], 'edcba'],
    [[], 'abcde'],
  ])('in the order %j are %s', async (orderBy, expected) => {
    expect(await ids(undefined, orderBy)).toBe(expected);
  });

  const page = (args: string) =>
    api.run(`{
      documents(collection: "cars", orderBy: [{ path: "make", direction: DESC }], ${args}) {
        totalCount edges { cursor node { _id } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
    }`);

  it('are read page by page, forward and back', async () => {
    const first = await page('first: 2');
    expect(first).toMatchObject({
      documents: {
        totalCount: 5,
        edges: [{ node: { _id: 'e' } }, { node: { _id: 'd' } }],
        pageInfo: { hasNextPage: true, hasPreviousPage: false },
      },
    });
    const end = textAt(first, 'documents.pageInfo.endCursor');
    expect(end).toBe(textAt(first, 'documents.edges.1.cursor'));

    const second = await page(`first: 3, after: ${JSON.stringify(end)}`);
    expect(second).toMatchObject({
      documents: {
        edges: [{ node: { _id: 'c' } }, { node: { _id: 'b' } }, { node: { _id: 'a' } }],
        pageInfo: { hasNextPage: false, hasPreviousPage: true },
      },
    });

    const start = textAt(second, 'documents.pageInfo.startCursor');
    expect(await page(`last: 1, before: ${JSON.stringify(start)}`)).toMatchObject({
      documents: {
        edges: [{ node: { _id: 'd' } }],
        pageInfo: { hasNextPage: true, hasPreviousPage: true },
      },
    });
  });

  it('of an empty page have no cursors', async () => {
    expect(await page('first: 0')).toEqual({
      documents: {
        totalCount: 5,
        edges: [],
        pageInfo: { hasNextPage: true, hasPreviousPage: false, startCursor: null, endCursor: null },
      },
    });
  });

  it('of a collection that is not there are none', async () => {
    expect(await api.run('{ documents(collection: "none") { totalCount nodes { _id } } }')).toEqual({
      documents: { totalCount: 0, nodes: [] },
    });
  });
});

describe('collections', () => {
  it('are those with documents, by name, the system left out', async () => {
    await api.run('mutation ($file: File!) { uploadAttachment(file: $file) { id } }', { file: await api.file('x') });
    expect(await api.run('{ collections { name documentCount } }')).toEqual({
      collections: [
        { name: 'bikes', documentCount: 1 },
        { name: 'cars', documentCount: 5 },
      ],
    });
  });
});

describe('node', () => {
  it('gives what has the global id', async () => {
    const data = await api.run(
      '{ document(collection: "cars", id: "b") { id } other: document(collection: "bikes", id: "a") { id } }',
    );
    const id = textAt(data, 'document.id');
    expect(id).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(textAt(data, 'other.id')).not.toBe(id);
    const query = `query ($id: ID!, $ids: [ID!]!) {
      node(id: $id) { id __typename ... on Document { _id collection } }
      nodes(ids: $ids) { id }
    }`;
    expect(await api.run(query, { id, ids: [id, 'nonsense', textAt(data, 'other.id'), `${id}A`] })).toEqual({
      node: { id, __typename: 'Document', _id: 'b', collection: 'cars' },
      nodes: [{ id }, null, { id: textAt(data, 'other.id') }, null],
    });
  });

  it.each(['', 'nonsense', '!', 'attachment_', `attachment_${'0'.repeat(64)}`, 'ZG9jdW1lbnQ', 'é'])(
    'gives null for what is no id: %s',
    async (id) => {
      expect(await api.run('query ($id: ID!) { node(id: $id) { id } }', { id })).toEqual({ node: null });
    },
  );

  it('gives null for documents that are gone, of the system, and of undefined types', async () => {
    for (const text of ['document\ncars\nz', 'document\n__attachments\nx', 'typed\ncars\na']) {
      const id = Buffer.from(text).toString('base64url');
      expect(await api.run('query ($id: ID!) { node(id: $id) { id } }', { id })).toEqual({ node: null });
    }
  });
});
