// A backup that someone has changed and sealed again, as anybody can who knows how it is made.
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';

export async function sealAnew(file: string, change: (db: DatabaseSyncInstance) => void): Promise<void> {
  const db = new DatabaseSync(file);
  const { seal } = db.prepare('SELECT seal FROM backup_seal').get() as { seal: string };
  change(db);
  db.close();
  const bytes = await readFile(file);
  const at = bytes.indexOf(seal) + seal.length - 64;
  bytes.fill('0', at, at + 64);
  bytes.write(createHash('sha256').update(bytes).digest('hex'), at, 'latin1');
  await writeFile(file, bytes);
}
