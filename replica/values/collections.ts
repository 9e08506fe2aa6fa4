/** Names of collections. */

/** The prefix of system collections, which no generic field of the API reads or writes. */
export const systemPrefix = '__';

export const isSystemCollection = (name: string): boolean => name.startsWith(systemPrefix);
