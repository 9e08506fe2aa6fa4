/** The largest uploads go through memory in small pieces: measured on processes of their own, with a Redis between them. */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Child, startChild } from '../servers/child.ts';
import { startRedis } from '../servers/redis.ts';
import { answerOf } from '../servers/tideline.ts';
import { eventually } from '../servers/wait.ts';

const mebibyte = 1024 * 1024;
const size = 300 * mebibyte;
const maximumMebibytes = 200;

it('takes an upload of 300 MB, and fetches it at a second replica, each in less than 200 MB', async () => {
  await using redis = await startRedis({ appendOnly: false });
  await using a = await start(redis.url, 'a');
  await using b = await start(redis.url, 'b');

  const { id, sha256, token } = await upload(a);
  await fetched(b, id, token);

  const hash = createHash('sha256');
  const response = await fetch(`${b.url}/attachments/${id}`);
  if (response.body === null) expect.unreachable();
  for await (const bytes of response.body) hash.update(bytes);
  expect(hash.digest('hex')).toBe(sha256);
  const peaks = [await peakMebibytes(a), await peakMebibytes(b)];
  expect(Math.max(...peaks)).toBeLessThan(maximumMebibytes);
}, 120_000);

interface Process extends AsyncDisposable {
  readonly url: string;
  readonly child: Child;
}

/** What `npm start` gives to node: from its script, `exec node …`. */
async function startArguments(): Promise<string[]> {
  const { scripts }: { readonly scripts: { readonly start: string } } = JSON.parse(
    await readFile('package.json', 'utf8'),
  );
  return scripts.start.split(' ').slice(2);
}

/** As `npm start` starts it: run from source, a process needs more. */
async function start(redisUrl: string, name: string): Promise<Process> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'tideline-memory-'));
  const settings = { PORT: '0', LOG_LEVEL: 'silent', REDIS_URL: redisUrl, REPLICA_ID: name, DATA_DIR: dataFolder };
  const child = startChild(process.execPath, await startArguments(), { env: { ...process.env, ...settings } });
  let output = '';
  child.process.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  await child.said('This is replica');
  const url = /^GraphiQL is at (.+)\/graphql$/m.exec(output)?.[1] ?? '';
  await eventually('the server is ready', async () => (await fetch(`${url}/health/ready`)).status === 200);
  return {
    url,
    child,
    async [Symbol.asyncDispose]() {
      await child[Symbol.asyncDispose]();
      await rm(dataFolder, { recursive: true, force: true });
    },
  };
}

/** As a GraphQL multipart request, made while it is sent. */
async function upload({ url }: Process) {
  const query = 'mutation ($file: File!) { uploadAttachment(file: $file) { id size sha256 state } }';
  const hash = createHash('sha256');
  function* body(): Generator<Buffer> {
    yield Buffer.from(part('operations') + JSON.stringify({ query, variables: { file: null } }));
    yield Buffer.from(`${part('map')}{"0":["variables.file"]}${part('0', 'large.bin')}`);
    for (let index = 0; index < size / mebibyte; index += 1) {
      const bytes = Buffer.alloc(mebibyte, index);
      hash.update(bytes);
      yield bytes;
    }
    yield Buffer.from('\r\n--boundary--\r\n');
  }
  const request: RequestInit & { duplex: 'half' } = {
    method: 'POST',
    headers: { 'content-type': 'multipart/form-data; boundary=boundary' },
    body: streamOf(body()),
    duplex: 'half',
  };
  const response = await fetch(`${url}/graphql`, request);
  const { data, errors, token = '' } = await answerOf(response);
  const sha256 = hash.digest('hex');
  expect([data, errors]).toEqual([{ uploadAttachment: { id: expect.any(String), size, sha256, state: 'LOCAL' } }, []]);
  return { id: JSON.stringify(data).match(/attachment_[0-9a-f]{64}/)?.[0] ?? '', sha256, token };
}

function streamOf(pieces: Generator<Buffer>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      const { value, done } = pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}

function part(name: string, filename?: string): string {
  const file = filename === undefined ? '' : `; filename="${filename}"`;
  return `\r\n--boundary\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n`;
}

/** Begins a fetch, and waits for its end. */
async function fetched({ url }: Process, id: string, token: string): Promise<void> {
  const query = 'mutation ($id: ID!) { fetchAttachment(id: $id) { status total attachment { state } } }';
  const headers = { 'content-type': 'application/json', 'Causality-Token': token };
  const post = (body: object, accept: string) =>
    fetch(`${url}/graphql`, { method: 'POST', headers: { ...headers, accept }, body: JSON.stringify(body) });
  const begun = await answerOf(await post({ query, variables: { id } }, 'application/json'));
  expect([begun.data, begun.errors]).toEqual([
    { fetchAttachment: { status: 'PROGRESS', total: size, attachment: { state: 'REMOTE' } } },
    [],
  ]);
  const subscription =
    'subscription ($id: ID!) { attachmentFetch(id: $id) { status downloaded attachment { state } } }';
  const response = await post({ query: subscription, variables: { id } }, 'text/event-stream');
  const events = [...(await response.text()).matchAll(/^data: (\{.*"attachmentFetch".*)$/gm)].map(
    ([, json = '']) => JSON.parse(json).data.attachmentFetch,
  );
  expect(events.length).toBeGreaterThan(1);
  expect(events.at(-1)).toEqual({ status: 'COMPLETED', downloaded: size, attachment: { state: 'SYNCED' } });
}

/** Of resident memory since the process began, as Linux keeps it. */
async function peakMebibytes({ child }: Process): Promise<number> {
  const status = await readFile(`/proc/${child.process.pid}/status`, 'utf8');
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1]) / 1024;
}
