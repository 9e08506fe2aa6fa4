/** Names of collections. */

/** Collections whose names begin with it are the system's own: no generic field of the API reads or writes them. */
export const systemPrefix = '__';

export const isSystemCollection = (name: string): boolean => name.startsWith(systemPrefix);
