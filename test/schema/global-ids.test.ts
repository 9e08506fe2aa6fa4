/** Global ids, for caches: of what goes, and in the place of an `_id`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, openApi, sample, textAt } from './api.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi(await sample());
});
afterAll(() => api[Symbol.asyncDispose]());

const upsert = async (collection: string, document: unknown): Promise<string> => {
  const mutation = 'mutation ($c: String!, $d: JSON!) { upsert(collection: $c, document: $d) { document { id } } }';
  return textAt(await api.run(mutation, { c: collection, d: document }), 'upsert.document.id');
};
const upsertPerson = async (person: unknown): Promise<string> => {
  const mutation = 'mutation ($person: PersonInput!) { upsertPerson(person: $person) { person { id } } }';
  return textAt(await api.run(mutation, { person }), 'upsertPerson.person.id');
};
const remove = (collection: string, id: string) =>
  api.run('mutation ($c: String!, $id: ID!) { remove(collection: $c, id: $id) { ids deletedIds } }', {
    c: collection,
    id,
  });
const removed = (_id: string, id: string) => ({ remove: { ids: [_id], deletedIds: [id] } });

/** The ids that the two views of a person have. */
async function person(_id: string) {
  const typed = await upsertPerson({ _id });
  const document = await upsert('people', { _id });
  expect(typed).not.toBe(document);
  return { typed, document };
}

describe('deletedIds', () => {
  it('are the ids that the documents had in the view through which they went', async () => {
    const first = await person('first');
    expect(await remove('people', 'first')).toEqual(removed('first', first.document));
    expect(await remove('people', 'first')).toEqual({ remove: { ids: [], deletedIds: [] } });

    const second = await person('second');
    expect(await api.run('mutation { removePerson(id: "second") { ids deletedIds } }')).toEqual({
      removePerson: { ids: ['second'], deletedIds: [second.typed] },
    });
  });

  it.each(['removeMany', 'evictMany'])('are those of all documents of %s', async (field) => {
    const ids = [await upsert(field, { _id: 'a' }), await upsert(field, { _id: 'b' })];
    expect(
      await api.run(`mutation { many: ${field}(collection: "${field}", where: {}, all: true) { ids deletedIds } }`),
    ).toEqual({ many: { ids: ['a', 'b'], deletedIds: ids } });
  });

  it('are that of an evicted document', async () => {
    const id = await upsert('evicted', { _id: 'a' });
    expect(await api.run('mutation { evict(collection: "evicted", id: "a") { ids deletedIds } }')).toEqual({
      evict: { ids: ['a'], deletedIds: [id] },
    });
  });
});

describe('live queries', () => {
  const fields = 'nodes { id } removed { id _id } moved { id _id }';
  const ofDocuments = `subscription { live: documents(collection: "people", where: { path: "name", gte: "L" }, orderBy: [{ path: "name" }]) { ${fields} } }`;
  const ofPeople = `subscription { live: people(where: { name: { gte: "L" } }, orderBy: [{ name: ASC }]) { ${fields} } }`;

  it.each([
    ['documents', ofDocuments, 'document'],
    ['people', ofPeople, 'typed'],
  ] as const)('of %s tell by the ids of their nodes what moved and what left', async (_, subscription, view) => {
    const { [view]: a } = await person('live a');
    const { [view]: b } = await person('live b');
    await upsertPerson({ _id: 'live a', name: 'La' });
    await upsertPerson({ _id: 'live b', name: 'Lb' });
    await using live = await api.subscribe(subscription);
    expect(await live.next()).toEqual({ live: { nodes: [{ id: a }, { id: b }], removed: [], moved: [] } });

    await upsertPerson({ _id: 'live a', name: 'Lc' });
    const moved = await live.next();
    expect(moved).toMatchObject({ live: { nodes: [{ id: b }, { id: a }], removed: [] } });
    expect([
      { live: { moved: [{ id: a, _id: 'live a' }] } },
      { live: { moved: [{ id: b, _id: 'live b' }] } },
    ]).toContainEqual({ live: { moved: memberOf(memberOf(moved, 'live'), 'moved') } });

    await remove('people', 'live a');
    expect(await live.next()).toEqual({ live: { nodes: [{ id: b }], removed: [{ id: a, _id: 'live a' }], moved: [] } });
    await remove('people', 'live b');
  });

  it('of transactions tell the ids of documents', async () => {
    await using transactions = await api.subscribe(
      'subscription { transactions(collections: ["logged"]) { changes { id _id kind document { id } } } }',
    );
    const id = await upsert('logged', { _id: 'a' });
    const change = { id, _id: 'a' };
    expect(await transactions.next()).toEqual({
      transactions: { changes: [{ ...change, kind: 'UPSERTED', document: { id } }] },
    });
    await remove('logged', 'a');
    expect(await transactions.next()).toEqual({
      transactions: { changes: [{ ...change, kind: 'REMOVED', document: null }] },
    });
  });
});

