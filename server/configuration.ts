/** Reads and validates the environment variables. */
import { resolve } from 'node:path';
import { z } from 'zod';
import { ConfigurationError } from '../errors.ts';
import { limits } from '../limits.ts';
import { parseRedisUrl } from '../replica/redis/connection/address.ts';
import { Origins } from './http/origins.ts';

export interface Configuration {
  /** 0 for any free port. */
  readonly port: number;
  readonly host: string;
  /** An absolute path; undefined for no disk. */
  readonly dataFolder: string | undefined;
  readonly redisUrl: string | undefined;
  readonly namespace: string;
  readonly replicaName: string;
  /** An absolute path. */
  readonly definitionsFile: string;
  readonly corsOrigins: Origins;
  /** The public address of this server; undefined if clients use the one that it listens on. */
  readonly publicUrl: URL | undefined;
  /** How many proxies in front are trusted to report the name that a client used. */
  readonly trustedHops: number;
  readonly maximumUploadBytes: number;
  readonly logLevel: LogLevel;
}

const defaultDefinitionsFile = './collections.ts';

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

const namePattern = /^[A-Za-z0-9._-]{1,64}$/;

/** The default name: this machine's, with invalid characters replaced. */
const nameOfHost = (host: string) => host.replace(/[^A-Za-z0-9._-]/g, '-').slice(0, 64) || 'replica';

const wholeNumber = (minimum: number, maximum: number, problem: string) =>
  z
    .string()
    .trim()
    .regex(/^\d{1,15}$/, problem)
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, problem);

/** A type with a parser whose errors are messages for the operator. */
const parsed = <Output>(parse: (text: string) => Output) =>
  z.string().transform((text, context) => {
    try {
      return parse(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
      return z.NEVER;
    }
  });

/** @throws {RangeError} */
function parsePublicUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url === undefined ||
    !/^https?:$/.test(url.protocol) ||
    `${url.search}${url.hash}${url.username}${url.password}` !== ''
  ) {
    throw new RangeError(
      'give the address that clients use, such as https://api.example.org or https://example.org/api',
    );
  }
  return url;
}

/** An empty variable counts as unset, except DATA_DIR, where it means no disk. */
const orDefault = <Output>(type: z.ZodType<Output, string>, value: string) =>
  z
    .string()
    .optional()
    .transform((text) => (text === undefined || text.trim() === '' ? value : text.trim()))
    .pipe(type);

/** An empty variable counts as unset. */
const optional = <Output>(type: z.ZodType<Output, string>) =>
  z
    .string()
    .optional()
    .transform((text) => (text === undefined || text.trim() === '' ? undefined : text.trim()))
    .pipe(type.optional());

/** @throws {Error} names what is wrong with the URL */
function checkedRedisUrl(text: string): string {
  parseRedisUrl(text);
  return text;
}

function environmentType(hostName: string, folder: string, exists: (path: string) => boolean) {
  return z.object({
    PORT: orDefault(wholeNumber(0, 65_535, 'give a port from 0 (any that is free) to 65535'), '4000'),
    HOST: orDefault(z.string().regex(/^[A-Za-z0-9.:_-]+$/, 'give a host name or an address to listen on'), '127.0.0.1'),
    DATA_DIR: z.string().trim().default('./data'),
    REDIS_URL: optional(parsed(checkedRedisUrl)),
    NAMESPACE: orDefault(
      z.string().regex(namePattern, 'give 1 to 64 letters, digits, dots, underscores and hyphens'),
      'tideline',
    ),
    REPLICA_ID: orDefault(
      z.string().regex(namePattern, 'give 1 to 64 letters, digits, dots, underscores and hyphens'),
      nameOfHost(hostName),
    ),
    COLLECTIONS: orDefault(
      z
        .string()
        .transform((text) => resolve(folder, text))
        .refine(exists, {
          error: ({ input }) => `the file ${String(input)} does not exist: name a file of collection definitions`,
        }),
      defaultDefinitionsFile,
    ),
    CORS_ORIGINS: orDefault(parsed(Origins.parse), ','),
    PUBLIC_URL: optional(parsed(parsePublicUrl)),
    TRUST_PROXY: orDefault(wholeNumber(0, 10, 'give the number of proxies in front of this server, 0 to 10'), '0'),
    MAX_UPLOAD_BYTES: orDefault(
      wholeNumber(1, Number.MAX_SAFE_INTEGER, 'give a whole number of bytes above 0'),
      String(limits.uploadBytes),
    ),
    LOG_LEVEL: orDefault(
      z
        .string()
        .toLowerCase()
        .pipe(z.enum(logLevels, `give one of ${logLevels.join(', ')}`)),
      'info',
    ),
  });
}

/** The absolute path of the definitions file, for scripts that start no server. */
export const definitionsFileIn = (environment: Readonly<Record<string, string | undefined>>, folder: string): string =>
  resolve(folder, environment.COLLECTIONS?.trim() || defaultDefinitionsFile);

/**
 * @param environment usually process.env
 * @param hostName this machine's name, the default for the replica's name
 * @param folder the base of relative paths
 * @param exists whether a file exists; by default every file counts as existing
 * @throws {ConfigurationError} lists every fault, one per line
 */
export function readConfiguration(
  environment: Readonly<Record<string, string | undefined>>,
  hostName: string,
  folder: string,
  exists: (path: string) => boolean = () => true,
): Configuration {
  const { data, error } = environmentType(hostName, folder, exists).safeParse(environment);
  const faults = (error?.issues ?? []).map(({ path, message }) => `${String(path[0])}: ${message}`);
  const { DATA_DIR: givenFolder, REDIS_URL: givenUrl = '' } = environment;
  if (givenFolder?.trim() === '' && givenUrl.trim() === '') {
    faults.push('DATA_DIR: is empty, so nothing would be stored: name a folder, or set REDIS_URL as well');
  }
  if (data === undefined || faults.length > 0) throw new ConfigurationError(faults);
  return {
    port: data.PORT,
    host: data.HOST,
    dataFolder: data.DATA_DIR === '' ? undefined : resolve(folder, data.DATA_DIR),
    redisUrl: data.REDIS_URL,
    namespace: data.NAMESPACE,
    replicaName: data.REPLICA_ID,
    definitionsFile: data.COLLECTIONS,
    corsOrigins: data.CORS_ORIGINS,
    publicUrl: data.PUBLIC_URL,
    trustedHops: data.TRUST_PROXY,
    maximumUploadBytes: data.MAX_UPLOAD_BYTES,
    logLevel: data.LOG_LEVEL,
  };
}
