/** Bars as SVG: a panel for each work, a bar for each subject; a panel's bars are relative to its longest. */

export interface Bar {
  readonly subject: string;
  readonly value: number;
  readonly label: string;
}

export interface Panel {
  readonly title: string;
  readonly bars: readonly Bar[];
}

export interface Chart {
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly columns: number;
}

const leastPanelWidth = 390;
const leastNameWidth = 104;
const labelWidth = 86;
/** About what a character takes: of a name, and of a title. */
const nameCharacterWidth = 6.5;
const titleCharacterWidth = 7.2;
const leastBarRoom = 160;
const barHeight = 16;
const titleHeight = 26;
const gap = 22;
/** Our own subject comes first and is told from the others. */
const ownColour = '#0b6e4f';
const otherColour = '#8fa3b0';

export function drawChart({ title, panels, columns }: Chart): string {
  const nameWidth = Math.max(
    leastNameWidth,
    longest(panels, ({ bars }) => bars.map(({ subject }) => subject)) * nameCharacterWidth,
  );
  const titleWidth = longest(panels, (panel) => [panel.title]) * titleCharacterWidth;
  const panelWidth = Math.max(leastPanelWidth, titleWidth, nameWidth + leastBarRoom + labelWidth);
  const tallest = Math.max(...panels.map(({ bars }) => bars.length)) * barHeight + titleHeight;
  const width = columns * (panelWidth + gap) + gap;
  const height = Math.ceil(panels.length / columns) * (tallest + gap) + gap + 34;
  const drawn = panels.map((panel, index) => {
    const x = gap + (index % columns) * (panelWidth + gap);
    const y = 48 + Math.floor(index / columns) * (tallest + gap);
    return `<g transform="translate(${x} ${y})">${drawPanel(panel, panelWidth, nameWidth)}</g>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`,
    '  font-family="system-ui, sans-serif" font-size="12">',
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(gap, 30, title, 'font-size="17" font-weight="600"'),
    ...drawn,
    '</svg>',
    '',
  ].join('\n');
}

/** In characters. */
const longest = (panels: readonly Panel[], textsOf: (panel: Panel) => readonly string[]): number =>
  Math.max(0, ...panels.flatMap(textsOf).map((written) => written.length));

function drawPanel({ title, bars }: Panel, panelWidth: number, nameWidth: number): string {
  const greatest = Math.max(...bars.map(({ value }) => value));
  const room = panelWidth - nameWidth - labelWidth;
  const drawn = bars.map(({ subject, value, label }, index) => {
    const y = titleHeight + index * barHeight;
    const length = Math.max(1, (value / greatest) * room);
    const colour = index === 0 ? ownColour : otherColour;
    return [
      text(nameWidth - 6, y + 12, subject, 'text-anchor="end"'),
      `<rect x="${nameWidth}" y="${y + 2}" width="${length.toFixed(1)}" height="${barHeight - 4}" fill="${colour}"/>`,
      text(nameWidth + length + 5, y + 12, label, 'fill="#333333"'),
    ].join('');
  });
  return text(0, 14, title, 'font-weight="600"') + drawn.join('');
}

const text = (x: number, y: number, content: string, attributes: string): string =>
  `<text x="${x.toFixed(1)}" y="${y}" ${attributes}>${escaped(content)}</text>`;

const escaped = (content: string): string =>
  content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
