/** Replicas that hand over blobs in virtual time, over a channel that loses, repeats, delays and so reorders. */
import { setImmediate } from 'node:timers/promises';
import { limits } from '../../../limits.ts';
import type { Timers } from '../../../replica/environment/timers.ts';
import type { Channel } from '../../../replica/gossip/channel.ts';
import type { Download } from '../../../uploads/transfer/download.ts';
import { decodeMessage, encodeMessage, type Message } from '../../../uploads/transfer/messages.ts';
import { Transfer } from '../../../uploads/transfer/transfer.ts';
import { keepBlob } from '../blobs/contract.ts';
import { MemoryBlobs } from '../blobs/memory.ts';

export interface Faults {
  /** 0 to 1, of each message. */
  readonly loss: number;
  readonly repetition: number;
  /** Each delivery takes up to so many milliseconds. */
  readonly delayMilliseconds: number;
}

const noFaults: Faults = { loss: 0, repetition: 0, delayMilliseconds: 1 };

export interface SimulatedReplica {
  readonly id: string;
  readonly blobs: MemoryBlobs;
  readonly transfer: Transfer;
  readonly warnings: string[];
}

interface Scheduled {
  readonly at: number;
  readonly order: number;
  readonly call: () => void;
}

export class Simulation {
  readonly timers: Timers;
  /** All that was handed to the channel, in order. */
  readonly sent: { readonly to: string | undefined; readonly message: Message }[] = [];
  faults: Faults;
  /** Whose messages are lost, in both directions. */
  readonly silent = new Set<string>();
  readonly #scheduled = new Set<Scheduled>();
  readonly #received = new Map<string, (bytes: Uint8Array) => void>();
  #now = 1_000_000;
  #order = 0;
  #random: number;

  constructor(seed: number, faults: Partial<Faults> = {}) {
    this.#random = seed;
    this.faults = { ...noFaults, ...faults };
    this.timers = { now: () => this.#now, after: (milliseconds, call) => this.#after(milliseconds, call) };
  }

  get now(): number {
    return this.#now;
  }

  async replica(
    id: string,
    contents: readonly Uint8Array[] = [],
    blobs = new MemoryBlobs(),
  ): Promise<SimulatedReplica> {
    for (const content of contents) await keepBlob(blobs, content);
    const warnings: string[] = [];
    const note = (_: object, message: string) => void warnings.push(message);
    const transfer = new Transfer({
      id,
      blobs,
      channel: this.#channel(id),
      peers: () => [...this.#received.keys()].filter((peer) => peer !== id),
      timers: this.timers,
      random: (bytes) => Uint8Array.from({ length: bytes }, () => this.#chance() * 256),
      logger: { info: note, warn: note, error: note },
    });
    await transfer.open();
    return { id, blobs, transfer, warnings };
  }

  /** As if its process were gone: it neither hears nor says anything any more. */
  crash({ id }: SimulatedReplica): void {
    this.#received.delete(id);
  }

  deliver(to: string, bytes: Uint8Array): void {
    this.#received.get(to)?.(bytes);
  }

  /** Virtual time goes on until it holds. */
  async until(holds: () => boolean): Promise<void> {
    for (let steps = 0; steps < 100_000; steps += 1) {
      // Whatever needs no time is done before time goes on.
      await setImmediate();
      if (holds()) return;
      if (!this.#step()) break;
    }
    throw new Error('nothing happens any more, and it does not hold');
  }

  async ended(download: Download | undefined): Promise<string> {
    if (download === undefined) return 'refused';
    await this.until(() => download.progress.status !== 'PROGRESS');
    return download.progress.status;
  }

  async settled<Result>(promise: Promise<Result>): Promise<Result> {
    let isSettled = false;
    const settled = () => {
      isSettled = true;
    };
    promise.then(settled, settled);
    await this.until(() => isSettled);
    return promise;
  }

  sentOf<Kind extends Message['kind']>(kind: Kind): Extract<Message, { kind: Kind }>[] {
    const isOfKind = (message: Message): message is Extract<Message, { kind: Kind }> => message.kind === kind;
    return this.sent.map(({ message }) => message).filter(isOfKind);
  }

  #channel(id: string): Channel {
    return {
      send: async (to, given) => {
        // Once handed over, the bytes are the sender's again.
        const bytes = Uint8Array.from(given);
        this.sent.push({ to, message: decodeMessage(bytes) });
        const receivers = to === undefined ? [...this.#received.keys()] : [to];
        for (const receiver of receivers) this.#carry(id, receiver, bytes);
      },
      subscribe: async (received) => {
        this.#received.set(id, received);
        return { [Symbol.asyncDispose]: async () => void this.#received.delete(id) };
      },
    };
  }

  #carry(from: string, to: string, bytes: Uint8Array): void {
    const times = this.#chance() < this.faults.repetition ? 2 : 1;
    for (let time = 0; time < times; time += 1) {
      if (this.#chance() < this.faults.loss) continue;
      const receiver = this.#received.get(to);
      this.#after(this.#chance() * this.faults.delayMilliseconds, () => {
        if (this.silent.has(from) || this.silent.has(to)) return;
        if (receiver === this.#received.get(to)) receiver?.(bytes);
      });
    }
  }

  #after(milliseconds: number, call: () => void): Disposable {
    this.#order += 1;
    const scheduled = { at: this.#now + milliseconds, order: this.#order, call };
    this.#scheduled.add(scheduled);
    return { [Symbol.dispose]: () => void this.#scheduled.delete(scheduled) };
  }

  #step(): boolean {
    const [next] = [...this.#scheduled].sort((a, b) => a.at - b.at || a.order - b.order);
    if (next === undefined) return false;
    this.#scheduled.delete(next);
    this.#now = next.at;
    next.call();
    return true;
  }

  /** A linear congruential generator: the same seed, the same story. */
  #chance(): number {
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#random / 2 ** 32;
  }
}

export function chunks(count: number): number {
  return count * limits.transferChunkBytes;
}

/** As a replica that does not keep to the rules would say it. */
export function say(simulation: Simulation, to: string, message: Message): void {
  simulation.deliver(to, encodeMessage(message));
}
