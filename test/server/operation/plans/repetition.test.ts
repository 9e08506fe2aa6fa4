import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Plan } from '../../../../server/operation/plans/plan.ts';
import { type Api, openApi, sample, textAt } from '../../../schema/api.ts';

let api: Api;
let attachment: string;
beforeAll(async () => {
  api = await openApi(await sample());
  const file = await api.file('flag', 'flag.txt');
  const uploaded = await api.run('mutation ($file: File!) { uploadAttachment(file: $file) { id } }', { file });
  attachment = textAt(uploaded, 'uploadAttachment.id');
  const people = [
    { _id: 'a', name: 'Ann', age: 30, isOnline: true, address: { city: 'Bern' }, friends: { b: { since: 1 } } },
    { _id: 'b', name: 'Bob', age: 20, photo: { $attachment: attachment } },
    { _id: 'c', name: null },
  ];
  await api.run(
    'mutation ($people: [JSON!]!) { upsertMany(collection: "people", documents: $people) { documents { _id } } }',
    { people },
  );
  await api.run(
    'mutation { upsert(collection: "t", document: { _id: "x", n: 1, list: [1, "2", null], map: { a: { b: true } } }) { document { _id } } }',
  );
});
afterAll(() => api[Symbol.asyncDispose]());

/** What plans gave, in turn; undefined where one gave up. */
const planned: unknown[] = [];
const { execute } = Plan.prototype;
vi.spyOn(Plan.prototype, 'execute').mockImplementation(function (this: Plan, ...given) {
  const index = planned.push(undefined) - 1;
  const data = execute.apply(this, given);
  planned[index] = data;
  return data;
});
beforeEach(() => planned.splice(0));

type Variables = Readonly<Record<string, unknown>>;

/** The answers of an operation that is sent three times, without their tokens. */
async function thrice(query: string, variables: Variables = {}): Promise<readonly string[]> {
  const answers: string[] = [];
  for (let time = 0; time < 3; time++) {
    const { data, errors } = await api.answer(query, variables);
    answers.push(JSON.stringify({ errors, data }));
  }
  return answers;
}

