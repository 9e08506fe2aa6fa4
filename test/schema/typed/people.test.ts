import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, idsAt, openApi, sample, textAt } from '../api.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi(await sample());
});
afterAll(() => api[Symbol.asyncDispose]());

const upsertMutation = `mutation ($person: PersonInput!, $strategy: WriteStrategy! = MERGE) {
  upsertPerson(person: $person, strategy: $strategy) {
    person { __typename _id name age isOnline ownedCars friends address { street city } photo { id } document { value } }
  }
}`;
const upsert = (person: unknown, strategy?: string) => api.run(upsertMutation, { person, strategy });

const updateMutation = `mutation ($id: ID!, $set: PersonInput, $increment: PersonIncrement, $remove: [PersonField!]) {
  updatePerson(id: $id, set: $set, increment: $increment, remove: $remove) { person { ownedCars document { value } } }
}`;
const update = (id: string, variables: object) => api.run(updateMutation, { id, ...variables });
const updated = (ownedCars: number | null, value: unknown) => ({
  updatePerson: { person: { ownedCars, document: { value } } },
});

const write = (document: unknown) =>
  api.run('mutation ($d: JSON!) { upsert(collection: "people", document: $d) { document { _id } } }', { d: document });

describe('upsertPerson', () => {
  it('creates, and reads back through both APIs', async () => {
    const { id } = await api.file('photo').then(async (file) => {
      const data = await api.run('mutation ($file: File!) { uploadAttachment(file: $file) { id } }', { file });
      return { id: textAt(data, 'uploadAttachment.id') };
    });
    const person = {
      _id: 'ann',
      name: 'Ann',
      age: 30,
      isOnline: true,
      friends: { 'bob.b': { since: 2001 } },
      address: { street: 'Main St', city: 'Bern' },
      photo: id,
    };
    expect(await upsert(person)).toEqual({
      upsertPerson: {
        person: {
          ...person,
          __typename: 'Person',
          ownedCars: 0,
          photo: { id },
          document: { value: { ...person, photo: { $attachment: id } } },
        },
      },
    });
  });

  it('merges, makes ids, follows its strategy, and stores null as a value', async () => {
    await upsert({ _id: 'merged', name: 'M', address: { street: 'S' } });
    await upsert({ _id: 'merged', age: 5, address: { city: 'C' } });
    await upsert({ _id: 'merged', name: 'N', age: 7 }, 'INSERT_IF_ABSENT');
    expect(await upsert({ _id: 'merged', name: null })).toMatchObject({
      upsertPerson: {
        person: {
          name: null,
          age: 5,
          address: { street: 'S', city: 'C' },
          document: { value: { _id: 'merged', name: null, age: 5, address: { street: 'S', city: 'C' } } },
        },
      },
    });
    expect(textAt(await upsert({ name: 'nobody' }), 'upsertPerson.person._id')).not.toBe('');
  });

  it.each([
    [{ _id: '' }, 'BAD_USER_INPUT', 'person._id'],
    [{ _id: 'a', friends: 5 }, 'BAD_USER_INPUT', 'person.friends'],
    [{ _id: 'a', friends: { x: '\ud800' } }, 'BAD_USER_INPUT', 'person.friends.x'],
    [{ _id: 'a', name: '\ud800' }, 'BAD_USER_INPUT', 'person.name'],
    [{ _id: 'a', age: 1.5 }, 'BAD_USER_INPUT', 'person.age'],
    [{ _id: 'a', ownedCars: 1 }, 'BAD_USER_INPUT', 'person'],
    [{ _id: 'a', photo: 'unknown' }, 'ATTACHMENT_NOT_FOUND', undefined],
  ])('refuses %j', async (person, code, argument) => {
    expect(await api.refused(upsertMutation, { person })).toMatchObject({ code, argument });
  });
});

describe('updatePerson', () => {
  it('sets, removes and increments in one step', async () => {
    await upsert({ _id: 'u', name: 'U', age: 5, address: { street: 'S', city: 'C' } });
    expect(
      await update('u', { set: { name: 'V', address: { city: 'D' } }, remove: ['age'], increment: { ownedCars: 2.5 } }),
    ).toEqual(updated(2.5, { _id: 'u', name: 'V', address: { city: 'D' }, ownedCars: 2.5 }));
    expect(await update('u', { increment: { ownedCars: -1 } })).toEqual(
      updated(1.5, { _id: 'u', name: 'V', address: { city: 'D' }, ownedCars: 1.5 }),
    );
    expect(await update('u', { remove: ['ownedCars', 'address'], set: { name: null } })).toEqual(
      updated(0, { _id: 'u', name: null }),
    );
    expect(await update('u', {})).toEqual(updated(0, { _id: 'u', name: null }));
    expect(await update('u', { set: null, remove: null, increment: null })).toEqual(
      updated(0, { _id: 'u', name: null }),
    );
  });

  it('begins a counter again where it is removed and incremented', async () => {
    await upsert({ _id: 'again' });
    await update('again', { increment: { ownedCars: 5 } });
    expect(await update('again', { remove: ['ownedCars'], increment: { ownedCars: 1 } })).toEqual(
      updated(1, { _id: 'again', ownedCars: 1 }),
    );
  });

  it.each([
    [{ set: { _id: 'x' } }, 'BAD_USER_INPUT', 'set._id'],
    [{ set: { name: 'x' }, remove: ['age', 'name'] }, 'BAD_USER_INPUT', 'remove.1'],
    [{ set: { friends: [1] } }, 'BAD_USER_INPUT', 'set.friends'],
    [{ increment: { ownedCars: null } }, 'BAD_USER_INPUT', 'increment.ownedCars'],
    [{ set: { photo: 'unknown' } }, 'ATTACHMENT_NOT_FOUND', undefined],
    [{ id: 'nobody', set: { name: 'x' } }, 'DOCUMENT_NOT_FOUND', undefined],
    [{ id: '', set: { name: 'x' } }, 'BAD_USER_INPUT', 'id'],
  ])('refuses %j', async (variables, code, argument) => {
    await upsert({ _id: 'r' });
    expect(await api.refused(updateMutation, { id: 'r', ...variables })).toMatchObject({ code, argument });
  });

  it('refuses to count without end, which GraphQL lets through in literals', async () => {
    await upsert({ _id: 'endless' });
    const mutation = 'mutation { updatePerson(id: "endless", increment: { ownedCars: 1e999 }) { person { _id } } }';
    const refusal = { code: 'BAD_USER_INPUT', argument: 'increment.ownedCars' };
    expect(await api.refused(mutation)).toMatchObject(refusal);
  });
});

