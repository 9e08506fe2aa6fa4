/** The simulated Redis promises of snapshots what the real one does. */
import { describeHealing } from '../replica/log/healing-contract.ts';
import { describeSnapshots, type SnapshotsUnderTest } from '../replica/log/snapshots-contract.ts';
import { logOver, snapshotsOver } from './ports.ts';
import { SimulatedRedis } from './redis.ts';

const open = async (): Promise<SnapshotsUnderTest> => {
  let now = 0;
  const redis = new SimulatedRedis({ published: () => {}, begun: () => {} }, () => now);
  const connection = {
    request: async <Answer>(_: number, perform: (redis: SimulatedRedis) => Answer) => perform(redis),
    watch: () => ({ [Symbol.dispose]: () => {} }),
  };
  return {
    log: logOver(connection),
    snapshots: snapshotsOver(connection),
    another: snapshotsOver(connection),
    async pass(milliseconds) {
      now += milliseconds;
    },
    async damageManifest(manifest) {
      redis.snapshots.setBack({ ...redis.snapshots.contents, manifest });
    },
    [Symbol.asyncDispose]: async () => {},
  };
};

describeSnapshots('snapshots on the simulated Redis', open);
describeHealing('healing on the simulated Redis', open);
