/** A process that holds a data folder until it is killed. */
import { openDataFolder } from '../../../replica/lmdb/folder.ts';

const [path = ''] = process.argv.slice(2);
await openDataFolder({ path, kind: 'REPLICA', namespace: 'test' });
process.stdout.write('held\n');
setInterval(() => undefined, 1_000);
