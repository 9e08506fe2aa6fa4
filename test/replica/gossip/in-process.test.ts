import { expect, it } from 'vitest';
import { inProcessGossip } from '../../../replica/gossip/in-process.ts';

it('gossip within a process brings nothing: there is nobody to hear from', async () => {
  const heard: string[] = [];
  await using _ = await inProcessGossip.subscribe({
    isKnown: () => false,
    received: () => heard.push('entry'),
    heartbeat: () => heard.push('heartbeat'),
    malformed: () => heard.push('malformed'),
    interrupted: () => heard.push('interrupted'),
  });

  inProcessGossip.sendHeartbeat(Buffer.from('anybody?'));
  await new Promise((resolve) => setImmediate(resolve));

  expect(heard).toEqual([]);
});
