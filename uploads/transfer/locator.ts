/**
 * Finds the replicas that have a content.
 * T1. Questions go to all replicas, and those of one moment go together; each replica answers only the asker, also if
 * it has nothing.
 * T2. "Nobody has it" is certain once every live peer has said so, and is assumed after a timeout. It is not cached;
 * "somebody has it" is cached for a moment.
 */
import { limits } from '../../limits.ts';
import type { Sha256 } from '../blobs/blobs.ts';
import { encodeMessage, type Holding } from './messages.ts';
import type { Send, TransferOptions } from './ports.ts';

interface Question {
  readonly answer: Promise<boolean>;
  readonly unanswered: Set<string>;
  settle(isThere: boolean): void;
}

export class Locator {
  readonly #options: Pick<TransferOptions, 'id' | 'peers' | 'timers'>;
  readonly #send: Send;
  readonly #questionsByContent = new Map<Sha256, Question>();
  #gathered = new Set<Sha256>();
  #closed = false;

  constructor(options: Pick<TransferOptions, 'id' | 'peers' | 'timers'>, send: Send) {
    this.#options = options;
    this.#send = send;
  }

  /** Whether any other replica has the content. Equal questions share one answer. */
  isElsewhere(sha256: Sha256): Promise<boolean> {
    const asked = this.#questionsByContent.get(sha256);
    if (asked !== undefined) return asked.answer;
    const peers = this.#options.peers();
    if (peers.length === 0 || this.#closed) return Promise.resolve(false);
    const question = this.#question(sha256, peers);
    this.ask(sha256);
    return question.answer;
  }

  /** Asks all replicas soon; their answers arrive at `answered`. */
  ask(sha256: Sha256): void {
    this.#gathered.add(sha256);
    if (this.#gathered.size === 1)
      this.#options.timers.after(limits.locateGatherMilliseconds, () => this.#askGathered());
  }

  answered(from: string, { sha256, size }: Holding): void {
    const question = this.#questionsByContent.get(sha256);
    if (question === undefined) return;
    question.unanswered.delete(from);
    if (size !== undefined) question.settle(true);
    else if (question.unanswered.size === 0) question.settle(false);
  }

  /** Answers all open questions with no. */
  close(): void {
    this.#closed = true;
    for (const question of this.#questionsByContent.values()) question.settle(false);
  }

  #question(sha256: Sha256, peers: readonly string[]): Question {
    let resolve: (isThere: boolean) => void = () => {};
    const answer = new Promise<boolean>((resolvePromise) => {
      resolve = resolvePromise;
    });
    const { timers } = this.#options;
    let settled = false;
    const forget = () => void this.#questionsByContent.delete(sha256);
    const settle = (isThere: boolean) => {
      if (settled) return;
      settled = true;
      deadline[Symbol.dispose]();
      if (isThere) timers.after(limits.locatedMilliseconds, forget);
      else forget();
      resolve(isThere);
    };
    const deadline = timers.after(limits.locateMilliseconds, () => settle(false));
    const question = { answer, unanswered: new Set(peers), settle };
    this.#questionsByContent.set(sha256, question);
    return question;
  }

  #askGathered(): void {
    const contents = [...this.#gathered];
    this.#gathered = new Set();
    if (this.#closed) return;
    for (let start = 0; start < contents.length; start += limits.locateContents) {
      const some = contents.slice(start, start + limits.locateContents);
      void this.#send(undefined, encodeMessage({ kind: 'question', from: this.#options.id, contents: some }));
    }
  }
}
