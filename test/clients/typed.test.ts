/** Tools that make TypeScript types of the schema: what they give is type-checked with operations as an app writes them. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { minifyIntrospection, outputIntrospectionFile } from '@gql.tada/internal';
import { preset } from '@graphql-codegen/client-preset';
import { codegen } from '@graphql-codegen/core';
import {
  buildASTSchema,
  buildClientSchema,
  getIntrospectionQuery,
  introspectionFromSchema,
  parse,
  printSchema,
} from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type EmbeddedServer, openServer } from '../servers/tideline.ts';
import { root } from '../tidy/source-files.ts';

let server: EmbeddedServer;
let sdl: string;
beforeAll(async () => {
  server = await openServer();
  const introspection = z.custom<Parameters<typeof buildClientSchema>[0]>(
    (data) => z.object({ __schema: z.object({}) }).safeParse(data).success,
  );
  sdl = printSchema(buildClientSchema(introspection.parse(await server.run(getIntrospectionQuery()))));
});
afterAll(() => server[Symbol.asyncDispose]());

const compilerOptions = {
  noEmit: true,
  strict: true,
  skipLibCheck: true,
  target: 'es2023',
  module: 'esnext',
  moduleResolution: 'bundler',
  types: [],
};

/** What the compiler says of these files, as an app with a bundler has them. */
async function check(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(root, 'test/clients/node_modules/.typed-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
    }
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['app.ts'] }));
    const args = [join(root, 'node_modules/typescript/bin/tsc'), '-p', '.'];
    const run = promisify(execFile)(process.execPath, args, { cwd: folder });
    return await run.then(
      () => '',
      (failure) => String(failure.stdout),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

const scalars = { JSON: 'unknown', DateTime: 'string', CausalToken: 'string', File: 'File' };
const query = `query People($where: PersonFilter) { people(where: $where) { totalCount nodes { id _id name age } } }`;

describe('GraphQL Code Generator with its client preset', () => {
  async function generate(): Promise<Record<string, string>> {
    const schemaAst = buildASTSchema(parse(sdl));
    const sections = await preset.buildGeneratesSection({
      baseOutputDir: 'gql/',
      schema: parse(sdl),
      schemaAst,
      documents: [{ location: 'app.ts', document: parse(query), rawSDL: query }],
      config: { scalars },
      presetConfig: {},
      pluginMap: {},
      plugins: [],
      documentTransforms: [],
    });
    const outputs = await Promise.all(
      sections.map(async (section) => [section.filename, await codegen(section)] as const),
    );
    return Object.fromEntries(outputs);
  }
  const app = (use: string) => `import { graphql } from './gql/index';
    import type { ResultOf, VariablesOf } from '@graphql-typed-document-node/core';
    const people = graphql(\`${query}\`);
    ${use}`;

  it('gives types that an app compiles with, and that refuse a field of another name', async () => {
    const generated = await generate();
    const uses = `export const name = (data: ResultOf<typeof people>): string | null | undefined => data.people.nodes[0]?.name;
      export const variables: VariablesOf<typeof people> = { where: { name: { eq: 'Ada' } } };`;
    expect(await check({ ...generated, 'app.ts': app(uses) })).toBe('');
    const wrong = `export const variables: VariablesOf<typeof people> = { where: { nmae: { eq: 'Ada' } } };`;
    expect(await check({ ...generated, 'app.ts': app(wrong) })).toContain("'nmae'");
  });
});

describe('gql.tada', () => {
  it('infers types from the schema, and refuses a field of another name', async () => {
    const introspection = minifyIntrospection(introspectionFromSchema(buildASTSchema(parse(sdl))));
    const typed = outputIntrospectionFile(introspection, { fileType: '.d.ts' });
    const app = (use: string) => `import { initGraphQLTada, type ResultOf, type VariablesOf } from 'gql.tada';
      import type { introspection } from './introspection';
      const graphql = initGraphQLTada<{ introspection: introspection; scalars: { JSON: unknown; DateTime: string; CausalToken: string; File: File } }>();
      const people = graphql(\`${query}\`);
      ${use}`;
    const uses = `export const name = (data: ResultOf<typeof people>): string | null | undefined => data.people.nodes[0]?.name;
      export const variables: VariablesOf<typeof people> = { where: { name: { eq: 'Ada' } } };`;
    expect(await check({ 'introspection.d.ts': typed, 'app.ts': app(uses) })).toBe('');
    const wrong = `export const nmae = (data: ResultOf<typeof people>) => data.people.nodes[0]?.nmae;`;
    expect(await check({ 'introspection.d.ts': typed, 'app.ts': app(wrong) })).toContain("'nmae'");
  });
});
