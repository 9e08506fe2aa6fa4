/** Blocks that the guide's own runner does not run: by a part of their text, with the test that does, or the reason. */
export const elsewhere: readonly (readonly [part: string, reason: string])[] = [
  ['npm ci && npm start', 'test/scripts/start.test.ts starts the server so'],
  ['npm ci && npm test', 'it is this run'],
  ['npm run sample', 'test/guide/running-page.ts imports the same file'],
  ['npm run dev', 'test/scripts/dev.test.ts changes definitions under it'],
  ['npm run import -- ', 'test/scripts/import.test.ts'],
  ['npm run export -- ', 'test/scripts/import.test.ts'],
  ['redis-server --dir', 'it needs a port of its own; test/server/replicas.test.ts runs replicas over a Redis'],
  ['REDIS_URL=redis://127.0.0.1:6379', 'test/server/replicas.test.ts runs replicas over a Redis'],
  ['user tideline on', 'test/replica/redis/rights.test.ts gives Redis this user'],
  ['npx vite notes', 'test/guide/first-app.test.ts serves the page and opens it in a browser'],
  ['preset: client', 'test/clients/typed.test.ts generates with the same preset and scalars'],
  ['async rewrites()', 'Next is not among the packages of the tests'],
  ['npm ci && npm run build', 'test/scripts/build.test.ts runs what is built'],
  ['"argument": "document.address.city"', 'the shape of any error; docs/guide/collections.md has a real one'],
  ['docker ', 'no container engine in tests; test/compose.test.ts checks the files'],
  ['FROM ', 'no container engine in tests'],
];
