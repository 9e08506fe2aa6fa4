/** Blocks that the guide's own runner does not run: by a part of their text, with the test that does, or the reason. */
export const elsewhere: readonly (readonly [part: string, reason: string])[] = [
  ['npm ci && npm start', 'test/scripts/start.test.ts starts the server so'],
  ['npm ci && npm test', 'it is this run'],
  ['npm run sample', 'test/scripts/import.test.ts imports the same file'],
  ['npm run example', 'test/browser/example.test.ts opens the app in a browser'],
  ['npm run dev', 'test/scripts/dev.test.ts changes definitions under it'],
  ['npm run import -- ', 'test/scripts/import.test.ts'],
  ['npm run export -- ', 'test/scripts/import.test.ts'],
  ['redis-server --dir', 'it needs a port of its own; test/server/replicas.test.ts runs replicas over a Redis'],
  ['REDIS_URL=redis://127.0.0.1:6379', 'test/server/replicas.test.ts runs replicas over a Redis'],
  ['user tideline on', 'test/replica/redis-refusals.test.ts gives Redis this user'],
  ['npx vite notes', 'test/guide/first-app.test.ts serves the page and opens it in a browser'],
  ['preset: client', 'the generator is not among the packages of the tests'],
  ['git clone', 'it needs the network'],
  ['"argument": "document.address.city"', 'the shape of any error; docs/guide/collections.md has a real one'],
  ['docker ', 'no container engine in tests; test/compose.test.ts checks the files'],
  ['FROM ', 'no container engine in tests'],
];
