/** The simulated Redis promises what the real one does. */
import { describeLog, type LogUnderTest } from '../replica/log/contract.ts';
import { batch } from '../replica/log/transactions.ts';
import { logOver } from './ports.ts';
import { SimulatedRedis } from './redis.ts';

function opened(redis: SimulatedRedis): LogUnderTest {
  const connection = {
    request: async <Answer>(_: number, perform: (redis: SimulatedRedis) => Answer) => perform(redis),
    watch: () => ({ [Symbol.dispose]: () => {} }),
  };
  const log = logOver(connection);
  return {
    log,
    another: logOver(connection),
    async appendAndKill(id, appended) {
      const head = await log.head();
      if (head?.log !== id) throw new Error(`there is no log ${id}`);
      await log.append(batch(...appended), head, 'secret', () => []);
      return opened(redis);
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

describeLog('the simulated Redis', async () =>
  opened(new SimulatedRedis({ published: () => {}, begun: () => {} }, () => 0)),
);
