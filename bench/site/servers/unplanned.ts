/** The replica of tideline.ts without plans: no operation is ever known to come again, so graphql-js executes each. */
import { Repetition } from '../../../server/operation/plans/repetition.ts';

Repetition.prototype.learn = () => {};
await import('./tideline.ts');
