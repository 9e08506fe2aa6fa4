/**
 * `npm start`: runs the server in this very process, after building it if necessary. npm sends signals to the shell
 * that runs the command, and a shell does not forward them: so the command uses `exec`, which replaces the shell.
 */
import { ensureBuiltOrExit } from './build.js';

ensureBuiltOrExit();
// In development mode graphql-js checks each value for a second copy of its module.
process.env.NODE_ENV ??= 'production';
await import('../dist/server/main.js');
