/** The gossip port of an embedded replica: the site is this process, so there are no peers. */
import type { Gossip } from './gossip.ts';

export const inProcessGossip: Gossip = {
  async subscribe() {
    return { [Symbol.asyncDispose]: async () => undefined };
  },
  sendHeartbeat() {},
};
