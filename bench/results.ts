/** What benches measure, and the files that tell of it: a table, a chart, and rows for whoever reads them by program. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Chart, drawChart } from './chart.ts';

/** One number. */
export interface Row {
  readonly work: string;
  readonly subject: string;
  readonly value: number;
  readonly unit: string;
}

const folder = join(import.meta.dirname, 'results');

/** Writes bench/results/`name`.md, .svg and .json. */
export function writeResults(name: string, text: string, chart: Chart, rows: readonly Row[]): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.md`), text);
  writeFileSync(join(folder, `${name}.svg`), drawChart(chart));
  writeFileSync(join(folder, `${name}.json`), `[\n${rows.map((row) => `  ${JSON.stringify(row)}`).join(',\n')}\n]\n`);
}

/** The middle one; of an even count, the mean of the two in the middle. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** For people: three digits that count, thousands apart. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const digits = value >= 100 || value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(value)));
  const scale = 10 ** (Math.floor(Math.log10(value)) - 2);
  const rounded = value >= 1000 ? Math.round(value / scale) * scale : value;
  return rounded.toLocaleString('en-US', { maximumFractionDigits: digits });
}
