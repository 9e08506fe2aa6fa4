/** Who looks after a site: does for a replica that stopped taking part, and stays so, what its problem says (P44). */
import { emptyDisk } from './disk.ts';
import { eventOfTransaction } from './ledger.ts';
import type { Machine, Running } from './machine.ts';
import type { World } from './world.ts';

/** Others may have what it lacks, and hand that on. */
const patienceMilliseconds = 20_000;

/** A replica said that it has stopped taking part. */
export function attendTo(world: World, machine: Machine, running: Running): void {
  world.scheduler.after(patienceMilliseconds, () => {
    const { problem } = running.replica.status;
    if (machine.running !== running || !problem?.includes('stopped taking part')) return;
    if (!isWithReason(world, machine, running)) {
      world.violation(machine.name, `takes no part, and could hand on all that it has: ${problem}`);
      return;
    }
    world.renewed += 1;
    world.trace.add(machine.name, () => `is given a fresh disk: ${problem}`);
    world.crash(machine);
    world.replaceDisk(machine, emptyDisk);
    world.start(machine);
  });
}

/** Whether it shows what the log lacks, and does not wait to be handed on. */
function isWithReason({ ledger }: World, { disk }: Machine, { observer }: Running): boolean {
  const journaled = new Set(disk?.contents.transactions.map(eventOfTransaction));
  return [...observer.shown.keys()].some((event) => !ledger.isLogged(event) && !journaled.has(event));
}
