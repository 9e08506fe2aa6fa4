/** Classifies failed Redis commands: was the command certainly not executed? docs/internals/protocol.md, P10. */
import { LogUnavailableError } from '../../../errors.ts';
import { explained } from './problems.ts';

/**
 * Replies with which Redis refuses a command without executing it. The scripts ensure this for themselves: everything
 * that can fail precedes their first write. Redis 6.2 wraps the reply that a script got in its own sentence.
 */
const refusals =
  /(?:^|[ -])(?:LOADING|OOM|READONLY|MASTERDOWN|MISCONF|NOREPLICAS|BUSY|NOAUTH|WRONGPASS|NOPERM|WRONGTYPE|CLUSTERDOWN|MOVED|ASK|TRYAGAIN)(?: |$)/;
/** ioredis' error for a command without a connection: nothing was sent. */
const notSent = /enableOfflineQueue options is false|^Connection is closed\.$/;

/** @throws {LogUnavailableError} instead of the command's own error */
export function orUnavailable<T>(answer: Promise<T>): Promise<T> {
  return answer.catch((error: unknown) => {
    const problem = error instanceof Error ? error.message : String(error);
    if (notSent.test(problem)) throw new LogUnavailableError('Redis cannot be reached', true, { cause: error });
    throw new LogUnavailableError(`Redis: ${explained(error)}`, isReply(error) && refusals.test(problem), {
      cause: error,
    });
  });
}

/** True for a reply of the server, false for a failure on the way. */
const isReply = (error: unknown): boolean => error instanceof Error && error.name === 'ReplyError';
