/** The mark that some programs put before JSON. A reader may pass over it: RFC 8259, section 8.1. */
export const withoutByteOrderMark = (text: string): string => (text.startsWith('\uFEFF') ? text.slice(1) : text);
