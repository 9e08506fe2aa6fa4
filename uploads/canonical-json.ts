/** One spelling for equal JSON: RFC 8785, JSON Canonicalization Scheme. */
import type { Json } from '../replica/values/json.ts';

/** @param json of bounded depth: it recurses */
export function canonicalJson(json: Json): string {
  if (json === null || typeof json !== 'object') return JSON.stringify(json);
  if (isArray(json)) return `[${json.map(canonicalJson).join(',')}]`;
  const members = Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, value]) => `${JSON.stringify(key)}:${canonicalJson(value)}`).join(',')}}`;
}

/** Array.isArray does not narrow readonly arrays away. */
function isArray(json: readonly Json[] | { readonly [key: string]: Json }): json is readonly Json[] {
  return Array.isArray(json);
}
