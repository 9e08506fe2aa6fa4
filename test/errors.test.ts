/** docs/guide/errors.md and the code name the same errors. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as errors from '../errors.ts';
import { projectFiles, root } from './tidy/source-files.ts';

const sections = new Map(
  readFileSync(join(root, 'docs/guide/errors.md'), 'utf8')
    .split(/^## /m)
    .map((section) => [section.split('\n', 1)[0] ?? '', section]),
);
const codesIn = (section: string) =>
  [...(sections.get(section) ?? '').matchAll(/^\| `([A-Z_]+)` +\|/gm)].map((match) => match[1] ?? '');
const documented = [...codesIn('Answered to clients'), ...codesIn('In logs, and at the start')];

const source = readFileSync(join(root, 'errors.ts'), 'utf8');
const classes = [
  ...source.matchAll(/^export class (\w+) extends TidelineError \{\n {2}readonly code = '([A-Z_]+)';$/gm),
].map((match) => ({ name: match[1] ?? '', code: match[2] ?? '' }));

describe('docs/guide/errors.md', () => {
  it('has every code of errors.ts, and no other', () => {
    expect([...documented].sort()).toEqual(classes.map(({ code }) => code).sort());
  });

  it('has every code that the server gives to faults of a request, and no other', () => {
    const given = projectFiles()
      .filter(({ path }) => /^(?:server|uploads)\/.*\.ts$/.test(path))
      .flatMap(({ text }) => [
        ...text.matchAll(/(?:requestError|withCode|answerError)\([^;]*?, '([A-Z_]+)'[,)]|\bcode: '([A-Z_]+)'/g),
      ])
      .map((match) => match[1] ?? match[2] ?? '')
      .filter((code) => !documented.includes(code));
    expect(codesIn('Of the request itself').sort()).toEqual([...new Set(given)].sort());
  });

  it('says of each what happened and what to do', () => {
    const rows = [...sections.values()].flatMap((section) => section.match(/^\| `[A-Z_]+` +\|.*$/gm) ?? []);
    const incomplete = rows.filter((row) => row.split(/(?<!\\)\|/).filter((cell) => cell.trim() !== '').length !== 3);
    expect(incomplete).toEqual([]);
  });
});

describe('errors.ts', () => {
  it('gives every class its own code, spelt as its name', () => {
    const names = Object.keys(errors).filter((name) => /Error$/.test(name) && name !== 'TidelineError');
    expect(classes.map(({ name }) => name).sort()).toEqual(names.sort());
    const spelt = classes.map(({ name }) =>
      name
        .replace(/Error$/, '')
        .replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_')
        .toUpperCase(),
    );
    expect(classes.map(({ code }) => code)).toEqual(spelt);
  });
  it('captures no stack for them, and one for whatever else is thrown, before and after', () => {
    const framesOf = ({ stack = '' }: Error) => stack.split('\n').filter((line) => line.startsWith('    at ')).length;
    const expected = framesOf(new Error('unexpected'));
    expect(expected).toBeGreaterThan(0);
    const refused = new errors.BadUserInputError('a', 'is missing', { cause: new Error('unexpected') });
    expect(refused.message).toBe('a: is missing');
    expect(refused).toHaveProperty('cause.stack', expect.stringContaining('    at '));
    expect(framesOf(refused)).toBe(0);
    expect(framesOf(errors.withoutStack(() => new Error('on purpose')))).toBe(0);
    const making = () => {
      throw new Error('while an error was made');
    };
    expect(() => errors.withoutStack(making)).toThrow('while an error was made');
    expect(framesOf(new Error('unexpected'))).toBe(expected);
  });
});
