/** The server that Redis runs on: there, frozen (what comes to it waits, and is done later), or down (it is lost). */
import type { LogEntry } from '../../replica/log/log.ts';
import type { Connection } from './connection.ts';
import { emptyHistory, type History, Oracle, type OracleTold } from './oracle.ts';
import { emptyRedis, type RedisContents, SimulatedRedis } from './redis.ts';
import type { Scheduler } from './scheduler.ts';

export interface SavedServer {
  readonly contents: RedisContents;
  readonly history: History;
}

export const emptyServer: SavedServer = { contents: emptyRedis, history: emptyHistory };

export class Server {
  readonly redis: SimulatedRedis;
  /** What it holds, as the log tells. */
  readonly oracle: Oracle;
  readonly connections = new Set<Connection>();
  readonly #scheduler: Scheduler;
  /** Requests that were sent and did not come yet: they may change the log when nobody waits for them any more. */
  onTheWay = 0;
  #isDown = false;
  /** What came while it was frozen. */
  #held: (() => void)[] | undefined;

  constructor(scheduler: Scheduler, told: OracleTold) {
    this.#scheduler = scheduler;
    this.oracle = new Oracle(told);
    const published = (entry: LogEntry, bytes: Uint8Array) => {
      this.oracle.appended(entry);
      for (const connection of this.connections) connection.published('entry', bytes);
    };
    const begun = () => this.oracle.begun(this.redis);
    this.redis = new SimulatedRedis({ published, begun }, () => scheduler.now);
  }

  /** As it stands now, to be what it is set back to. */
  save(): SavedServer {
    return { contents: this.redis.contents, history: this.oracle.save() };
  }

  setBack({ contents, history }: SavedServer): void {
    this.redis.setBack(contents);
    this.oracle.setBack(history);
  }

  get isReachable(): boolean {
    return !this.#isDown && this.#held === undefined;
  }

  /** A request is sent. */
  expect(milliseconds: number, arrive: () => void): void {
    this.onTheWay += 1;
    this.#scheduler.after(milliseconds, () => {
      this.onTheWay -= 1;
      arrive();
    });
  }

  /** A request, or a message to publish, comes to it. */
  arrive(call: () => void): void {
    if (this.#isDown) return;
    if (this.#held) this.#held.push(call);
    else call();
  }

  publishHeartbeat(bytes: Uint8Array): void {
    for (const connection of this.connections) connection.published('heartbeat', bytes);
  }

  /** Nothing that it had answered is lost; what waited for its turn is. */
  stop(): void {
    this.#isDown = true;
    this.#held = undefined;
    for (const connection of this.connections) connection.drop('the server closed it');
  }

  start(): void {
    this.#isDown = false;
  }

  freeze(): void {
    if (!this.#isDown) this.#held ??= [];
    for (const connection of this.connections) connection.mayFallSilent();
  }

  resume(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const call of held) this.#scheduler.after(0, () => this.arrive(call));
  }
}
