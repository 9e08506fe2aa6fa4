/** A process that opens an embedded site, appends what it is given, and waits to be killed. */
import { openDataFolder } from '../../../replica/lmdb/folder.ts';
import { batch, transactions } from './transactions.ts';

const [path = '', origin = '', first = '', last = ''] = process.argv.slice(2);
const { log } = await openDataFolder({ path, kind: 'EMBEDDED', namespace: 'test' });
const head = await log?.head();
if (log === undefined || head === undefined) throw new Error('no log');
await log.append(batch(...transactions(origin, Number(first), Number(last))), head, 'secret', () => []);
process.stdout.write('acknowledged\n');
setInterval(() => undefined, 1_000);
