import { createRequire } from 'node:module';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Pothos and the tests would otherwise load two copies of graphql, one ESM and one CommonJS.
  resolve: { alias: { graphql: createRequire(import.meta.url).resolve('graphql') } },
  test: { include: ['test/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000, maxWorkers: 2 },
});
