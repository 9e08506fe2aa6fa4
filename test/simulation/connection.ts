/**
 * What a process has with Redis: connections that come back by themselves, requests on them, and messages. It promises
 * what replica/redis/connection/connection.ts does: whoever is refused did nothing, whoever is not answered does not know.
 */
import { LogUnavailableError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { GossipHandlers } from '../../replica/gossip/gossip.ts';
import { decodeUnlessKnown } from '../../replica/log/entry.ts';
import type { Process } from './process.ts';
import type { Random, Span } from './random.ts';
import type { SimulatedRedis } from './redis.ts';
import type { Scheduler } from './scheduler.ts';
import type { Server } from './server.ts';

/** How a machine's way to Redis behaves. Probabilities are of each request or message. */
export interface Conditions {
  /** One way, in milliseconds. */
  latency: Span;
  lostRequests: number;
  lostAnswers: number;
  /** Requests that are done after who sent them gave up. */
  lateRequests: number;
  lostMessages: number;
  repeatedMessages: number;
  damagedMessages: number;
  /** Of messages, in milliseconds: they overtake each other within it. */
  messageDelay: Span;
}

/** The way from one machine to Redis: to the server that it takes for it. */
export interface Link {
  server: Server;
  isUp: boolean;
  readonly conditions: Conditions;
}

export interface ConnectionParts {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly link: Link;
  readonly process: Process;
}

interface Request {
  readonly settle: (answer: () => void) => void;
  readonly fail: (problem: string, refused: boolean) => void;
}

/** Much longer than the time after which a sender gives up. */
const lateMilliseconds: Span = [2_000, 8_000];
const longestRetryExponent = 5;

export class Connection {
  readonly #parts: ConnectionParts;
  readonly #requests = new Set<Request>();
  readonly #watchers = new Set<(connected: boolean) => void>();
  readonly #handlers = new Set<GossipHandlers>();
  #isReady = false;
  #isSubscribed = false;
  #isClosed = false;
  /** Raised with each connection made: an answer comes only by the one that its request went by. */
  #generation = 0;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    parts.link.server.connections.add(this);
    this.#connect(0);
  }

  /** @throws {LogUnavailableError} */
  request<Answer>(deadlineMilliseconds: number, perform: (redis: SimulatedRedis) => Answer): Promise<Answer> {
    const { process, scheduler, random, link } = this.#parts;
    const { server } = link;
    if (!process.isAlive) return never();
    if (!this.#isReady) return Promise.reject(new LogUnavailableError('Redis: not connected', true));
    const goesOut = process.calls();
    const generation = this.#generation;
    return new Promise((resolve, reject) => {
      const request: Request = {
        settle: (answer) => {
          if (!this.#requests.delete(request)) return;
          deadline[Symbol.dispose]();
          process.deliver(answer);
        },
        fail: (problem, refused) => request.settle(() => reject(new LogUnavailableError(`Redis: ${problem}`, refused))),
      };
      const deadline = scheduler.after(deadlineMilliseconds, () => request.fail('no answer in time', false));
      this.#requests.add(request);
      const { latency, lostRequests, lostAnswers, lateRequests } = link.conditions;
      if (!goesOut || random.chance(lostRequests)) return;
      const late = random.chance(lateRequests) ? random.within(lateMilliseconds) : 0;
      const isAnswered = !random.chance(lostAnswers);
      server.expect(random.within(latency) + late, () => {
        if (!link.isUp && late === 0) return;
        server.arrive(() => {
          let answer: () => void;
          try {
            const given = perform(server.redis);
            answer = () => resolve(given);
          } catch (error) {
            answer = () => reject(error);
          }
          if (!isAnswered) return;
          scheduler.after(random.within(latency), () => {
            if (link.isUp && generation === this.#generation) request.settle(answer);
          });
        });
      });
    });
  }

  /** Told at once, and at each change. */
  watch(changed: (connected: boolean) => void): Disposable {
    this.#watchers.add(changed);
    changed(this.#isReady);
    return { [Symbol.dispose]: () => this.#watchers.delete(changed) };
  }

  async subscribe(handlers: GossipHandlers): Promise<AsyncDisposable> {
    this.#handlers.add(handlers);
    if (this.#isReady) await this.#parts.process.sleep(this.#delay());
    if (this.#isReady) {
      this.#isSubscribed = true;
      handlers.interrupted();
    }
    return { [Symbol.asyncDispose]: async () => void this.#handlers.delete(handlers) };
  }

  sendHeartbeat(bytes: Uint8Array): void {
    const { scheduler, link, process } = this.#parts;
    const { server } = link;
    if (!process.calls() || !this.#isReady) return;
    scheduler.after(this.#delay(), () => {
      if (link.isUp) server.arrive(() => server.publishHeartbeat(bytes));
    });
  }

  /** A message is published. */
  published(kind: 'entry' | 'heartbeat', bytes: Uint8Array): void {
    const { scheduler, random, link, process } = this.#parts;
    const { lostMessages, repeatedMessages, damagedMessages, messageDelay } = link.conditions;
    if (!this.#isSubscribed || random.chance(lostMessages)) return;
    const copies = random.chance(repeatedMessages) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      const message = kind === 'entry' && random.chance(damagedMessages) ? this.#damaged(bytes) : bytes;
      scheduler.after(random.within(messageDelay), () => {
        if (link.isUp && this.#isSubscribed) process.deliver(() => this.#receive(kind, message));
      });
    }
  }

  /** The connection is lost: what is in flight fails, unknown whether it was done; then it connects again. */
  drop(problem: string): void {
    if (!this.#isReady || this.#isClosed) return;
    this.#isReady = false;
    this.#isSubscribed = false;
    this.#generation += 1;
    for (const request of [...this.#requests]) request.fail(problem, false);
    this.#tell();
    this.#connect(0);
  }

  /** Another server is Redis for its machine. */
  moveTo(server: Server): void {
    const { link } = this.#parts;
    link.server.connections.delete(this);
    link.server = server;
    if (!this.#isClosed) server.connections.add(this);
    this.drop('the server is another one');
  }

  /** No byte may come for a while: it is noticed, unless that is over by then. */
  mayFallSilent(): void {
    const { scheduler, random, link } = this.#parts;
    const milliseconds = limits.redisSilenceMilliseconds + random.below(limits.redisProbeMilliseconds);
    const generation = this.#generation;
    scheduler.after(milliseconds, () => {
      if (generation === this.#generation && !(link.isUp && link.server.isReachable)) this.drop('no answer');
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#isReady = false;
    this.#isSubscribed = false;
    this.#parts.link.server.connections.delete(this);
  }

  get inFlight(): number {
    return this.#requests.size;
  }

  #connect(tries: number): void {
    const { scheduler, random, link, process } = this.#parts;
    const wait = Math.min(25 * 2 ** Math.min(tries, longestRetryExponent), limits.redisRetryMilliseconds);
    scheduler.after(tries === 0 ? this.#delay() : random.within([wait / 2, wait]), () => {
      if (this.#isClosed) return;
      if (!link.isUp || !link.server.isReachable) {
        this.#connect(tries + 1);
        return;
      }
      process.deliver(() => {
        this.#isReady = true;
        this.#tell();
        scheduler.after(this.#delay(), () => process.deliver(() => this.#subscribeAgain()));
      });
    });
  }

  #subscribeAgain(): void {
    if (!this.#isReady || this.#isSubscribed || this.#handlers.size === 0) return;
    this.#isSubscribed = true;
    for (const handlers of this.#handlers) handlers.interrupted();
  }

  #tell(): void {
    const isReady = this.#isReady;
    this.#parts.process.deliver(() => {
      for (const changed of [...this.#watchers]) changed(isReady);
    });
  }

  #receive(kind: 'entry' | 'heartbeat', bytes: Uint8Array): void {
    for (const handlers of this.#handlers) {
      if (kind === 'heartbeat') handlers.heartbeat(bytes);
      else {
        try {
          const entry = decodeUnlessKnown(bytes, handlers.isKnown);
          if (entry !== undefined) handlers.received(entry);
        } catch (error) {
          handlers.malformed(error instanceof Error ? error.message : String(error));
        }
      }
    }
  }

  #damaged(bytes: Uint8Array): Uint8Array {
    const damaged = Uint8Array.from(bytes);
    const at = this.#parts.random.below(damaged.length);
    damaged[at] = (damaged[at] ?? 0) ^ (1 + this.#parts.random.below(255));
    return damaged;
  }

  #delay(): number {
    return this.#parts.random.within(this.#parts.link.conditions.latency);
  }
}

export const never = (): Promise<never> => new Promise(() => {});

export const goodConditions = (): Conditions => ({
  latency: [0.2, 2],
  lostRequests: 0,
  lostAnswers: 0,
  lateRequests: 0,
  lostMessages: 0,
  repeatedMessages: 0,
  damagedMessages: 0,
  messageDelay: [0.2, 2],
});
