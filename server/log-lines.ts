/** Formats log lines for people, used instead of pino's JSON if standard error is a terminal. */
import { levels } from 'pino';

const colours: Readonly<Record<string, number>> = { fatal: 31, error: 31, warn: 33, info: 32, debug: 36, trace: 90 };
const dim = 90;

/**
 * @param line one log entry as pino writes it
 * @param isColoured whether the terminal supports colours
 * @returns `14:03:59 INFO  replica is ready  position=0`, with the stack of an error on lines of its own
 */
export function readableLine(line: string, isColoured: boolean): string {
  const paint = (colour: number, text: string) => (isColoured ? `\u001b[${colour}m${text}\u001b[39m` : text);
  const { level, time, msg, ...rest }: Readonly<Record<string, unknown>> = JSON.parse(line);
  const name = levels.labels[Number(level)] ?? 'info';
  const stacks: string[] = [];
  const details = Object.entries(rest).flatMap(([key, value]) => {
    const stack = stackOf(value);
    if (stack !== undefined) stacks.push(stack.replaceAll(/^/gm, '    '));
    return stack === undefined ? [`${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`] : [];
  });
  const words = [
    paint(dim, new Date(Number(time)).toTimeString().slice(0, 8)),
    paint(colours[name] ?? dim, name.toUpperCase().padEnd(5)),
    String(msg ?? ''),
    ...(details.length === 0 ? [] : [paint(dim, details.join(' '))]),
  ];
  return `${[words.join(' '), ...stacks].join('\n')}\n`;
}

function stackOf(value: unknown): string | undefined {
  const isError = typeof value === 'object' && value !== null && 'stack' in value && typeof value.stack === 'string';
  return isError ? String(value.stack) : undefined;
}
