import type { Logger } from '../../replica/environment/logger.ts';

export const silentLogger: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
