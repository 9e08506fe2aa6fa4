/** A process that runs every n-th schedule of a range, and tells of each (`main.ts`). */
import { runSchedule } from './schedule.ts';

const [first = 1, last = 0, step = 1] = process.argv.slice(2).map(Number);
for (let seed = first; seed <= last; seed += step) {
  const { trace: _, ...report } = await runSchedule(seed, false);
  process.send?.(report);
}
process.disconnect();
