/** Reports progress on stderr: a bar on a terminal, otherwise a line now and then. */
import { MultiBar, Presets, type SingleBar } from 'cli-progress';

const lineEveryMilliseconds = 2_000;

export interface ProgressReport extends Disposable {
  /** @param done in the unit of `total` */
  update(done: number, documents: number): void;
  /** Prints a line. */
  say(line: string): void;
}

/** @param total the final value of `done`; undefined if it is not known */
export function reportProgress(total: number | undefined): ProgressReport {
  const started = performance.now();
  const rate = (documents: number) => `${count(perSecond(documents, performance.now() - started))}/s`;
  return process.stderr.isTTY && total !== undefined ? new Bar(total, rate) : new Lines(total, rate);
}

export const count = (value: number): string => Math.round(value).toLocaleString('en-US');

export function perSecond(documents: number, milliseconds: number): number {
  return documents / Math.max(milliseconds / 1000, 0.001);
}

/** A MultiBar with a single bar, as only a MultiBar can print lines above it. */
class Bar implements ProgressReport {
  readonly #rate: (documents: number) => string;
  readonly #bars = new MultiBar(
    {
      format: '{bar} {percentage} % | {documents} documents | {rate}',
      stream: process.stderr,
      hideCursor: true,
    },
    Presets.shades_classic,
  );
  readonly #bar: SingleBar;
  constructor(total: number, rate: (documents: number) => string) {
    this.#rate = rate;
    this.#bar = this.#bars.create(total, 0, { documents: '0', rate: rate(0) });
  }
  update(done: number, documents: number): void {
    this.#bar.update(done, { documents: count(documents), rate: this.#rate(documents) });
  }
  say(line: string): void {
    this.#bars.log(`${line}\n`);
  }
  [Symbol.dispose](): void {
    this.#bars.update();
    this.#bars.stop();
  }
}

class Lines implements ProgressReport {
  readonly #total: number | undefined;
  readonly #rate: (documents: number) => string;
  #saidAt = performance.now();
  constructor(total: number | undefined, rate: (documents: number) => string) {
    this.#total = total;
    this.#rate = rate;
  }
  update(done: number, documents: number): void {
    if (performance.now() - this.#saidAt < lineEveryMilliseconds) return;
    this.#saidAt = performance.now();
    const share = this.#total === undefined ? '' : `${Math.floor((done / Math.max(this.#total, 1)) * 100)} %, `;
    this.say(`${share}${count(documents)} documents, ${this.#rate(documents)}`);
  }
  say(line: string): void {
    process.stderr.write(`${line}\n`);
  }
  [Symbol.dispose](): void {}
}
