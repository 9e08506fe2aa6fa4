import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadUserInputError } from '../../../errors.ts';
import { limits } from '../../../limits.ts';
import { formatKeypath, parseKeypath } from '../../../replica/values/keypath.ts';
import { paths } from '../crdt/arbitraries.ts';

describe('keypaths', () => {
  it.each([
    { text: 'a', path: ['a'] },
    { text: 'a.b', path: ['a', 'b'] },
    { text: 'a["x.y"].b', path: ['a', 'x.y', 'b'] },
    { text: '["x"]["y"]', path: ['x', 'y'] },
    { text: 'a["say \\"hi\\" \\u00e9"]', path: ['a', 'say "hi" é'] },
    { text: 'a[""]', path: ['a', ''] },
    { text: 'straße 5.0', path: ['straße 5', '0'] },
  ])('are read: $text', ({ text, path }) => {
    expect(parseKeypath(text, 'path')).toEqual(path);
  });

  it('are written so that they are read as they were', () => {
    expect(formatKeypath(['a', 'x.y', 'b', '', '"'])).toBe('a["x.y"].b[""]["\\""]');
    fc.assert(
      fc.property(paths, (path) => {
        expect(parseKeypath(formatKeypath(path), 'path')).toEqual(path);
      }),
    );
  });

  it.each([
    { text: '', where: 'at its end' },
    { text: '.a', where: 'at character 1' },
    { text: 'a.', where: 'at its end' },
    { text: 'a..b', where: 'at character 3' },
    { text: 'a]b', where: 'at character 2' },
    { text: 'a"b"', where: 'at character 2' },
    { text: 'a["b"', where: 'at its end' },
    { text: 'a["b', where: 'at character 3' },
    { text: 'a[b]', where: 'at character 3' },
    { text: 'a[0]', where: 'at character 3' },
    { text: 'a["b"]c', where: 'at character 7' },
    { text: 'a.["b"]', where: 'at character 3' },
    { text: 'a["\\x"]', where: 'at character 3' },
    { text: 'a["b\nc"]', where: 'at character 3' },
    { text: 'a.__proto__', where: 'at character 2' },
    { text: 'a["\\ud800"]', where: 'at character 2' },
    { text: '\udc00', where: 'at character 1' },
  ])('are refused where they are malformed: $text', ({ text, where }) => {
    expect(() => parseKeypath(text, 'where.path')).toThrow(BadUserInputError);
    expect(() => parseKeypath(text, 'where.path')).toThrow(new RegExp(`^where\\.path: .* is malformed ${where}: `));
  });

  it('are refused past their limits', () => {
    expect(parseKeypath('a'.repeat(limits.keypathCharacters), 'path')).toHaveLength(1);
    expect(() => parseKeypath('a'.repeat(limits.keypathCharacters + 1), 'path')).toThrow(BadUserInputError);
    const deep = Array.from({ length: limits.documentDepth }, () => 'a').join('.');
    expect(parseKeypath(deep, 'path')).toHaveLength(limits.documentDepth);
    expect(() => parseKeypath(`${deep}.a`, 'path')).toThrow(BadUserInputError);
  });
});
