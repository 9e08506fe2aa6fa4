import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, openApi, sample } from '../api.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi(await sample());
});
afterAll(() => api[Symbol.asyncDispose]());

const upsert = (person: unknown) =>
  api.run('mutation ($person: PersonInput!) { upsertPerson(person: $person) { person { _id } } }', { person });

describe('live people', () => {
  it('are those that match, typed, and change as they are written to', async () => {
    await upsert({ _id: 'a', name: 'Ann', age: 30 });
    await using people = await api.subscribe(`subscription {
      people(where: { age: { gt: 10 } }, orderBy: [{ name: DESC }], first: 2) {
        initial merged nodes { __typename _id } inserted { index node { name } } updated { index node { name age } }
        removed { index _id reason } moved { _id from to } token
      }
    }`);
    const quiet = {
      initial: false,
      merged: 1,
      inserted: [],
      updated: [],
      removed: [],
      moved: [],
      token: expect.any(String),
    };
    const nodes = (...ids: readonly string[]) => ids.map((_id) => ({ __typename: 'Person', _id }));
    expect(await people.next()).toEqual({
      people: { ...quiet, initial: true, nodes: nodes('a'), inserted: [{ index: 0, node: { name: 'Ann' } }] },
    });

    await upsert({ _id: 'child', name: 'Zoe', age: 5 });
    await upsert({ _id: 'b', name: 'Bob', age: 20 });
    expect(await people.next()).toEqual({
      people: { ...quiet, nodes: nodes('b', 'a'), inserted: [{ index: 0, node: { name: 'Bob' } }] },
    });

    await upsert({ _id: 'a', name: 'Cid' });
    expect(await people.next()).toEqual({
      people: {
        ...quiet,
        nodes: nodes('a', 'b'),
        updated: [{ index: 0, node: { name: 'Cid', age: 30 } }],
        moved: expect.arrayContaining([expect.objectContaining({ _id: expect.any(String) })]),
      },
    });

    await api.run('mutation { updatePerson(id: "b", set: { age: 1 }) { person { _id } } }');
    expect(await people.next()).toEqual({
      people: { ...quiet, nodes: nodes('a'), removed: [{ index: 1, _id: 'b', reason: 'LEFT_RESULT' }] },
    });
  });

  it('are one where one is asked for', async () => {
    await using person = await api.subscribe(
      'subscription { person(id: "one") { initial merged person { _id name ownedCars } token } }',
    );
    const event = (initial: boolean, shown: unknown) => ({
      person: { initial, merged: 1, person: shown, token: expect.any(String) },
    });
    expect(await person.next()).toEqual(event(true, null));
    await upsert({ _id: 'one', name: 'One' });
    expect(await person.next()).toEqual(event(false, { _id: 'one', name: 'One', ownedCars: 0 }));
    await api.run('mutation { removePerson(id: "one") { ids } }');
    expect(await person.next()).toEqual(event(false, null));
  });

  it.each([
    ['people(where: { name: null }) { token }', 'where.name'],
    ['people(first: -1) { token }', 'first'],
    ['people(after: "x") { token }', 'after'],
    ['person(id: "") { token }', 'id'],
    ['person(id: "a", after: "") { token }', 'after'],
  ])('are refused where an argument is bad: %s', async (field, argument) => {
    expect(await api.refused(`subscription { ${field} }`)).toMatchObject({ code: 'BAD_USER_INPUT', argument });
  });
});
