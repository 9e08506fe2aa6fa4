/**
 * Which processor runs what. Else the system moves processes about, and one that was moved finds nothing of its own in the
 * caches there: what a mutation costs is then a matter of luck.
 */
import { spawnSync } from 'node:child_process';

/** All threads of a process, and those that it makes. @returns false where this system cannot be told (Linux' taskset) */
export function runOn(processor: number, processId: number): boolean {
  const { status } = spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', `${processor}`, `${processId}`]);
  return status === 0;
}
