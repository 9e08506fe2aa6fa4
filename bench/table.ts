/** Tables in Markdown, aligned for those who read them as text. */

/**
 * @param rows the first is the heading; the first column is text
 * @param others what the other columns are
 */
export function markdownTable(rows: readonly (readonly string[])[], others: 'NUMBERS' | 'TEXT' = 'NUMBERS'): string {
  const isText = (column: number): boolean => column === 0 || others === 'TEXT';
  const [heading = [], ...body] = rows;
  const widths = heading.map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, column) => (isText(column) ? (row[column] ?? '').padEnd(width) : (row[column] ?? '').padStart(width))).join(' | ')} |`;
  const rule = widths.map((width, column) => (isText(column) ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(heading), `| ${rule.join(' | ')} |`, ...body.map(line), ''].join('\n');
}
