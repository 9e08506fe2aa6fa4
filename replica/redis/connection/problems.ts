/** What keeps a connection to Redis from being used, in words for the operator, with the remedy. It never quotes a password. */

const untrusted = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** By the beginning of Redis' reply. */
const replies: readonly (readonly [RegExp, string])[] = [
  [/\bWRONGPASS\b|invalid username-password/, 'Redis refuses the user and password of REDIS_URL: correct them'],
  [
    /\bNOAUTH\b/,
    'Redis asks for a password: give it in REDIS_URL, as redis://:password@host or redis://user:password@host',
  ],
  [/\bNOPERM\b/, 'the user of REDIS_URL lacks a right: give it those that docs/guide/redis.md names under "Rights"'],
  [
    /DB index is out of range|invalid DB index|value is out of range/,
    'Redis has no database of the number in REDIS_URL: name another, or raise its setting `databases`',
  ],
  [/\bOOM\b/, 'Redis is out of memory: raise its maxmemory'],
  [/\bMISCONF\b/, 'Redis cannot write to its own disk: make room there, or look into its log'],
  [/\bLOADING\b/, 'Redis still loads its data'],
  [/\bNOREPLICAS\b/, 'Redis has fewer replicas of its own than its min-replicas-to-write asks for'],
  [/\bREADONLY\b/, 'the server is a read-only replica of Redis'],
  [/\bCLUSTERDOWN\b/, 'the cluster has no node for the slot of this site'],
];

/** @param error of ioredis, of Node's sockets, or a reply of Redis @returns the problem; the error's own words where it is no known one */
export function explained(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message } = error;
  const code = 'code' in error ? String(error.code) : '';
  const found = replies.find(([pattern]) => pattern.test(message));
  if (found !== undefined) return `${found[1]} (${message})`;
  if (untrusted.has(code)) {
    return `the certificate of Redis is not trusted: name the file of its authority in NODE_EXTRA_CA_CERTS (${message})`;
  }
  if (/wrong version number|packet length too long/i.test(message)) {
    return `Redis does not speak TLS there: write redis in the place of rediss in REDIS_URL (${code})`;
  }
  return message;
}
