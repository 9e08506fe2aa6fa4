/** The options and helpers shared by the command-line clients. */
import { InvalidArgumentError, Option } from 'commander';
import { onEndingSignal } from '../../server/signals.ts';

export const interruptedExitCode = 130;

export const urlOption = (): Option =>
  new Option('--url <url>', 'the server, or its GraphQL API')
    .default('http://127.0.0.1:4000/graphql')
    .argParser((text) => {
      const url = URL.canParse(text) ? new URL(text) : undefined;
      if (url === undefined || !/^https?:$/.test(url.protocol)) {
        throw new InvalidArgumentError('It must be an http: or https: URL.');
      }
      // For a bare server address, add the path of its API.
      return url.pathname === '/' && url.search === '' ? new URL('/graphql', url).href : text;
    });

export const wholeNumber =
  (minimum: number, maximum: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < minimum || value > maximum) {
      throw new InvalidArgumentError(`It must be a whole number from ${minimum} to ${maximum}.`);
    }
    return value;
  };

/**
 * Aborted by the first Ctrl-C or other ending signal: finish in good order. A later signal ends the process at once.
 */
export function stopOnInterrupt(): AbortSignal {
  const stop = new AbortController();
  onEndingSignal(() => stop.abort());
  return stop.signal;
}

/** An argument in the form in which one types it in a shell. */
export const quoted = (text: string): string =>
  /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
