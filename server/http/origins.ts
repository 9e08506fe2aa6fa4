/** Origins of pages (RFC 6454), as settings name them and as browsers send them. */

const wildcardPort = /:\*$/;

/** Schemes with a default port, which browsers leave out of an origin. */
const isWeb = (protocol: string): boolean => protocol === 'http:' || protocol === 'https:';

/** A set of origins out of a setting: `https://app.example.org`, `capacitor://localhost`, `http://localhost:*`. */
export class Origins {
  readonly #exact: ReadonlySet<string>;
  /** Scheme and host of those whose port may be any: `http://localhost`. */
  readonly #anyPort: ReadonlySet<string>;
  readonly #hostnames: ReadonlySet<string>;

  private constructor(exact: readonly string[], anyPort: readonly string[]) {
    this.#exact = new Set(exact);
    this.#anyPort = new Set(anyPort);
    this.#hostnames = new Set([...exact, ...anyPort].map((origin) => new URL(origin).hostname));
  }

  /** @throws {RangeError} with a message that names the first entry that is no origin, and the forms that are */
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

  /** @param origin as the header Origin has it */
  has(origin: string): boolean {
    if (this.#exact.has(origin)) return true;
    return this.#anyPort.size > 0 && this.#anyPort.has(origin.replace(/:\d{1,5}$/, ''));
  }

  /** Whether one of them is of this host. @param hostname as URL spells it */
  hasHostname(hostname: string): boolean {
    return this.#hostnames.has(hostname);
  }

  /** As they were given, but for spelling. */
  get list(): readonly string[] {
    return [...this.#exact, ...Array.from(this.#anyPort, (origin) => `${origin}:*`)];
  }
}

/** URL gives no origin for schemes that it does not know: apps have pages of such. */
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
      `${JSON.stringify(entry)} is no origin: give origins separated by commas, each a scheme and a host without a path, such as https://app.example.org, http://localhost:5173, http://localhost:* (any port) or capacitor://localhost`,
    );
  }
  return isWeb(url.protocol) ? url.origin : `${url.protocol}//${url.host}`;
}
