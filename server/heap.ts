/** How V8 is to treat the memory of a replica. Each of its collections of a heap of a million documents holds up everybody. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { limits } from '../limits.ts';

/**
 * V8 takes what survives its first collections for what lives long, and makes the like of it in the old generation from then
 * on: there it waits for a collection of the whole heap, and with it all that it refers to. What waits in batches for the disk
 * or for Redis looks so. To be called before anything else.
 */
export function keepShortLivedYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}

/**
 * Collects at once what a load left behind, for which nobody waits before a replica serves; else it is collected in many pieces
 * while requests wait for each. @param documents that were loaded
 */
export function collectAfterLoad(documents: number): void {
  if (documents < limits.collectedDocuments) return;
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
}

/**
 * From now on what is new is collected without helpers. Of what a request makes next to nothing survives: to wake them, and to
 * wait until each has had a processor, takes longer than the work. A load makes what survives, and is helped.
 */
export function collectAlone(): void {
  setFlagsFromString('--no-parallel-scavenge');
}
