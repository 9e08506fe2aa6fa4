/** Many subscriptions on one connection that is read now and then, over a real replica that is written to meanwhile. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeToken } from '../../../replica/token.ts';
import { Subscription } from '../../../server/subscriptions/subscription.ts';
import { TestReader } from '../../server/subscriptions/test-reader.ts';
import { type Api, openApi, textAt } from '../api.ts';

let api: Api;
let attachment = '';
beforeAll(async () => {
  api = await openApi();
  const uploaded = await api.run('mutation ($file: File!) { uploadAttachment(file: $file) { id } }', {
    file: await api.file('a file'),
  });
  attachment = textAt(uploaded, 'uploadAttachment.id');
});
afterAll(() => api[Symbol.asyncDispose]());

/** The last of them awaits where the bytes are. */
const queries = [
  'subscription ($c: String!) { documents(collection: $c) { initial nodes { _id } token } }',
  'subscription ($c: String!) { documents(collection: $c, where: { path: "n", gt: 4 }) { initial nodes { _id } token } }',
  'subscription ($c: String!) { documents(collection: $c, orderBy: [{ path: "n" }], first: 2) { initial nodes { _id } token } }',
  'subscription ($c: String!) { documents(collection: $c) { initial nodes { _id attachment(path: "file") { state } } token } }',
] as const;
const lists = [
  'query ($c: String!) { documents(collection: $c) { nodes { _id } } }',
  'query ($c: String!) { documents(collection: $c, where: { path: "n", gt: 4 }) { nodes { _id } } }',
  'query ($c: String!) { documents(collection: $c, orderBy: [{ path: "n" }], first: 2) { nodes { _id } } }',
  'query ($c: String!) { documents(collection: $c) { nodes { _id attachment(path: "file") { state } } } }',
] as const;

const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('write' as const),
        id: fc.constantFrom('a', 'b', 'c', 'd'),
        n: fc.nat({ max: 9 }),
        isAwaited: fc.boolean(),
      }),
    },
    fc.record({ kind: fc.constant('remove' as const), id: fc.constantFrom('a', 'b', 'c', 'd') }),
    fc.record({ kind: fc.constant('open' as const), query: fc.nat({ max: queries.length - 1 }) }),
    fc.record({ kind: fc.constant('read' as const), count: fc.nat({ max: 5 }) }),
    fc.constant({ kind: 'leave' as const }),
  ),
  { minLength: 5, maxLength: 40 },
);

interface Open {
  readonly subscription: Subscription;
  readonly query: number;
}

describe('subscriptions on one connection', () => {
  let runs = 0;

  it('L31, L32, L33: never go back, miss nothing, and end where a fresh query does', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.constantFrom(1, 300, 1_000_000), async (script, unsentBytes) => {
        runs += 1;
        const c = `run${runs}`;
        const reader = new TestReader({ unsentBytes });
        const open = new Map<string, Open>();
        const shown = new Map<string, unknown>();
        const writing: Promise<unknown>[] = [];
        let position = 0;
        const take = (): boolean => {
          const read = reader.read();
          if (read === undefined) return false;
          const { data, extensions } = JSON.parse(JSON.stringify(read.answer));
          const token = decodeToken(data.documents.token, 'token');
          expect(extensions.causality.token).toBe(data.documents.token);
          expect(token.position).toBeGreaterThanOrEqual(position);
          expect(data.documents.initial).toBe(!shown.has(read.id));
          position = token.position;
          shown.set(read.id, data.documents.nodes);
          return true;
        };
        for (const [index, step] of script.entries()) {
          if (step.kind === 'write') {
            const file = { $attachment: attachment };
            const document = { _id: step.id, n: step.n, ...(step.n % 2 === 0 ? { file } : {}) };
            const upsert =
              'mutation ($c: String!, $d: JSON!) { upsert(collection: $c, document: $d) { document { _id } } }';
            const written = api.run(upsert, { c, d: document });
            writing.push(written);
            if (step.isAwaited) await written;
          } else if (step.kind === 'remove') {
            const remove = 'mutation ($c: String!, $id: ID!) { remove(collection: $c, id: $id) { ids } }';
            writing.push(api.run(remove, { c, id: step.id }));
          } else if (step.kind === 'open') {
            const prepared = api.execution.prepare({
              query: queries[step.query] ?? '',
              variables: { c },
              extensions: { causality: {} },
              mayWrite: true,
            });
            if (!('operation' in prepared)) throw new Error(String(prepared));
            const { connection } = reader;
            const isWaiting = () => true;
            const subscription = await api.execution.subscribe(prepared, { connection, id: `${index}`, isWaiting });
            if (!(subscription instanceof Subscription)) throw new Error(JSON.stringify(subscription));
            open.set(`${index}`, { subscription, query: step.query });
          } else if (step.kind === 'read') for (let left = step.count; left > 0 && take(); left -= 1);
          else {
            const [oldest] = open;
            oldest?.[1].subscription.leave();
            if (oldest) open.delete(oldest[0]);
          }
        }
        await Promise.all(writing);
        for (const [id, { query }] of open) {
          const wanted = JSON.parse(JSON.stringify(await api.run(lists[query] ?? '', { c }))).documents.nodes;
          await expect
            .poll(() => {
              while (take());
              return shown.get(id);
            })
            .toEqual(wanted);
        }
        for (const { subscription } of open.values()) subscription.leave();
      }),
      { numRuns: 40 },
    );
  });
});
