/** `npm run import`, `export` and `sample` against a real server. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { freePort } from '../servers/free-port.ts';
import { openServer, type TestServer } from '../servers/tideline.ts';
import { root } from '../tidy/source-files.ts';

let server: TestServer;
let folder: string;
beforeAll(async () => {
  server = await openServer();
  folder = await mkdtemp(join(tmpdir(), 'tideline-files-'));
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const graphqlUrl = (url: string) => `${url}/graphql`;

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function start(name: string, ...args: readonly string[]) {
  const child = spawn(process.execPath, [join(root, 'scripts/run.js'), name, ...args], { stdio: 'pipe' });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  const ended = once(child, 'close').then(([code]): Run => ({ code: Number(code), stdout, stderr }));
  const saidOnError = async (pattern: RegExp) => {
    while (!pattern.test(stderr)) await once(child.stderr, 'data');
  };
  return { child, ended, saidOnError };
}

const run = (name: string, ...args: readonly string[]): Promise<Run> =>
  start(name, ...args, '--url', graphqlUrl(server.url)).ended;

async function file(name: string, lines: readonly unknown[]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  return path;
}

async function documents(collection: string): Promise<readonly unknown[]> {
  const query = 'query ($c: String!) { documents(collection: $c, first: 10000) { nodes { value } } }';
  return withNodes.parse(await server.run(query, { c: collection })).documents.nodes.map(({ value }) => value);
}
const withNodes = z.object({ documents: z.object({ nodes: z.array(z.object({ value: z.unknown() })) }) });
const withNames = z.object({ collections: z.array(z.object({ name: z.string() })) });

const position = () => server.run('{ replica { version { position } } }');

describe('import', () => {
  it('makes the field that --id names the _id, numbers too', async () => {
    const path = await file('cities.ndjson', [
      { code: 'B', name: 'Berlin' },
      { code: 7, name: 'Rome' },
      '{"code":9007199254740993,"name":"Paris"}',
    ]);
    expect(await run('import', 'cities', path, '--id', 'code')).toMatchObject({ code: 0, stderr: '' });
    expect(await documents('cities')).toEqual([
      { _id: '7', code: 7, name: 'Rome' },
      { _id: '9007199254740993', code: { $int64: '9007199254740993' }, name: 'Paris' },
      { _id: 'B', code: 'B', name: 'Berlin' },
    ]);
  });

  it('can be repeated: what is there already is not written again', async () => {
    const path = await file('repeated.ndjson', [{ _id: 'a', n: 1 }]);
    await run('import', 'repeated', path);
    const before = await position();
    expect(await run('import', 'repeated', path)).toMatchObject({ code: 0 });
    expect(await position()).toEqual(before);
  });

  it('gives documents without an _id one, and says that they cannot be imported again', async () => {
    const path = await file('without.json', ['[{"n":1},{"n":2}]']);
    const { stdout } = await run('import', 'without', path);
    expect(stdout).toMatch(/2 documents imported into without .*\n2 had no _id/);
    expect(await documents('without')).toEqual([
      { _id: expect.any(String), n: expect.any(Number) },
      { _id: expect.any(String), n: expect.any(Number) },
    ]);
  });

  it('names each rejected document, imports all others, and exits with 1', async () => {
    const lines = Array.from({ length: 40 }, (_, index) => ({ _id: `p${index + 1}`, age: index }));
    const path = await file('people.ndjson', [
      ...lines.slice(0, 9),
      { _id: 'p10', age: 'ten' },
      '{"_id": "p11", "age":',
      ...lines.slice(11, 29),
      { _id: 'p30', name: { first: 'x' } },
      '{"_id":"p31","__proto__":1}',
      { age: 1, _id: 32 },
      ...lines.slice(32),
    ]);
    const { code, stdout, stderr } = await run('import', 'people', path, '--batch', '15');
    expect(code).toBe(1);
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^rejected: line 11: NOT_SENT: not valid JSON/),
      expect.stringMatching(/^rejected: line 10, _id p10: BAD_USER_INPUT: age: /),
      expect.stringMatching(/^rejected: line 30, _id p30: BAD_USER_INPUT: name: /),
      expect.stringMatching(/^rejected: line 31, _id p31: BAD_USER_INPUT: .*__proto__/),
      expect.stringMatching(/^rejected: line 32: BAD_USER_INPUT: _id: /),
    ]);
    expect(stdout).toMatch(/^35 documents imported into people \(.*\), 5 rejected\n$/);
    expect(await documents('people')).toHaveLength(35);
  });

  it('rejects a document with more values than a request may have, and imports all others', async () => {
    const many = `{"_id":"many","values":[${'1,'.repeat(1_100_000)}1]}`;
    const path = await file('dense.ndjson', [{ _id: 'a' }, many, { _id: 'b' }]);
    const { code, stderr } = await run('import', 'dense', path);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^rejected: line 2, _id many: [A-Z_]+: /m);
    expect(await documents('dense')).toEqual([{ _id: 'a' }, { _id: 'b' }]);
  });

  it('stops at once where it is the collection that is refused', async () => {
    const { code, stderr } = await run('import', '__secret', await file('one.ndjson', [{ _id: 'a' }]));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^BAD_USER_INPUT: collection: /);
  });

  it('names a field that is not there, and goes on', async () => {
    const path = await file('mixed.ndjson', [{ code: 'a' }, { other: 1 }, { code: null }, { code: 'b' }]);
    const { code, stderr } = await run('import', 'mixed', path, '--id', 'code');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr:
        'rejected: line 2: NOT_SENT: code is missing\nrejected: line 3: NOT_SENT: code is neither a string nor a number\n',
    });
    expect(await documents('mixed')).toHaveLength(2);
  });

  it('takes the server’s own address for its API’s', async () => {
    const path = await file('address.ndjson', [{ _id: 'a' }]);
    expect(await start('import', 'address', path, '--url', server.url).ended).toMatchObject({ code: 0 });
    expect(await documents('address')).toEqual([{ _id: 'a' }]);
  });

  it('goes on from a line', async () => {
    const path = await file('later.ndjson', [{ _id: 'a' }, { _id: 'b' }, { _id: 'c' }]);
    await run('import', 'later', path, '--from', '2');
    expect(await documents('later')).toEqual([{ _id: 'b' }, { _id: 'c' }]);
  });

  it('waits for a server that is away', async () => {
    const port = await freePort();
    const path = await file('patient.ndjson', [{ _id: 'a' }]);
    const { ended, saidOnError } = start('import', 'x', path, '--url', `http://127.0.0.1:${port}/graphql`);
    await saidOnError(/cannot be reached \(ECONNREFUSED\); trying again/);
    await using later = await openServer({ PORT: String(port) });
    expect(await ended).toMatchObject({ code: 0 });
    expect(await later.run('{ document(collection: "x", id: "a") { value } }')).toEqual({
      document: { value: { _id: 'a' } },
    });
  });

  it('ends in good order on Ctrl-C, with the command that goes on', async () => {
    const url = `http://127.0.0.1:${await freePort()}/graphql`;
    const path = await file('away.ndjson', [{ _id: 'a' }]);
    const { child, ended, saidOnError } = start('import', "it's", path, '--id', '_id', '--url', url);
    await saidOnError(/trying again/);
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    const command = `npm run import -- 'it'\\''s' ${path} --id _id --url ${url} --from 1`;
    expect(stderr).toContain(`not finished: continue from line 1 with\n  ${command}\n`);
  });

  it('says what is wrong with an address', async () => {
    const path = await file('here.ndjson', [{ _id: 'a' }]);
    const attempt = async (url: string) => await start('import', 'x', path, '--url', url).ended;
    const page = createServer((_, response) => response.end('<html></html>')).listen(0, '127.0.0.1');
    await once(page, 'listening');
    const address = page.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    expect(await attempt(`http://127.0.0.1:${port}/`)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/status 200, but not with a GraphQL response: .*--url/),
    });
    page.close();
    expect(await attempt(`${server.url}/nowhere`)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/NOT_FOUND: .*\/graphql/),
    });
    expect(await attempt('http://127.0.0.1:1/graphql')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/bad port/),
    });
    expect(await attempt('nonsense')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/http: or https: URL/),
    });
  });

  it('names a file that is not there', async () => {
    const missing = join(folder, 'missing.ndjson');
    const { code, stderr } = await run('import', 'x', missing);
    expect(code).toBe(1);
    expect(stderr).toMatch(/ENOENT.*missing\.ndjson/);
    expect(stderr).not.toContain('continue from');
  });

  it.each(['-', '/dev/stdin'])('reads a pipe, named %s', async (name) => {
    const collection = `piped${name}`;
    const { child, ended } = start('import', collection, name, '--url', graphqlUrl(server.url));
    child.stdin.end('{"_id":"a"}\n{"_id":"b"}\n');
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
    expect(await documents(collection)).toEqual([{ _id: 'a' }, { _id: 'b' }]);
  });

  it('reads a packed array, and one document that goes on over several lines', async () => {
    const packed = join(folder, 'packed.json.gz');
    await writeFile(packed, gzipSync(JSON.stringify([{ _id: 'a', x: 0.33338966781859547 }], null, 2)));
    expect(await run('import', 'packed', packed)).toMatchObject({ code: 0, stderr: '' });
    const pretty = await file('pretty.json', [JSON.stringify({ _id: 'b', x: [{ y: 1 }] }, null, 2)]);
    expect(await run('import', 'packed', pretty)).toMatchObject({ code: 0, stderr: '' });
    expect(await documents('packed')).toEqual([
      { _id: 'a', x: 0.33338966781859547 },
      { _id: 'b', x: [{ y: 1 }] },
    ]);
  });

  it('ends at text that is not UTF-8, and says how to convert it', async () => {
    const path = join(folder, 'latin1.ndjson');
    await writeFile(path, Buffer.from('{"_id":"a"}\n{"_id":"b","name":"Gr\u00fc\u00dfe"}\n', 'latin1'));
    const { code, stderr } = await run('import', 'latin1', path);
    expect(code).toBe(1);
    expect(stderr).toMatch(/line 2 is not UTF-8.*iconv -f latin1 -t utf-8/);
  });
});

describe('export', () => {
  it('writes what import takes: the same documents come back, whatever is in them', async () => {
    const lines = [
      '{"_id":"1","big":{"$int64":"9223372036854775807"},"deep":{"a":[1,{"b":null}]},"float":1.5e300,"text":"ä\\n\\u2028\\"{"}',
      '{"_id":"2","unsigned":{"$uint64":"18446744073709551615"},"empty":{},"none":[]}',
    ];
    await run('import', 'round trip/ö', await file('round.ndjson', lines));
    const output = join(folder, 'export');
    expect(await run('export', 'round trip/ö', '--output', output)).toMatchObject({ code: 0 });
    const exported = join(output, 'round%20trip%2F%C3%B6.ndjson');
    await run('import', 'copy', exported);
    expect(await documents('copy')).toEqual(await documents('round trip/ö'));
    expect(await documents('copy')).toEqual(lines.map((line) => JSON.parse(line)));
  });

  it('cuts the name of a file that a file system would not take, and goes on with the others', async () => {
    const names = ['語'.repeat(100), `${'語'.repeat(99)}x`, 'zzz'];
    const path = await file('named.ndjson', [{ _id: 'a' }]);
    for (const name of names) await run('import', name, path);
    const output = join(folder, 'named');
    const { code, stdout } = await run('export', ...names, '--output', output);
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(3);
    const files = await readdir(output);
    expect(files).toHaveLength(3);
    for (const name of files) {
      expect(Buffer.byteLength(name)).toBeLessThan(255);
      expect(await readFile(join(output, name), 'utf8')).toBe('{"_id":"a"}\n');
    }
  });

  it('writes numbers as they are: an import makes the same of them', async () => {
    const line =
      '{"_id":"1","double":384622082018771970.0,"exact":{"$int64":"384622082018771968"},"small":0.33338966781859547,"large":1e20}';
    await run('import', 'numbers', await file('numbers.ndjson', [line]));
    const { stdout } = await run('export', 'numbers', '--output', '-');
    expect(stdout).toContain('"double":3.84622082018772e+17,"exact":{"$int64":"384622082018771968"}');
    await run('import', 'numbers copied', await file('copied.ndjson', [stdout]));
    expect(await documents('numbers copied')).toEqual(await documents('numbers'));
  });

  it('pages through a large collection, each document once', async () => {
    const lines = Array.from({ length: 3000 }, (_, index) => ({ _id: String(index).padStart(5, '0'), index }));
    await run('import', 'large', await file('large.ndjson', lines));
    const { code, stdout } = await run('export', 'large', '--output', '-');
    expect(code).toBe(0);
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(lines);
  });

  it('takes all collections where none is named, and leaves no partial file', async () => {
    const output = join(folder, 'all');
    const { stdout } = await run('export', '--output', output);
    const { collections } = withNames.parse(await server.run('{ collections { name } }'));
    const files = await readdir(output);
    expect(files).toHaveLength(collections.length);
    expect(files.filter((name) => !name.endsWith('.ndjson'))).toEqual([]);
    expect(stdout.trim().split('\n')).toHaveLength(files.length);
  });

  it('names attachments, and says that they are not included', async () => {
    const form = new FormData();
    form.set('file', new Blob(['<svg/>'], { type: 'image/svg+xml' }), 'a.svg');
    const upload = { method: 'POST', body: form, headers: { 'x-requested-with': 'test' } };
    const { id } = await (await fetch(`${server.url}/attachments`, upload)).json();
    const document = { _id: 'a', image: { $attachment: id } };
    await run('import', 'pictures', await file('pictures.ndjson', [document]));
    const output = join(folder, 'pictures');
    const { stdout } = await run('export', 'pictures', '--output', output);
    expect(stdout).toMatch(/1 documents of pictures in .*; 1 attachments are referenced, not included/);
    expect(JSON.parse(await readFile(join(output, 'pictures.ndjson'), 'utf8'))).toEqual(document);
  });

  it('asks for one collection where it is to write to stdout', async () => {
    expect(await run('export', '--output', '-')).toMatchObject({
      code: 1,
      stderr: 'stdout takes one collection: name one\n',
    });
  });
});

describe('sample', () => {
  it('imports the 250 countries into their typed collection, and again', async () => {
    const said = /^250 documents imported into countries \(.*\), 0 rejected\n$/;
    // Where it takes longer than two seconds it says how far it is.
    const stderr = expect.stringMatching(/^(?:\d+ %, [\d,]+ documents, [\d,]+\/s\n)*$/);
    expect(await run('sample')).toMatchObject({ code: 0, stdout: expect.stringMatching(said), stderr });
    expect(await run('sample')).toMatchObject({ code: 0, stdout: expect.stringMatching(said), stderr });
    expect(
      await server.run(
        '{ countries { totalCount } country(id: "DEU") { name { common } borders currencies languages } }',
      ),
    ).toEqual({
      countries: { totalCount: 250 },
      country: {
        name: { common: 'Germany' },
        borders: ['AUT', 'BEL', 'CZE', 'DNK', 'FRA', 'LUX', 'NLD', 'POL', 'CHE'],
        currencies: { EUR: { name: 'Euro', symbol: '€' } },
        languages: { deu: 'German' },
      },
    });
  });
});
