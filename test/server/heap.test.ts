import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { limits } from '../../limits.ts';
import { collectAfterLoad } from '../../server/heap.ts';

it('what a load of many documents left behind is collected at once', async () => {
  const leftBehind = new WeakRef({ some: 'garbage' });
  // In the turn that made it a reference is held.
  await turn();
  collectAfterLoad(limits.collectedDocuments);
  await turn();
  expect(leftBehind.deref()).toBeUndefined();
});
