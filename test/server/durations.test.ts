import { expect, it } from 'vitest';
import { Durations } from '../../server/durations.ts';

/** Those lines of its text whose name and labels begin so. */
const linesOf = (durations: Durations, beginning: string) =>
  durations
    .text()
    .split('\n')
    .filter((line) => line.startsWith(beginning));

it('counts durations by label up to each bound, and what they come to', () => {
  const durations = new Durations('door_seconds', 'Through a door.', ['door', 'code']);
  for (const milliseconds of [0, 1, 1.5, 999_000]) durations.observe('front', 200, milliseconds);
  durations.observe('front', 404, 30);
  durations.observe('back', 200, 40);

  expect(durations.text()).toMatch(/^# HELP door_seconds Through a door\.\n# TYPE door_seconds histogram\n.*\n$/s);
  expect(linesOf(durations, 'door_seconds_count')).toEqual([
    'door_seconds_count{door="front",code="200"} 4',
    'door_seconds_count{door="front",code="404"} 1',
    'door_seconds_count{door="back",code="200"} 1',
  ]);
  expect(linesOf(durations, 'door_seconds_sum{door="front",code="200"}')).toEqual([
    'door_seconds_sum{door="front",code="200"} 999.0025',
  ]);
  const buckets = linesOf(durations, 'door_seconds_bucket').filter((line) => line.includes('door="front",code="200"'));
  expect(buckets.map((line) => /le="(.*?)".* (\d+)$/.exec(line)?.slice(1).join(': '))).toEqual(
    [
      ['0.001: 2', '0.0025: 3', '0.005: 3', '0.01: 3', '0.025: 3', '0.05: 3', '0.1: 3', '0.25: 3', '0.5: 3', '1: 3'],
      ['2.5: 3', '10: 3', '60: 3', '+Inf: 4'],
    ].flat(),
  );
});
