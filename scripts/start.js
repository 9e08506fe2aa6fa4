/** `npm start`: the server, in this very process, so that signals reach it; built before where that is due. */
import { ensureBuiltOrExit } from './build.js';

ensureBuiltOrExit();
await import('../dist/server/main.js');
