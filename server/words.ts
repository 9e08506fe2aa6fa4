/**
 * The lines printed at the start: the addresses and places of a running server, or the faults that prevent the start.
 */
import { ConfigurationError, TidelineError } from '../errors.ts';
import { describeAddress, parseRedisUrl } from '../replica/redis/connection/address.ts';
import type { Configuration } from './configuration.ts';
import { isDevelopment } from './http/access.ts';
import type { Tideline } from './tideline.ts';

export function firstWords({ url, isLoopback, replica }: Tideline, configuration: Configuration): readonly string[] {
  const { dataFolder, redisUrl, namespace, host, publicUrl } = configuration;
  const words = [`GraphiQL is at ${url}/graphql`];
  if (publicUrl !== undefined) words.push(`Clients reach it at ${publicUrl.href.replace(/\/$/, '')}/graphql`);
  if (isDevelopment({ loopback: isLoopback, publicUrl })) {
    words.push('Web pages on any port of this machine may use it; for others, set CORS_ORIGINS');
  }
  if (redisUrl === undefined) {
    words.push(
      `Data is kept in ${dataFolder}`,
      'To join other replicas: start each with REDIS_URL=redis://host:6379, its own PORT and a fresh DATA_DIR',
    );
  } else {
    const kept =
      dataFolder === undefined ? 'nothing is kept here (no DATA_DIR)' : `this replica's own in ${dataFolder}`;
    words.push(
      `Data is kept in the Redis at ${describeAddress(parseRedisUrl(redisUrl))}, namespace ${namespace}; ${kept}`,
      `This is replica ${replica.id}; others join with the same REDIS_URL, and their own PORT and DATA_DIR`,
    );
  }
  if (!isLoopback) {
    words.push(
      `Listening on ${host}: anyone who can reach it can read and write everything, as there is no authentication`,
    );
  }
  return words;
}

/** The reasons why a server did not start, one line each. */
export function faultsOf(error: unknown, configuration: Configuration | undefined): readonly string[] {
  if (error instanceof ConfigurationError) return error.faults;
  if (error instanceof TidelineError || configuration === undefined) return [messageOf(error)];
  const { port, host } = configuration;
  switch (error instanceof Error && 'code' in error ? error.code : undefined) {
    case 'EADDRINUSE':
      return [`PORT: ${port} is in use on ${host}: stop what listens there, or set another`];
    case 'EACCES':
      return [`PORT: this user may not listen on ${port}: set a port above 1023`];
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EINVAL':
      return [
        `HOST: ${host} is not a name or address of this machine: set another, such as 127.0.0.1, or 0.0.0.0 for all`,
      ];
    default:
      return [`Tideline cannot start: ${messageOf(error)}`];
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
