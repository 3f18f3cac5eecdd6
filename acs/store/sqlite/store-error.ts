// Errors of SQLite that come from the disk or the file, as errors for an operator.
import { UserError } from '../../errors.ts';

export function guarded<T>(file: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw storeError(error, file);
  }
}

/** An error of SQLite about the disk or the file becomes a UserError; any other stays as it is. */
export function storeError(error: unknown, file = 'the store'): unknown {
  if (!(error instanceof Error)) return error;
  const { sqliteCodeName, code } = error as { sqliteCodeName?: unknown; code?: unknown };
  // An error in the middle of reading rows has only SQLite's text.
  const name = sqliteCodeName ?? (code === 'ERR_SQLITE_ERROR' ? sqliteTexts[error.message] : undefined);
  if (typeof name !== 'string') return error;
  const trouble = Object.entries(diskTroubles).find(([code]) => name.startsWith(code))?.[1];
  return trouble ? new UserError(trouble.status, trouble.code, `${file}: ${trouble.text} (${error.message})`) : error;
}

const sqliteTexts: Readonly<Record<string, string>> = {
  'database disk image is malformed': 'SQLITE_CORRUPT',
  'disk I/O error': 'SQLITE_IOERR',
};

const diskTroubles = {
  SQLITE_FULL: { status: 507, code: 'store-full', text: 'the disk is full; nothing was changed' },
  SQLITE_READONLY: { status: 503, code: 'store-read-only', text: 'it cannot be written; nothing was changed' },
  SQLITE_IOERR: { status: 503, code: 'store-io', text: 'the disk fails' },
  SQLITE_CANTOPEN: { status: 503, code: 'store-cannot-open', text: 'it cannot be opened' },
  SQLITE_NOTADB: { status: 503, code: 'not-a-store', text: 'it is no database' },
  SQLITE_CORRUPT: { status: 503, code: 'store-corrupt', text: 'it is damaged' },
  SQLITE_BUSY: { status: 503, code: 'store-busy', text: 'another program holds it' },
} as const;
