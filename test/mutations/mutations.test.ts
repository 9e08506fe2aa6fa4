import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { mutations } from './mutations.ts';

it('mutations are each of text that stands in its file once', () => {
  const faults = mutations
    .map(({ file, find }) => {
      const text = readFileSync(new URL(`../../replica/crdt/${file}`, import.meta.url), 'utf8');
      return { file, find, times: text.split(find).length - 1 };
    })
    .filter(({ times }) => times !== 1)
    .map(({ file, find, times }) => `${file} has this ${times} times: ${find}`);
  expect(faults).toEqual([]);
});
