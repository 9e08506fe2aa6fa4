/** Finds faults of a Redis server, from its INFO, that would lose the log or break the scripts. */

/** @returns one line for each fault, with the remedy */
export function serverFaults(info: string): readonly string[] {
  const fields = new Map(
    info.split('\r\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1)];
    }),
  );
  const faults: string[] = [];
  const version = fields.get('redis_version') ?? '';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < 6 || (major === 6 && minor < 2)) {
    faults.push(`Redis ${version} is too old: use 6.2 or newer, or Valkey`);
  }
  const policy = fields.get('maxmemory_policy') ?? 'noeviction';
  if (policy !== 'noeviction' && fields.get('maxmemory') !== '0') {
    faults.push(
      `Redis may evict the log when it runs out of memory: set maxmemory-policy to noeviction, not ${policy}`,
    );
  }
  return faults;
}
