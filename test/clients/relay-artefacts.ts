/** Relay's compiler, run over operations and the schema that a server prints: what relay-runtime executes are its artefacts. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { ConcreteRequest } from 'relay-runtime';

const compiler = createRequire(import.meta.url).resolve('relay-compiler/cli.js');

export interface Artefacts extends AsyncDisposable {
  /** @param name of an operation */
  request(name: string): ConcreteRequest;
}

/**
 * @param module begins the names of all the operations
 * @throws where the compiler finds a fault in them
 */
export async function compileRelay(module: string, schema: string, operations: readonly string[]): Promise<Artefacts> {
  const folder = await mkdtemp(join(tmpdir(), 'tideline-relay-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    for (const name of ['source', 'artefacts']) await mkdir(join(folder, name));
    const configuration = {
      src: 'source',
      schema: 'schema.graphql',
      language: 'javascript',
      artifactDirectory: 'artefacts',
      eagerEsModules: true,
    };
    const tags = operations.map((operation) => `graphql\`${operation}\`;`);
    const files = {
      'relay.config.json': JSON.stringify(configuration),
      'package.json': JSON.stringify({ type: 'module' }),
      'schema.graphql': schema,
      [`source/${module}.js`]: ["import { graphql } from 'relay-runtime';", ...tags].join('\n'),
    };
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    await promisify(execFile)(process.execPath, [compiler, 'relay.config.json'], { cwd: folder });

    const requests = new Map<string, ConcreteRequest>();
    for (const operation of operations) {
      const [, name = ''] = /^\w+ (\w+)/.exec(operation) ?? [];
      const file = pathToFileURL(join(folder, 'artefacts', `${name}.graphql.js`));
      const { default: artefact }: { readonly default: unknown } = await import(file.href);
      if (!isRequest(artefact)) throw new Error(`${name} was not compiled to a request`);
      requests.set(name, artefact);
    }
    return {
      request(name) {
        const request = requests.get(name);
        if (request === undefined) throw new Error(`no operation is called ${name}`);
        return request;
      },
      [Symbol.asyncDispose]: remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

const isRequest = (artefact: unknown): artefact is ConcreteRequest =>
  typeof artefact === 'object' && artefact !== null && 'kind' in artefact && artefact.kind === 'Request';
