/** Canonical JSON: equal values have equal texts. RFC 8785, JSON Canonicalization Scheme. */
import type { Json } from '../replica/values/json.ts';

/** @param json of bounded depth, as the function is recursive */
export function canonicalJson(json: Json): string {
  if (json === null || typeof json !== 'object') return JSON.stringify(json);
  if (isArray(json)) return `[${json.map(canonicalJson).join(',')}]`;
  const members = Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, value]) => `${JSON.stringify(key)}:${canonicalJson(value)}`).join(',')}}`;
}

/** Array.isArray does not narrow readonly arrays. */
function isArray(json: readonly Json[] | { readonly [key: string]: Json }): json is readonly Json[] {
  return Array.isArray(json);
}
