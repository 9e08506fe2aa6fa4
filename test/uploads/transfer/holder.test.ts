import { describe, expect, it, vi } from 'vitest';
import { limits } from '../../../limits.ts';
import { sha256 } from '../blobs/contract.ts';
import { patterned } from '../fixtures.ts';
import { Simulation, say } from './simulation.ts';

const content = patterned(2_000);
const hash = sha256(content);

describe('serving', () => {
  it('T3: serves what is asked again while it waits once, and drops what is too much', async () => {
    const simulation = new Simulation(1);
    const b = await simulation.replica('b', [content]);
    const ask = (offset: number) =>
      say(simulation, 'b', { kind: 'request', from: 'a', sha256: hash, offset, length: 10 });

    for (let offset = 0; offset < limits.servedAtOnce + limits.servedWaiting + 5; offset += 1) {
      ask(offset);
      ask(offset);
    }

    const served = () => simulation.sentOf('chunk').length;
    const expected = limits.servedAtOnce + limits.servedWaiting;
    // Those that are served at once no longer wait: these are served as often as they were asked for.
    expect(b.transfer.counters.requestsDropped).toBeGreaterThanOrEqual(10);
    await simulation.until(() => served() >= expected);
    expect(served()).toBe(expected);
    expect(b.transfer.counters.bytesServed).toBe(expected * 10);
  });

  it('T3: says what it has where it cannot serve what was asked for', async () => {
    const simulation = new Simulation(1);
    await simulation.replica('b', [content]);
    const missing = sha256(Uint8Array.of(1));

    say(simulation, 'b', { kind: 'request', from: 'a', sha256: hash, offset: content.length - 5, length: 6 });
    say(simulation, 'b', { kind: 'request', from: 'a', sha256: missing, offset: 0, length: 1 });

    await vi.waitFor(() => expect(simulation.sentOf('answer')).toHaveLength(2));
    expect(simulation.sentOf('answer').flatMap(({ holdings }) => holdings)).toEqual([
      { sha256: hash, size: content.length },
      { sha256: missing, size: undefined },
    ]);
  });
});
