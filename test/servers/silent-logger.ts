import type { Logger } from '../../replica/options.ts';

export const silentLogger: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
