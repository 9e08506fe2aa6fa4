/** Origins of web pages (RFC 6454): parses those in settings, and matches those that browsers send. */

const wildcardPort = /:\*$/;

/** Schemes with a default port, which browsers omit from an origin. */
const isWeb = (protocol: string): boolean => protocol === 'http:' || protocol === 'https:';

/** A set of origins from a setting: `https://app.example.org`, `capacitor://localhost`, `http://localhost:*`. */
export class Origins {
  readonly #exact: ReadonlySet<string>;
  /** Scheme and host of the origins that allow any port: `http://localhost`. */
  readonly #anyPort: ReadonlySet<string>;
  readonly #hostnames: ReadonlySet<string>;

  private constructor(exact: readonly string[], anyPort: readonly string[]) {
    this.#exact = new Set(exact);
    this.#anyPort = new Set(anyPort);
    this.#hostnames = new Set([...exact, ...anyPort].map((origin) => new URL(origin).hostname));
  }

  /** @throws {RangeError} names the first invalid entry, and the valid forms */
  static parse(text: string): Origins {
    const entries = text
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '');
    const isAnyPort = (entry: string) => wildcardPort.test(entry);
    return new Origins(
      entries.filter((entry) => !isAnyPort(entry)).map((entry) => normalized(entry, entry)),
      entries.filter(isAnyPort).map((entry) => normalized(entry.replace(wildcardPort, ''), entry)),
    );
  }

  /** @param origin the value of the Origin header */
  has(origin: string): boolean {
    if (this.#exact.has(origin)) return true;
    return this.#anyPort.size > 0 && this.#anyPort.has(origin.replace(/:\d{1,5}$/, ''));
  }

  /** Whether an origin has this host name. @param hostname as URL formats it */
  hasHostname(hostname: string): boolean {
    return this.#hostnames.has(hostname);
  }

  /** The origins in normalised spelling. */
  get list(): readonly string[] {
    return [...this.#exact, ...Array.from(this.#anyPort, (origin) => `${origin}:*`)];
  }
}

/** URL has no origin for unknown schemes, which the pages of some apps use. */
function normalized(text: string, entry: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isOrigin =
    url !== undefined &&
    /^[a-z][a-z0-9+.-]*:\/\//i.test(text) &&
    url.hostname !== '' &&
    !url.hostname.includes('*') &&
    ['', '/'].includes(url.pathname) &&
    `${url.search}${url.hash}${url.username}${url.password}` === '';
  if (!isOrigin) {
    throw new RangeError(
      `${JSON.stringify(entry)} is not an origin: list origins separated by commas, each a scheme and a host without a path, such as https://app.example.org, http://localhost:5173, http://localhost:* (any port) or capacitor://localhost`,
    );
  }
  return isWeb(url.protocol) ? url.origin : `${url.protocol}//${url.host}`;
}
