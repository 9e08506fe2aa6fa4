/** What a failed command of Redis says about what happened. docs/internals/protocol.md, P10. */
import { LogUnavailableError } from '../../../errors.ts';
import { explained } from './problems.ts';

/**
 * Answers with which Redis refuses a command before anything is done. The scripts keep to that: all that can fail comes
 * before their first write. Redis 6.2 wraps the answer that a script got in a sentence of its own.
 */
const refusals =
  /(?:^|[ -])(?:LOADING|OOM|READONLY|MASTERDOWN|MISCONF|NOREPLICAS|BUSY|NOAUTH|WRONGPASS|NOPERM|WRONGTYPE|CLUSTERDOWN|MOVED|ASK|TRYAGAIN)(?: |$)/;
/** ioredis', for a command that was given to it while it had no connection: nothing was sent. */
const notSent = /enableOfflineQueue options is false|^Connection is closed\.$/;

/** @throws {LogUnavailableError} in the place of whatever the command failed with */
export function orUnavailable<T>(answer: Promise<T>): Promise<T> {
  return answer.catch((error: unknown) => {
    const problem = error instanceof Error ? error.message : String(error);
    if (notSent.test(problem)) throw new LogUnavailableError('Redis cannot be reached', true, { cause: error });
    throw new LogUnavailableError(`Redis: ${explained(error)}`, isReply(error) && refusals.test(problem), {
      cause: error,
    });
  });
}

/** An answer of the server's, and no failure on the way to it. */
const isReply = (error: unknown): boolean => error instanceof Error && error.name === 'ReplyError';
