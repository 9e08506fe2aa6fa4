import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, openApi } from '../api.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api[Symbol.asyncDispose]());

const fields = `id connected storage startedAt clock version { log position } waiting unsent documentCount lastWriteAt
  peers { id lastSeenAt version { log position } behindBy }`;

describe('replica', () => {
  it('tells what it knows of itself', async () => {
    const before = {
      id: api.replica.id,
      connected: true,
      storage: 'EMBEDDED',
      startedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      clock: expect.stringMatching(/^\d{4}-.*Z$/),
      version: [{ log: expect.any(String), position: expect.any(Number) }],
      waiting: 0,
      unsent: 0,
      documentCount: 0,
      lastWriteAt: null,
      peers: [],
    };
    expect(await api.run(`{ replica { ${fields} } }`)).toEqual({ replica: before });
    await api.run('mutation { upsert(collection: "a", document: {}) { document { _id } } }');
    expect(await api.run(`{ replica { ${fields} } }`)).toEqual({
      replica: { ...before, documentCount: 1, lastWriteAt: expect.stringMatching(/Z$/) },
    });
  });

  it('tells it again as it changes', async () => {
    await using replica = await api.subscribe(`subscription { replica { id documentCount } }`);
    expect(await replica.next()).toEqual({ replica: { id: api.replica.id, documentCount: 1 } });
    await api.run('mutation { upsert(collection: "a", document: {}) { document { _id } } }');
    expect(await replica.next()).toEqual({ replica: { id: api.replica.id, documentCount: 2 } });
  });
});
