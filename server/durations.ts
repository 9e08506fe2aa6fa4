/**
 * A histogram of durations, in Prometheus' text format (version 0.0.4). Why not prom-client's: for each observation that one
 * puts the labels into text, to find their series, and looks the bucket up by its bound as text. Here both are indexes.
 */

/** Seconds: from a query in memory to an upload. */
const bounds: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];

/** What was observed under one pair of labels. */
class Series {
  /** By the lowest bound that is not below; in the last place those above all bounds. */
  readonly counts: number[] = Array.from({ length: bounds.length + 1 }, () => 0);
  seconds = 0;
}

export class Durations {
  readonly #name: string;
  readonly #help: string;
  readonly #labels: readonly [string, string];
  readonly #series = new Map<string, Map<string | number, Series>>();

  /** @param labels the names of the two labels that each observation has */
  constructor(name: string, help: string, labels: readonly [string, string]) {
    this.#name = name;
    this.#help = help;
    this.#labels = labels;
  }

  /** @param first value of the first label: as all of them, one of a fixed few, without quotes, backslashes and line ends */
  observe(first: string, second: string | number, milliseconds: number): void {
    const series = this.#series.get(first)?.get(second) ?? this.#add(first, second);
    const seconds = milliseconds / 1_000;
    let bucket = 0;
    for (const bound of bounds) {
      if (seconds <= bound) break;
      bucket += 1;
    }
    series.counts[bucket] = (series.counts[bucket] ?? 0) + 1;
    series.seconds += seconds;
  }

  /** Ends with a line end. */
  text(): string {
    const name = this.#name;
    const [firstLabel, secondLabel] = this.#labels;
    const lines = [`# HELP ${name} ${this.#help}`, `# TYPE ${name} histogram`];
    for (const [first, bySecond] of this.#series)
      for (const [second, { counts, seconds }] of bySecond) {
        const labels = `${firstLabel}="${first}",${secondLabel}="${second}"`;
        let count = 0;
        for (const [bucket, inBucket] of counts.entries()) {
          count += inBucket;
          lines.push(`${name}_bucket{le="${bounds[bucket] ?? '+Inf'}",${labels}} ${count}`);
        }
        lines.push(`${name}_sum{${labels}} ${seconds}`, `${name}_count{${labels}} ${count}`);
      }
    return `${lines.join('\n')}\n`;
  }

  #add(first: string, second: string | number): Series {
    const bySecond = this.#series.get(first) ?? new Map<string | number, Series>();
    const series = new Series();
    this.#series.set(first, bySecond.set(second, series));
    return series;
  }
}
