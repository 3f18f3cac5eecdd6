// The same as writer.ts on a smaller scale, with a planted fault: a store that syncs nothing, so that a power cut must lose what it
// acknowledged. Arguments: the folder; how many rounds.
import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { openWriter } from '../../../acs/store/sqlite/schema.ts';
import { SqliteWrites } from '../../../acs/store/sqlite/writes/writes.ts';
import type { DiskFact } from './facts.ts';

const [folder = '', rounds = '0'] = process.argv.slice(2);
const marks = openSync(join(folder, 'marks'), 'w');
const mark = (fact: DiskFact): unknown => writeSync(marks, `${JSON.stringify(fact)}\n`);

const { db, close } = openWriter({ file: join(folder, 'tandem.db') });
db.exec('PRAGMA synchronous = OFF');
const writes = new SqliteWrites(db);
for (let number = 0; number < Number(rounds); number++) {
  const name = `lane${number % 8}`;
  const [outcome] = writes.commit([{ do: 'putDocument', kind: 'setting', name, body: number, now: number }]);
  if (!outcome?.ok) throw new Error(`not written: ${JSON.stringify(outcome)}`);
  mark({ kind: 'document', name, number });
}
close();
mark({ kind: 'closed' });
