/** Canonical JSON: equal values have equal texts. RFC 8785, JSON Canonicalization Scheme. */

/** @param json from JSON.parse, and of bounded depth, as the function is recursive */
export function canonicalJson(json: unknown): string {
  if (json === null || typeof json !== 'object') return JSON.stringify(json);
  if (Array.isArray(json)) return `[${json.map(canonicalJson).join(',')}]`;
  const members = Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, value]) => `${JSON.stringify(key)}:${canonicalJson(value)}`).join(',')}}`;
}
