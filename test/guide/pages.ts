/** The pages of the guide as tests read them: their fenced blocks, in order. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../tidy/source-files.ts';

export interface Block {
  readonly page: string;
  /** Of the fence's first line, counted from 1. */
  readonly line: number;
  /** The fence's info string: a language and, where it needs one, a word that says how it is run. */
  readonly language: string;
  readonly tag: string;
  readonly text: string;
}

export const guidePages: readonly string[] = [
  'README.md',
  ...readdirSync(join(root, 'docs/guide'))
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => `docs/guide/${name}`),
];

export const readPage = (page: string): string => readFileSync(join(root, page), 'utf8');

const fence = /^( *)```(\w*) *([\w-]*)\n([\s\S]*?)^\1```$/gm;

/** Also blocks within list items: their text is without the indentation of their fence. */
export function blocksOf(page: string): readonly Block[] {
  const text = readPage(page);
  return [...text.matchAll(fence)].map(({ index, 1: indent = '', 2: language = '', 3: tag = '', 4: body = '' }) => ({
    page,
    line: text.slice(0, index).split('\n').length,
    language,
    tag,
    text: body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  }));
}

/** @throws where a page has none, or several */
export function blockOf(page: string, language: string, tag = ''): Block {
  const [block, ...others] = blocksOf(page).filter((one) => one.language === language && one.tag === tag);
  if (block === undefined || others.length > 0) {
    throw new Error(`${page} has ${others.length + 1} blocks or none of ${language} ${tag}`);
  }
  return block;
}

/** The address of the guide's server, in its snippets, changed to that of a test's. */
export const withAddress = (text: string, url: string): string =>
  text.replaceAll(/\b(?:127\.0\.0\.1|localhost):4000\b/g, new URL(url).host);
