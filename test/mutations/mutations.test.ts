import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { mergeMutations, syncMutations } from './mutations.ts';

it('mutations are each of text that stands in its file once', () => {
  const faults = [...mergeMutations, ...syncMutations]
    .map(({ file, find }) => {
      const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
      return { file, find, times: text.split(find).length - 1 };
    })
    .filter(({ times }) => times !== 1)
    .map(({ file, find, times }) => `${file} has this ${times} times: ${find}`);
  expect(faults).toEqual([]);
});
