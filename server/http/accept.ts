/** Resolves the quality values of an Accept header. Source: RFC 9110, section 12.5.1. */

/** The media types of JSON responses; a range with a wildcard stands for these. */
const json: readonly string[] = ['application/json', 'application/graphql-response+json'];

/** A media type that no response has. */
const none = 'none/none';

interface MediaRange {
  readonly type: string;
  /** The range as written, without its quality. */
  readonly text: string;
  readonly quality: number;
}

/** @returns the same preferences without quality values: the most wanted first, without the refused ones */
export function withoutQualities(accept: string): string {
  if (!/;\s*q\s*=/i.test(accept)) return accept;
  const ranges = accept.split(',').map(rangeOf);
  const refused = new Set(ranges.filter(({ quality }) => quality === 0).map(({ type }) => type));
  const wanted = ranges
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality)
    .flatMap(({ type, text }) => withoutRefused(type, text, refused));
  return wanted.length === 0 ? none : wanted.join(', ');
}

/** A more specific range overrides a wildcard: replaces the wildcard by the types that are not refused. */
function withoutRefused(type: string, text: string, refused: ReadonlySet<string>): readonly string[] {
  const isWildcard = type === '*/*' || type === 'application/*';
  const isRefused = (name: string) => refused.has(name) || (type === '*/*' && refused.has('application/*'));
  if (!isWildcard || !json.some(isRefused)) return [text];
  return json.filter((name) => !isRefused(name));
}

function rangeOf(text: string): MediaRange {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim());
  const isQuality = (parameter: string) => /^q\s*=/i.test(parameter);
  const quality = Number(parameters.find(isQuality)?.replace(/^q\s*=\s*/i, '') ?? 1);
  const others = parameters.filter((parameter) => !isQuality(parameter));
  return { type: type.toLowerCase(), text: [type, ...others].join(';'), quality: Number.isNaN(quality) ? 1 : quality };
}
