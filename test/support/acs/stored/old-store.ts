// A store's file as an earlier version had it: what later versions have added to the tables is taken away.
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { migrations } from '../../../../acs/store/sqlite/migrations.ts';

const namesOf = (db: DatabaseSyncInstance, type: 'table' | 'index'): string[] =>
  db
    .prepare(`SELECT name FROM sqlite_schema WHERE type = ? AND name NOT LIKE 'sqlite_%'`)
    .all(type)
    .map(row => (row as { name: string }).name);

const columnsOf = (db: DatabaseSyncInstance, table: string): string[] =>
  db
    .prepare('SELECT name FROM pragma_table_info(?)')
    .all(table)
    .map(row => (row as { name: string }).name);

/** Takes a file back to the version before the first step that has this text. @returns that version */
export function backToBefore(db: DatabaseSyncInstance, text: string): number {
  const version = migrations.findIndex(step => String(step).includes(text));
  const old = new DatabaseSync(':memory:');
  for (const step of migrations.slice(0, version)) typeof step === 'string' ? old.exec(step) : step(old);
  const later = (type: 'table' | 'index'): string[] => {
    const before = namesOf(old, type);
    return namesOf(db, type).filter(name => !before.includes(name));
  };
  for (const index of later('index')) db.exec(`DROP INDEX ${index}`);
  for (const table of later('table')) db.exec(`DROP TABLE ${table}`);
  for (const table of namesOf(db, 'table')) {
    const before = columnsOf(old, table);
    for (const column of columnsOf(db, table))
      if (!before.includes(column)) db.exec(`ALTER TABLE ${table} DROP COLUMN ${column}`);
  }
  old.close();
  db.exec(`PRAGMA user_version = ${version}`);
  return version;
}
