/**
 * Runs a script of this folder after building it if necessary: `npm run import`, `export`, `sample`, `dev`,
 * `print-schema`, …
 */
import { ensureBuiltOrExit } from './build.js';

const [name = ''] = process.argv.splice(2, 1);
ensureBuiltOrExit();
await import(`../dist/scripts/${name}.js`);
