/** `npm run import`, `export` and `sample`: one of the clients beside this file, built before where that is due. */
import { ensureBuiltOrExit } from './build.js';

const [name = ''] = process.argv.splice(2, 1);
ensureBuiltOrExit();
await import(`../dist/scripts/${name}.js`);