describe('an operation that comes again', () => {
  const operations: readonly [string, Variables?][] = [
    [
      '{ document(collection: "people", id: "a") { id _id collection value updatedAt } none: document(collection: "people", id: "z") { _id } }',
    ],
    [
      '{ document(collection: "people", id: "a") { __typename name: at(path: "name") city: at(path: "address.city") at(path: "nothing") conflicts { path } } }',
    ],
    [
      'query ($n: Int = 2) { documents(collection: "people", first: $n) { totalCount nodes { _id } edges { cursor node { value } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }',
    ],
    [
      'query ($where: Filter, $after: String) { documents(collection: "people", where: $where, orderBy: [{ path: "age", direction: DESC }, { path: "name" }], after: $after) { nodes { ...D } } } fragment D on Document { _id ... on Node { id } value }',
      {
        where: {
          or: [
            { path: 'age', gte: 20 },
            { path: 'name', eq: null },
          ],
        },
      },
    ],
    [
      'query ($age: JSON!) { documents(collection: "people", where: { and: [{ path: "age", lt: $age }, { not: { path: "name", in: ["x", $age] } }] }) { nodes { _id } } }',
      { age: 25 },
    ],
    ['{ collections { name documentCount } replica { __typename id storage connected } }'],
    [
      'query Named($id: ID!) { person(id: $id) { __typename _id name age isOnline ownedCars friends address { city street } } }',
      { id: 'a' },
    ],
    [
      '{ people(where: { name: { startsWith: "A" } }, orderBy: [{ age: DESC }]) { totalCount nodes { ...P } edges { node { ...P } } } } fragment P on Person { _id name photo { id size filename } }',
    ],
    ['{ person(id: "b") { photo { id size sha256 filename contentType metadata url } } }'],
    [
      'query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Document { value } ... on Attachment { size } } }',
      { ids: ['ZG9j', 'nobody'] },
    ],
    [
      'mutation ($n: JSON!) { update(collection: "t", id: "x", operations: [{ set: { path: "n", value: $n } }, { set: { path: "o", value: { a: [1, { b: 2 }] } } }]) { document { _id value } } }',
      { n: 7 },
    ],
    [
      'mutation ($document: JSON!) { upsert(collection: "t", document: $document) { document { value } } again: upsert(collection: "t", document: { _id: "z", list: [{ a: 1 }] }, strategy: UPDATE_DIFFERENT) { document { value } } }',
      { document: { _id: 'y', n: { $int64: '9007199254740993' } } },
    ],
    ['mutation { remove(collection: "t", id: "nobody") { ids } evict(collection: "t", id: "nobody") { ids } }'],
  ];

  it.each(operations)(
    'is answered by its plan from the second time on, and in the same words: %s',
    async (query, variables) => {
      const [first, ...others] = await thrice(query, variables);
      expect(first).not.toContain('"errors"');
      expect(others).toEqual([first, first]);
      expect(planned.map((data) => JSON.stringify({ data }))).toEqual([first, first]);
    },
  );

  it('is told by graphql-js what is wrong, as if there were no plan', async () => {
    const query =
      'mutation ($id: ID!, $path: String!) { update(collection: "t", id: $id, operations: [{ set: { path: $path, value: 1 } }]) { document { at(path: $path) } } }';
    const wrong: readonly Variables[] = [
      { id: 'x' },
      { id: 'x', path: 1 },
      { id: 'x', path: 'a[' },
      { id: 'nobody', path: 'n' },
      { id: 'x', path: '_id' },
    ];
    const before: unknown[] = [];
    for (const variables of wrong) before.push(JSON.stringify(await api.answer(query, variables)));
    await thrice(query, { id: 'x', path: 'n' });
    const after: unknown[] = [];
    planned.splice(0);
    for (const variables of wrong) after.push(JSON.stringify(await api.answer(query, variables)));
    expect(after).toEqual(before);
    expect(planned).toEqual(wrong.map(() => undefined));
    for (const answer of before) expect(answer).toContain('"errors"');
  });

  it('is one transaction: what a plan did before it gave up is not there', async () => {
    const query =
      'mutation ($id: ID!) { update(collection: "t", id: "x", operations: [{ increment: { path: "count" } }]) { document { _id } } second: update(collection: "t", id: $id, operations: [{ increment: { path: "count" } }]) { document { at(path: "count") } } }';
    await thrice(query, { id: 'x' });
    expect(await thrice(query, { id: 'nobody' })).toEqual(Array(3).fill(expect.stringContaining('DOCUMENT_NOT_FOUND')));
    expect(await api.run('{ document(collection: "t", id: "x") { at(path: "count") } }')).toEqual({
      document: { at: 6 },
    });
    expect(await api.run(query, { id: 'x' })).toEqual({
      update: { document: { _id: 'x' } },
      second: { document: { at: 8 } },
    });
  });

  it('is left to graphql-js where it awaits something', async () => {
    const query = 'query ($id: ID!) { person(id: $id) { photo { id state } } }';
    const [first, ...others] = await thrice(query, { id: 'b' });
    expect(others).toEqual([first, first]);
    expect(planned).toEqual([]);

    // Or does so one day.
    const sometimes = `${query} # again`;
    await thrice(sometimes, { id: 'a' });
    expect(planned).toHaveLength(2);
    expect(await thrice(sometimes, { id: 'b' })).toEqual([first, first, first]);
    expect(planned).toHaveLength(3);
  });

  it('is an event, too: each but the first is made by a plan', async () => {
    await using subscription = await api.subscribe(
      'subscription { documents(collection: "live") { nodes { _id value } inserted { node { _id } } } }',
    );
    await subscription.next();
    for (const id of ['a', 'b', 'c']) {
      planned.splice(0);
      await api.run('mutation ($d: JSON!) { upsert(collection: "live", document: $d) { document { _id } } }', {
        d: { _id: id },
      });
      expect(await subscription.next()).toMatchObject({ documents: { inserted: [{ node: { _id: id } }] } });
      expect(planned).toContainEqual({ documents: expect.objectContaining({ inserted: [{ node: { _id: id } }] }) });
    }
  });
});
