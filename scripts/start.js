/**
 * `npm start`: the server, in this very process, built before where that is due. npm passes signals to the shell between it
 * and the command, which would not pass them on: so the command says `exec`, and takes the shell's place.
 */
import { ensureBuiltOrExit } from './build.js';

ensureBuiltOrExit();
// GraphQL checks each value for a second copy of itself otherwise.
process.env.NODE_ENV ??= 'production';
await import('../dist/server/main.js');
