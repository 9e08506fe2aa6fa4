/** `npm run import`, `export`, `sample`, `dev` and `print-schema`: one of the scripts beside this file, built before where that is due. */
import { ensureBuiltOrExit } from './build.js';

const [name = ''] = process.argv.splice(2, 1);
ensureBuiltOrExit();
await import(`../dist/scripts/${name}.js`);
