// `data_backup`, `data_restore` and `data_info`: backups of the exchange's data.
import { type Backup, listBackups, MAX_BACKUPS, readBackup, writeBackup } from '../backups.ts';
import { columns } from '../columns.ts';
import { type Command, NotExecuted, type ShellContext } from '../command.ts';
import type { Arguments } from '../syntax/arguments.ts';
import { text } from '../syntax/values.ts';
import { NOTHING } from './common.ts';

function folderOf({ backups }: ShellContext): string {
  if (backups === undefined) throw new NotExecuted('THIS EXCHANGE HAS NO FOLDER FOR BACKUPS');
  return backups;
}

async function backup(context: ShellContext): Promise<void> {
  const name = await writeBackup(folderOf(context), context.exchange.snapshot(), context.clock.now());
  context.log.info('exchange backup written', { name });
}

async function wanted(context: ShellContext, args: Arguments): Promise<Backup> {
  const backups = await listBackups(folderOf(context));
  const name = args.text('file');
  const found = name === undefined ? backups.at(-1) : backups.find(one => one.name === name);
  if (!found) throw new NotExecuted(name === undefined ? 'THERE IS NO BACKUP' : `THERE IS NO BACKUP ${name}`);
  return found;
}

/** Licences stay as they are: they are given to the server, and belong to no state of its data. */
async function restore(context: ShellContext, args: Arguments): Promise<void> {
  const found = await wanted(context, args);
  const rows = await readBackup(folderOf(context), found);
  const isLicense = ({ table }: { table: string }): boolean => table === 'licenses';
  const licenses = context.exchange.snapshot().filter(isLicense);
  await context.exchange.replace([...rows.filter(row => !isLicense(row)), ...licenses]);
  context.log.info('exchange backup restored', { name: found.name, rows: rows.length });
}

const ours = 'Of the vendor is the command alone; ours are its options, the print and where backups are kept.';

export const data: readonly Command[] = [
  {
    name: 'data_backup',
    kind: 'unix',
    about: 'back up the data of the exchange',
    options: {},
    forms: [{ by: [], act: backup }],
    description: `Writes all data to a file in the folder backups of the data directory; the last ${MAX_BACKUPS} are kept. The data itself outlasts a restart without that.`,
    examples: [{ about: 'Back up.', line: 'data_backup' }],
    ours,
  },
  {
    name: 'data_info',
    kind: 'unix',
    about: 'print the backups',
    options: {},
    forms: [
      {
        by: [],
        print: async context => {
          const found = await listBackups(folderOf(context));
          if (found.length === 0) return [NOTHING];
          return await columns(['Backup', 'Bytes'], found, ({ name, bytes }) => [name, String(bytes)]);
        },
      },
    ],
    description: 'Prints the backups that are kept, the oldest first.',
    examples: [{ about: 'See which backups there are.', line: 'data_info' }],
    ours,
  },
  {
    name: 'data_restore',
    kind: 'unix',
    about: 'restore the data of the exchange',
    options: { file: { letter: 'f', kind: text(1, 100), help: 'Name of the backup; the last one unless given.' } },
    forms: [{ by: [], takes: ['file'], asks: () => true, act: restore }],
    description:
      'Replaces all data by a backup, licences excepted. A damaged backup is refused, and nothing is changed. Registered terminals come under the restored data at their next registration.',
    examples: [{ about: 'Back to the last backup.', line: 'data_restore' }],
    ours,
  },
];
