/** A developer's typos in the generic API: answered with nothing, and named in `extensions.warnings`. */
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { encodeGlobalId } from '../../resolvers/global-ids.ts';
import { type EmbeddedServer, openServer } from '../servers/tideline.ts';

let server: EmbeddedServer;
beforeAll(async () => {
  server = await openServer();
  for (const document of [{ _id: 'ISL', region: 'Europe', greeting: 'Hæ' }, { _id: 'NOR' }]) {
    await server.run('mutation ($d: JSON!) { upsert(collection: "countries", document: $d) { document { _id } } }', {
      d: document,
    });
  }
  await server.run('mutation { upsert(collection: "notes", document: { _id: "a", text: "b" }) { document { _id } } }');
});
afterAll(() => server[Symbol.asyncDispose]());

async function extensionsOf(query: string, extensions = {}): Promise<unknown> {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, extensions }),
  });
  const answer = await response.json();
  expect(answer.errors).toBeUndefined();
  return answer.extensions;
}

const noCollection = 'there is no collection contries: there are cars, countries, notes, people';
const countries = (keypath: string, looked = 2) =>
  `the keypath ${keypath} leads nowhere in ${looked} documents of countries: countries is defined with name, cca2, cca3, ccn3, cioc, independent, status, unMember, unRegionalGroup, region, subregion, capital, currencies, languages, borders, landlocked, area, latlng, idd, tld and 6 more`;
const norway = encodeGlobalId({ view: 'document', collection: 'countries', id: 'NOR' });
const foreignId = (collection: string) =>
  `the id ${norway} is the global id of "NOR" in collection "countries": there is no such document in ${collection}`;

describe('extensions.warnings', () => {
  it.each([
    ['a collection', '{ documents(collection: "contries") { totalCount } }', [noCollection]],
    ['a collection of one', '{ document(collection: "contries", id: "ISL") { _id } }', [noCollection]],
    [
      'a collection to be changed',
      'mutation { removeMany(collection: "contries", where: { path: "a", eq: 1 }) { ids } }',
      [noCollection],
    ],
    [
      'a keypath of a filter, an order and a field, each once',
      `{ documents(collection: "countries", where: { not: { path: "regoin", eq: "Europe" } }, orderBy: [{ path: "updatedAt" }]) {
        nodes { name: at(path: "name.comon") again: at(path: "name.comon") attachment(path: "flagImge") { id } } } }`,
      [countries('regoin'), countries('updatedAt'), countries('name.comon'), countries('flagImge')],
    ],
    [
      "another collection's global id, to be read",
      `{ document(collection: "notes", id: "${norway}") { _id } note: document(collection: "notes", id: "a") { _id } car(id: "${norway}") { _id } }`,
      [foreignId('notes'), foreignId('cars')],
    ],
    [
      "another collection's global id, to be removed",
      `mutation { remove(collection: "notes", id: "${norway}") { ids } removeCar(id: "${norway}") { ids } }`,
      [foreignId('notes'), foreignId('cars')],
    ],
    [
      'a keypath of a collection that is not defined',
      '{ documents(collection: "notes", where: { path: "txt", exists: true }) { totalCount } }',
      ['the keypath txt leads nowhere in 1 documents of notes'],
    ],
  ])('name %s', async (_, query, warnings) => {
    expect(await extensionsOf(query)).toEqual({ warnings });
    // From the second time on the operation is executed by a plan.
    expect(await extensionsOf(query)).toEqual({ warnings });
    expect(await extensionsOf(query, { causality: {} })).toEqual({
      causality: { token: expect.any(String) },
      warnings,
    });
  });

  it.each([
    ['defined', '{ documents(collection: "countries", where: { path: "languages.isl", eq: 1 }) { totalCount } }'],
    [
      'found in a document',
      '{ documents(collection: "countries", where: { path: "greeting", eq: "Hæ" }) { totalCount } }',
    ],
    ['an id', '{ documents(collection: "countries", orderBy: [{ path: "_id" }]) { totalCount } }'],
    ['a defined collection without documents', '{ documents(collection: "cars") { totalCount } }'],
  ])('say nothing of what is %s', async (_, query) => {
    expect(await extensionsOf(query)).toBeUndefined();
  });

  it('are at most ten', async () => {
    const fields = Array.from(
      { length: 30 },
      (_, index) => `f${index}: documents(collection: "none${index}") { totalCount }`,
    );
    expect(await extensionsOf(`{ ${fields.join('\n')} }`)).toEqual({
      warnings: expect.toSatisfy((all) => all.length === 10),
    });
  });

  it('come with each event of a subscription', async () => {
    const client = createClient({ url: server.socketUrl, webSocketImpl: WebSocket });
    const events = client.iterate({ query: 'subscription { documents(collection: "contries") { initial } }' });
    expect((await events.next()).value).toEqual({
      data: { documents: { initial: true } },
      extensions: { warnings: [noCollection] },
    });
    await events.return?.();
    await client.dispose();
  });

  it('are for development: a server beyond loopback has none', async () => {
    await using open = await openServer({ HOST: '0.0.0.0' });
    const { port } = new URL(open.url);
    const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ documents(collection: "contries") { totalCount } }' }),
    });
    expect(await response.json()).toEqual({ data: { documents: { totalCount: 0 } } });
  });
});
