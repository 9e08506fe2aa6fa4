/** The simulated Redis promises of snapshots what the real one does. */
import { describeSnapshots } from '../replica/log/snapshots-contract.ts';
import { logOver, snapshotsOver } from './ports.ts';
import { SimulatedRedis } from './redis.ts';

describeSnapshots('snapshots on the simulated Redis', async () => {
  let now = 0;
  const redis = new SimulatedRedis(
    () => {},
    () => now,
  );
  const connection = {
    request: async <Answer>(_: number, perform: () => Answer) => perform(),
    watch: () => ({ [Symbol.dispose]: () => {} }),
  };
  return {
    log: logOver(connection, redis),
    snapshots: snapshotsOver(connection, redis),
    another: snapshotsOver(connection, redis),
    async pass(milliseconds) {
      now += milliseconds;
    },
    async damageManifest(manifest) {
      redis.snapshots.setBack({ ...redis.snapshots.contents, manifest });
    },
    [Symbol.asyncDispose]: async () => {},
  };
});
