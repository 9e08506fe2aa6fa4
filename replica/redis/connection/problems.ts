/** Explains connection problems to the operator, with a remedy, and never quotes a password. */

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

/** By a pattern in Redis' reply. */
const replies: readonly (readonly [RegExp, string])[] = [
  [/\bWRONGPASS\b|invalid username-password/, 'Redis refuses the user and password of REDIS_URL: correct them'],
  [
    /\bNOAUTH\b/,
    'Redis requires a password: give it in REDIS_URL, as redis://:password@host or redis://user:password@host',
  ],
  [/\bNOPERM\b/, 'the user of REDIS_URL lacks a right: give it those that docs/guide/redis.md names under "Rights"'],
  [
    /DB index is out of range|invalid DB index|value is out of range/,
    'Redis has no database with the number in REDIS_URL: name another, or raise its setting `databases`',
  ],
  [/\bOOM\b/, 'Redis is out of memory: raise its maxmemory'],
  [/\bMISCONF\b/, 'Redis cannot write to its own disk: free space there, or read its log'],
  [/\bLOADING\b/, 'Redis is still loading its data'],
  [/\bNOREPLICAS\b/, 'Redis has fewer replicas of its own than its min-replicas-to-write requires'],
  [/\bREADONLY\b/, 'the server is a read-only replica of Redis'],
  [/\bCLUSTERDOWN\b/, 'the cluster has no node for the slot of this site'],
];

/**
 * @param error from ioredis, Node's sockets, or a Redis reply
 * @returns the explanation; an unknown error's own message
 */
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
    return `Redis does not speak TLS there: write redis instead of rediss in REDIS_URL (${code})`;
  }
  return message;
}
