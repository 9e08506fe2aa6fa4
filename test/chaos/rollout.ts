/** Two versions in one site: replicas come to the one with another format, and back, and then all of them to it. P83 and P84. */
import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '../../limits.ts';
import { formerReads, newReads } from '../replica/former-version.ts';
import type { Random } from '../simulation/random.ts';
import type { Site } from './site.ts';

/** Until the format has to be raised: as long as a replica is waited for that was heard once, and some seconds. */
const patienceMilliseconds = (2 * limits.formatHeartbeats + 30) * limits.heartbeatMilliseconds;

export class Rollout {
  readonly #site: Site;
  readonly #random: Random;
  readonly #tell: (line: string) => void;
  #isComplete = false;

  constructor(site: Site, random: Random, tell: (line: string) => void) {
    this.#site = site;
    this.#random = random;
    this.#tell = tell;
  }

  /** Between two faults. @param isDue whether all come to the new version now @returns what is wrong */
  async step(isDue: boolean): Promise<readonly string[]> {
    if (this.#isComplete) return [];
    const { format } = await this.#site.stored();
    if (format !== '1') return [`the site is written in format ${format} while a replica does not read it`];
    const { replicas } = this.#site;
    // The first one stays with the former version until all leave it.
    for (const replica of replicas.slice(1)) replica.reads = this.#random.chance(0.5) ? newReads : formerReads;
    if (!isDue) return [];
    this.#tell('all replicas come to the version with another format, one by one');
    for (const replica of replicas) {
      replica.reads = newReads;
      await replica.stop();
      await replica.start();
    }
    this.#isComplete = true;
    return [];
  }

  /** @returns what is wrong at the end */
  async end(): Promise<readonly string[]> {
    if (!this.#isComplete) return ['the replicas never came to the new version'];
    for (let waited = 0; waited < patienceMilliseconds; waited += 500) {
      if ((await this.#site.stored()).format === '2') {
        this.#tell('the site is written in format 2');
        return [];
      }
      await sleep(500);
    }
    return ['the site is not written in the format that all read'];
  }
}
