import { describe, expect, it } from 'vitest';
import { openServer } from '../servers/tideline.ts';

describe('an operation over HTTP', () => {
  it('writes, reads what was written, and says by a token what it showed', async () => {
    await using server = await openServer();
    const written = await server.ask(
      'mutation { upsert(collection: "cars", document: { _id: "vw", doors: 4 }) { document { _id value } } }',
    );
    expect(written).toMatchObject({
      status: 200,
      errors: [],
      data: { upsert: { document: { _id: 'vw', value: { _id: 'vw', doors: 4 } } } },
    });
    expect(written.token).toEqual(expect.any(String));
    expect(written.headers.get('causality-token')).toBe(written.token);

    const read = await server.ask('{ document(collection: "cars", id: "vw") { value } }');
    expect(read.data).toEqual({ document: { value: { _id: 'vw', doors: 4 } } });
    expect(read.token).toBe(written.token);
  });
});
