/** Strips the byte order mark that some programs put before JSON. RFC 8259, section 8.1, lets readers ignore it. */
export const withoutByteOrderMark = (text: string): string => (text.startsWith('\uFEFF') ? text.slice(1) : text);