describe('removePerson', () => {
  it('gives the id that was there', async () => {
    await upsert({ _id: 'gone' });
    const mutation = 'mutation { removePerson(id: "gone") { ids } }';
    expect(await api.run(mutation)).toEqual({ removePerson: { ids: ['gone'] } });
    expect(await api.run(mutation)).toEqual({ removePerson: { ids: [] } });
    expect(await api.run('{ person(id: "gone") { _id } }')).toEqual({ person: null });
  });
});

describe('the generic API on a defined collection', () => {
  it.each([
    [{ name: 5 }, 'document.name'],
    [{ address: { city: ['x'] } }, 'document.address.city'],
    [{ age: '5' }, 'document.age'],
  ])('refuses what does not fit: %j', async (d, argument) => {
    const mutation = 'mutation ($d: JSON!) { upsert(collection: "people", document: $d) { document { _id } } }';
    expect(await api.refused(mutation, { d })).toMatchObject({ code: 'BAD_USER_INPUT', argument });
  });

  it('takes a number as the base of a counter, and begins it again by set', async () => {
    await write({ _id: 'counted', ownedCars: 3 });
    await update('counted', { increment: { ownedCars: 1 } });
    expect(await api.run('{ person(id: "counted") { ownedCars } }')).toEqual({ person: { ownedCars: 4 } });
    const mutation = `mutation ($o: [UpdateOperation!]!) { update(collection: "people", id: "counted", operations: $o) { document { value } } }`;
    expect(
      await api.run(mutation, { o: [{ set: { path: 'ownedCars', value: 10 } }, { increment: { path: 'ownedCars' } }] }),
    ).toEqual({
      update: { document: { value: { _id: 'counted', ownedCars: 11 } } },
    });
    expect(await api.refused(mutation, { o: [{ set: { path: 'name.first', value: 'x' } }] })).toMatchObject({
      code: 'BAD_USER_INPUT',
      argument: 'operations.0.set.path',
    });
    expect(await api.refused(mutation, { o: [{ increment: { path: 'age' } }] })).toMatchObject({
      code: 'BAD_USER_INPUT',
      argument: 'operations.0.increment.path',
    });
    expect(await api.refused(mutation, { o: [{ setAttachment: { path: 'name', attachment: 'x' } }] })).toMatchObject({
      code: 'BAD_USER_INPUT',
      argument: 'operations.0.setAttachment.value',
    });
  });

  it('shows fields that are not defined, which the typed view does not', async () => {
    await write({ _id: 'more', name: 'M', shoeSize: 42 });
    expect(await api.run('{ person(id: "more") { name document { at(path: "shoeSize") } } }')).toEqual({
      person: { name: 'M', document: { at: 42 } },
    });
  });
});

describe('node', () => {
  it('gives a person and its document by different ids', async () => {
    await upsert({ _id: 'n', name: 'N' });
    const data = await api.run('{ person(id: "n") { id document { id } } }');
    const [id, documentId] = [textAt(data, 'person.id'), textAt(data, 'person.document.id')];
    expect(id).not.toBe(documentId);
    const query = `query ($ids: [ID!]!) {
      nodes(ids: $ids) { __typename id ... on Person { name } ... on Document { collection } }
    }`;
    expect(await api.run(query, { ids: [id, documentId] })).toEqual({
      nodes: [
        { __typename: 'Person', id, name: 'N' },
        { __typename: 'Document', id: documentId, collection: 'people' },
      ],
    });
  });
});

describe('a counter', () => {
  it('is no field of an upsert, reads 0, and is compared as 0 where it was never written', async () => {
    await using other = await openApi(await sample());
    for (const _id of ['a', 'b', 'c']) await other.run(upsertMutation, { person: { _id } });
    await other.run(updateMutation, { id: 'b', increment: { ownedCars: 2 } });
    await other.run(updateMutation, { id: 'c', increment: { ownedCars: -1 } });
    const found = async (filter: object) => {
      const query = 'query ($where: PersonFilter) { people(where: $where) { nodes { _id } } }';
      return idsAt(await other.run(query, { where: { ownedCars: filter } }), 'people.nodes');
    };
    expect(await found({ eq: 0 })).toBe('a');
    expect(await found({ ne: 0 })).toBe('bc');
    expect(await found({ ne: 2 })).toBe('ac');
    expect(await found({ lt: 1 })).toBe('ac');
    expect(await found({ lte: 0 })).toBe('ac');
    expect(await found({ gte: 0 })).toBe('ab');
    expect(await found({ gt: -1 })).toBe('ab');
    expect(await found({ gt: 0 })).toBe('b');
    expect(await found({ in: [0, 2] })).toBe('ab');
    expect(await found({ exists: true })).toBe('bc');
  });
});
