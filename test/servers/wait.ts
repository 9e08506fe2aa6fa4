import { setTimeout as sleep } from 'node:timers/promises';

const patienceMilliseconds = 20_000;

/** Resolves once a condition holds that nobody tells of: it is looked at again and again. @throws when that takes too long */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  milliseconds = patienceMilliseconds,
): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${milliseconds} ms: ${what}`);
    await sleep(10);
  }
}
