import { describe, expect, it } from 'vitest';
import { limits } from '../../../limits.ts';
import { sha256 } from '../blobs/contract.ts';
import { patterned } from '../fixtures.ts';
import { Simulation } from './simulation.ts';

const content = patterned(2_000);
const hash = sha256(content);

describe('where a content is', () => {
  it('T1: is asked of all, in one message for one moment, and answered to the asker alone', async () => {
    const simulation = new Simulation(1);
    const b = await simulation.replica('b', [content]);
    const a = await simulation.replica('a');
    await simulation.replica('c');
    const other = sha256(Uint8Array.of(1));

    const answers = await simulation.settled(
      Promise.all([a.transfer.isElsewhere(hash), a.transfer.isElsewhere(other), a.transfer.isElsewhere(hash)]),
    );

    expect(answers).toEqual([true, false, true]);
    expect(simulation.sentOf('question')).toEqual([{ kind: 'question', from: 'a', contents: [hash, other] }]);
    expect(simulation.sent.filter(({ to }) => to === 'a').map(({ message }) => message)).toEqual(
      expect.arrayContaining([
        {
          kind: 'answer',
          from: b.id,
          holdings: [
            { sha256: hash, size: content.length },
            { sha256: other, size: undefined },
          ],
        },
        {
          kind: 'answer',
          from: 'c',
          holdings: [
            { sha256: hash, size: undefined },
            { sha256: other, size: undefined },
          ],
        },
      ]),
    );
    expect(simulation.sent).toHaveLength(3);
  });

  it('T1: is asked in several messages where one would name too many', async () => {
    const simulation = new Simulation(1);
    const a = await simulation.replica('a');
    await simulation.replica('b');
    const many = Array.from({ length: limits.locateContents + 1 }, (_, index) => sha256(Buffer.from(`${index}`)));

    await simulation.settled(Promise.all(many.map((one) => a.transfer.isElsewhere(one))));

    expect(simulation.sentOf('question').map(({ contents }) => contents.length)).toEqual([limits.locateContents, 1]);
  });

  it('T2: is nowhere at once where there is nobody to ask', async () => {
    const simulation = new Simulation(1);
    const a = await simulation.replica('a');

    expect(await a.transfer.isElsewhere(hash)).toBe(false);
    expect(simulation.sent).toEqual([]);
  });

  it('T2: is nowhere as soon as every live peer has said so, and after the limit where one is silent', async () => {
    const simulation = new Simulation(1);
    const a = await simulation.replica('a');
    await simulation.replica('b');
    await simulation.replica('c');

    const before = simulation.now;
    expect(await simulation.settled(a.transfer.isElsewhere(hash))).toBe(false);
    expect(simulation.now - before).toBeLessThan(20);

    simulation.silent.add('c');
    const then = simulation.now;
    expect(await simulation.settled(a.transfer.isElsewhere(hash))).toBe(false);
    expect(simulation.now - then).toBe(limits.locateMilliseconds);
  });

  it('T2: is remembered for a moment where somebody has it, and asked again after it', async () => {
    const simulation = new Simulation(1);
    const a = await simulation.replica('a');
    const b = await simulation.replica('b', [content]);

    expect(await simulation.settled(a.transfer.isElsewhere(hash))).toBe(true);
    await b.blobs.delete(hash);
    expect(await simulation.settled(a.transfer.isElsewhere(hash))).toBe(true);
    const { now } = simulation;
    await simulation.settled(
      new Promise<void>((resolve) => void simulation.timers.after(limits.locatedMilliseconds, resolve)),
    );
    expect(simulation.now).toBeGreaterThan(now);

    expect(await simulation.settled(a.transfer.isElsewhere(hash))).toBe(false);
    expect(simulation.sentOf('question')).toHaveLength(2);
  });
});
