/** The files of a user's own that a definitions file is made of. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

const specifiers = /\b(?:from|import|require)\s*\(?\s*['"](\.[^'"\n]+)['"]/g;
const endings = ['', '.ts', '.mts', '.cts', '.js', '.mjs', '.cjs', '.json', '/index.ts', '/index.js'];

/** @returns the file and all that it imports by relative paths, directly or not; absolute paths. What is missing is left out */
export function filesOf(entry: string): readonly string[] {
  const found = new Set([resolve(entry)]);
  // A Set is walked in the order of insertion, what is added meanwhile included.
  for (const file of found) {
    if (!isFile(file)) continue;
    for (const [, specifier = ''] of readFileSync(file, 'utf8').matchAll(specifiers)) {
      const path = resolve(dirname(file), specifier);
      const imported = endings.map((ending) => `${path}${ending}`).find(isFile);
      if (imported !== undefined) found.add(imported);
    }
  }
  return [...found];
}

const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile();
