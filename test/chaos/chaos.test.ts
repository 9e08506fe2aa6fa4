import { expect, it } from 'vitest';
import { runChaos } from './chaos.ts';

it('keeps every answered write, every counter and every live query through half a minute of faults', async () => {
  const schedule: string[] = [];
  const report = await runChaos({ seed: 1, minutes: 0.4, told: (line) => schedule.push(line) });
  expect(report.problems, schedule.join('\n')).toEqual([]);
  expect(report.lost.size).toBe(0);
  expect(report.faults.size).toBeGreaterThan(0);
  expect(report.outcomes.answered).toBeGreaterThan(0);
  expect(report.events).toBeGreaterThan(0);
}, 180_000);
