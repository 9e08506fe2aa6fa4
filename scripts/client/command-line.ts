/** What the clients' command lines have in common. */
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
      // A server's address alone is what one has at hand; its API is the only thing there that is meant.
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

/** Aborted by the first Ctrl-C or other signal to end: come to an end in good order. A later signal ends the process at once. */
export function stopOnInterrupt(): AbortSignal {
  const stop = new AbortController();
  onEndingSignal(() => stop.abort());
  return stop.signal;
}

/** An argument as one would type it. */
export const quoted = (text: string): string =>
  /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
