/** Finds the user's files that a definitions file consists of. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

const specifiers = /\b(?:from|import|require)\s*\(?\s*['"](\.[^'"\n]+)['"]/g;
const endings = ['', '.ts', '.mts', '.cts', '.js', '.mjs', '.cjs', '.json', '/index.ts', '/index.js'];

/**
 * @returns absolute paths of the file and of all files that it imports by relative paths, directly or indirectly;
 * missing ones are left out
 */
export function filesOf(entry: string): readonly string[] {
  const found = new Set([resolve(entry)]);
  // Iterating over a Set includes members that are added meanwhile.
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
