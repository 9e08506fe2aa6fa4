/** A server whose disk takes no more: it says so, where it is asked how it is, too, and goes on once there is room. */
import { expect, it } from 'vitest';
import { answerOf, startServer } from '../servers/tideline.ts';

it('a write that a full disk does not take is refused, and /health/ready says why until one is taken', async () => {
  // Files of this process may have 4 MB: as on a full disk, a write beyond it fails.
  await using server = await startServer({ LOG_LEVEL: 'warn' }, true, [
    'bash',
    '-c',
    'ulimit -S -f 4096; exec "$@"',
    '--',
  ]);
  const write = (id: string) =>
    server.ask('mutation ($d: JSON!) { upsert(collection: "full", document: $d) { document { _id } } }', {
      d: { _id: id, text: 'x'.repeat(400_000) },
    });
  const health = async () => (await fetch(`${server.url}/health/ready`)).json();
  expect(await health()).toMatchObject({ ready: true, problem: null });

  let refused = await write('0');
  for (let number = 1; refused.errors.length === 0 && number < 100; number += 1) refused = await write(`${number}`);
  expect(refused.errors).toMatchObject([{ extensions: { code: 'STORE_UNAVAILABLE' } }]);
  expect(await health()).toMatchObject({ ready: true, problem: expect.stringMatching(/disk of DATA_DIR is full/) });
  expect(await server.run('{ documents(collection: "full") { totalCount } }')).toMatchObject({
    documents: { totalCount: expect.any(Number) },
  });

  const form = new FormData();
  form.set('file', new Blob(['x'.repeat(5_000_000)]), 'large');
  const upload = await answerOf(await fetch(`${server.url}/attachments`, { method: 'POST', body: form }));
  expect(upload).toMatchObject({ status: 503, errors: [{ extensions: { code: 'STORE_UNAVAILABLE' } }] });
});
