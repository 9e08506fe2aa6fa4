/** `npm run --silent print-schema`: prints the GraphQL schema that a server would serve, as SDL. */
import { printSchema } from 'graphql';
import { loadDefinitions } from '../definitions/load.ts';
import { DefinitionError } from '../errors.ts';
import { buildSchema } from '../schema/schema.ts';
import { definitionsFileIn } from '../server/configuration.ts';

try {
  const definitions = await loadDefinitions(definitionsFileIn(process.env, process.cwd()));
  process.stdout.write(`${printSchema(buildSchema(definitions))}\n`);
} catch (error) {
  if (!(error instanceof DefinitionError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
