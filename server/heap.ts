/** How V8 is to treat the memory of a replica. */
import { setFlagsFromString } from 'node:v8';

/**
 * V8 takes what survives its first collections for what lives long, and makes the like of it in the old generation from then
 * on: there it waits for a collection of the whole heap, and with it all that it refers to. What waits in batches for the disk
 * or for Redis looks so. With a million documents each collection of the whole heap holds up the event loop for some 100
 * milliseconds. To be called before anything else.
 */
export function keepShortLivedYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}
