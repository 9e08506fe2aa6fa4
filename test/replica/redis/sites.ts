/** Sites on Redis, for the tests of their adapters. */
import type { Log } from '../../../replica/log/log.ts';
import type { Logger } from '../../../replica/options.ts';

export const quiet: Logger = { info: () => {}, warn: () => {}, error: () => {} };

/** Resolves when the connection is as asked for: at once, or when it becomes so. */
export async function connected(log: Log, asked = true): Promise<void> {
  await new Promise<void>((become) => {
    const watch: Disposable = log.watchConnection((now) => {
      if (now !== asked) return;
      become();
      queueMicrotask(() => watch[Symbol.dispose]());
    });
  });
}