const memberOf = (data: unknown, key: string): unknown =>
  typeof data === 'object' && data !== null ? Reflect.get(data, key) : undefined;

describe('a global id is taken in the place of an _id', () => {
  it.each(['typed', 'document'] as const)('of the %s view, by every field', async (view) => {
    const _id = `by its ${view} id`;
    const { [view]: id, document, typed } = await person(_id);
    await upsert('people', { _id, name: 'N' });
    const operation = `query ($id: ID!) {
      person(id: $id) { _id name } document(collection: "people", id: $id) { _id at(path: "name") }
    }`;
    expect(await api.run(operation, { id })).toEqual({ person: { _id, name: 'N' }, document: { _id, at: 'N' } });

    await using livePerson = await api.subscribe('subscription ($id: ID!) { person(id: $id) { person { name } } }', {
      id,
    });
    await using liveDocument = await api.subscribe(
      'subscription ($id: ID!) { document(collection: "people", id: $id) { document { at(path: "name") } } }',
      { id },
    );
    const shows = async (name: string | undefined) => {
      expect(await livePerson.next()).toEqual({ person: { person: name === undefined ? null : { name } } });
      const shown = name === undefined ? null : { at: name };
      expect(await liveDocument.next()).toEqual({ document: { document: shown } });
    };
    await shows('N');

    const write = `mutation ($id: ID!) {
      update(collection: "people", id: $id, operations: [{ set: { path: "age", value: 5 } }]) { document { _id } }
      updatePerson(id: $id, set: { name: "M" }) { person { _id age } }
    }`;
    expect(await api.run(write, { id })).toEqual({
      update: { document: { _id } },
      updatePerson: { person: { _id, age: 5 } },
    });
    await shows('M');

    expect(await remove('people', id)).toEqual(removed(_id, document));
    await shows(undefined);
    await upsert('people', { _id, name: 'O' });
    await shows('O');
    expect(await api.run('mutation ($id: ID!) { removePerson(id: $id) { ids deletedIds } }', { id })).toEqual({
      removePerson: { ids: [_id], deletedIds: [typed] },
    });
    await shows(undefined);
    await upsert('people', { _id });
    const evict = 'mutation ($id: ID!) { evict(collection: "people", id: $id) { ids deletedIds } }';
    expect(await api.run(evict, { id })).toEqual({ evict: { ids: [_id], deletedIds: [document] } });
  });

  it('also where it is longer than an _id may be', async () => {
    const collection = '😀'.repeat(100);
    const _id = 'é'.repeat(128);
    const id = await upsert(collection, { _id });
    expect(Buffer.byteLength(id)).toBeGreaterThan(256);
    const query = 'query ($c: String!, $id: ID!) { document(collection: $c, id: $id) { _id } }';
    expect(await api.run(query, { c: collection, id })).toEqual({ document: { _id } });
    await using live = await api.subscribe(
      query.replace('query', 'subscription').replace('{ _id }', '{ document { _id } }'),
      {
        c: collection,
        id,
      },
    );
    expect(await live.next()).toEqual({ document: { document: { _id } } });
    expect(await remove(collection, id)).toEqual(removed(_id, id));
    const update =
      'mutation ($id: ID!) { update(collection: "another", id: $id, operations: []) { document { _id } } }';
    const refused = await api.refused(update, { id });
    expect(refused).toMatchObject({ code: 'BAD_USER_INPUT', argument: 'id' });
    expect(refused.message).toContain(`the global id of "${_id}" in collection "${collection}"`);
  });

  // Before and behind "ZG9jdW1lbnQK…", as a global id of a document begins.
  it.each(['A', 'z'])('but an _id that is there wins: over that of %j', async (other) => {
    const text = await upsert('same', { _id: other, name: 'other' });
    const read = async () =>
      api.run('query ($id: ID!) { document(collection: "same", id: $id) { _id } }', { id: text });
    const is = (_id: string | null) => ({ document: _id === null ? null : { _id } });
    await using live = await api.subscribe(
      'subscription ($id: ID!) { document(collection: "same", id: $id) { document { _id } } }',
      { id: text },
    );
    const shows = async (_id: string | null) => {
      expect(await live.next()).toEqual({ document: is(_id) });
      expect(await read()).toEqual(is(_id));
    };
    await shows(other);
    const own = await upsert('same', { _id: text, name: 'own' });
    await shows(text);

    const update = `mutation ($id: ID!) {
      update(collection: "same", id: $id, operations: [{ set: { path: "name", value: "changed" } }]) { document { _id } }
    }`;
    expect(await api.run(update, { id: text })).toEqual({ update: { document: { _id: text } } });
    await shows(text);
    // The second field sees what the first one did.
    const twice = `mutation ($id: ID!) {
      a: remove(collection: "same", id: $id) { ids deletedIds } b: remove(collection: "same", id: $id) { ids deletedIds }
    }`;
    expect(await api.run(twice, { id: text })).toEqual({
      a: { ids: [text], deletedIds: [own] },
      b: { ids: [other], deletedIds: [text] },
    });
    await shows(null);
  });

  it('judged at the commit, where it differs from the first run', async () => {
    const uploaded = await api.run('mutation ($file: File!) { uploadAttachment(file: $file) { id } }', {
      file: await api.file('x'),
    });
    const text = await upsert('late', { _id: 'other' });
    // `base64` is awaited, so that the other mutation commits between this one's first run and its commit.
    const slow = api.run(
      `mutation ($attachment: ID!, $id: ID!) {
        update(collection: "late", id: $id, operations: [{ set: { path: "n", value: 1 } }]) { document { _id } }
        fetchAttachment(id: $attachment) { attachment { base64 } }
      }`,
      { attachment: textAt(uploaded, 'uploadAttachment.id'), id: text },
    );
    await upsert('late', { _id: text });
    expect(await slow).toMatchObject({ update: { document: { _id: text } } });
    expect(await api.run('{ document(collection: "late", id: "other") { value } }')).toEqual({
      document: { value: { _id: 'other' } },
    });
  });

  it('but not that of another collection', async () => {
    const { typed, document } = await person('elsewhere');
    for (const id of [typed, document]) {
      const operation = 'query ($id: ID!) { car(id: $id) { _id } document(collection: "cars", id: $id) { _id } }';
      expect(await api.run(operation, { id })).toEqual({ car: null, document: null });
      for (const field of [
        'removeCar(id: $id)',
        'remove(collection: "cars", id: $id)',
        'evict(collection: "cars", id: $id)',
      ]) {
        expect(await api.run(`mutation ($id: ID!) { gone: ${field} { ids deletedIds } }`, { id })).toEqual({
          gone: { ids: [], deletedIds: [] },
        });
      }
      for (const field of [
        'updateCar(id: $id, set: { year: 1 }) { car { _id } }',
        'update(collection: "cars", id: $id, operations: []) { document { _id } }',
      ]) {
        const refused = await api.refused(`mutation ($id: ID!) { ${field} }`, { id });
        expect(refused.code).toBe('DOCUMENT_NOT_FOUND');
        expect(refused.message).toContain('the global id of "elsewhere" in collection "people"');
      }
      // An `_id` may be what another document has as its global id.
      await upsert('cars', { _id: id });
      expect(await api.run('query ($id: ID!) { car(id: $id) { _id } }', { id })).toEqual({ car: { _id: id } });
    }
  });

  it('and names the document that is not there', async () => {
    const { typed } = await person('missing');
    await remove('people', 'missing');
    const refused = await api.refused(
      'mutation ($id: ID!) { updatePerson(id: $id, set: { name: "x" }) { person { _id } } }',
      { id: typed },
    );
    expect(refused.code).toBe('DOCUMENT_NOT_FOUND');
    expect(refused.message).toContain('"missing"');
  });

  it('but not by an upsert, whose _id is what it says', async () => {
    const { document } = await person('upserted');
    await upsert('people', { _id: document });
    const query = 'query ($id: ID!) { document(collection: "people", id: $id) { _id } }';
    expect(await api.run(query, { id: document })).toEqual({ document: { _id: document } });
  });
});
