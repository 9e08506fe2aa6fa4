/** A process whose files may not grow beyond a limit that its starter set: what it says about writing beyond it. */
import { TidelineError } from '../../../errors.ts';
import { openDataFolder } from '../../../replica/lmdb/folder.ts';
import { batch, transaction } from '../log/transactions.ts';

const [path = ''] = process.argv.slice(2);
process.on('unhandledRejection', () => process.stdout.write('unhandled\n'));
const { log, journal, close } = await openDataFolder({ path, kind: 'EMBEDDED', namespace: 'test' });
if (log === undefined) throw new Error('no log');
const context = await log.create('log');
const bytes = Buffer.alloc(300_000);

async function fill(name: string, write: (number: number) => Promise<unknown>): Promise<void> {
  let number = 0;
  try {
    for (;;) await write(++number);
  } catch (error) {
    const code = error instanceof TidelineError ? error.code : String(error);
    process.stdout.write(`${name} ${number - 1} then ${code}\n`);
  }
}

await fill('journal', (number) =>
  journal.add([{ ...transaction('a.x', number), bytes, context }], { bases: [], entries: [] }),
);
await fill('log', (number) => log.append(batch(transaction('b.x', number, { frame: bytes })), context, 's', () => []));
await journal.removeUpTo('a.x', 1_000);
process.stdout.write('emptied\n');
await log.append(batch(transaction('c.x', 1)), context, 's', () => []);
process.stdout.write('appended\n');
await close();
process.stdout.write('closed\n');
