/** Gossip where the site is this process: nobody else appends, and there are no peers to hear from. */
import type { Gossip } from './gossip.ts';

export const inProcessGossip: Gossip = {
  async subscribe() {
    return { [Symbol.asyncDispose]: async () => undefined };
  },
  sendHeartbeat() {},
};
