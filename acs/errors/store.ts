// Errors of the store, SQLite or MongoDB.
import type { ErrorEntries } from './entry.ts';

export const storeErrors = {
  'store-busy': {
    status: 503,
    meaning: 'The store cannot keep up, or another program has locked it.',
    remedy: 'Repeat the request later; check the disk.',
  },
  'store-closed': {
    status: 503,
    meaning: 'The ACS is shutting down.',
    remedy: 'Repeat the request after the restart.',
  },
  'store-full': {
    status: 507,
    meaning: 'The disk of the store is full; nothing was changed.',
    remedy: 'Free disk space.',
  },
  'store-read-only': {
    status: 503,
    meaning: 'The store cannot be written; nothing was changed.',
    remedy: 'Check permissions and the mount.',
  },
  'store-io': {
    status: 503,
    meaning: 'The disk of the store reports an error.',
    remedy: 'Check the disk; restore a backup if needed.',
  },
  'store-cannot-open': {
    status: 503,
    meaning: 'The file of the store cannot be opened.',
    remedy: 'Check the path and permissions.',
  },
  'store-corrupt': {
    status: 503,
    meaning: 'The store or backup is damaged.',
    remedy: 'Restore the last good backup.',
  },
  'store-unavailable': {
    status: 503,
    meaning:
      'MongoDB cannot be reached or refuses the login, or the answer to a write was lost and its outcome is not known.',
    remedy: 'Check the URL, the credentials and the server; read before you repeat a change.',
  },
  'store-too-new': {
    status: 503,
    meaning: 'A newer version of the ACS has written the store.',
    remedy: 'Start that version, or restore an older backup.',
  },
  'not-a-store': {
    status: 503,
    meaning: 'The file or database belongs to another program.',
    remedy: 'Check --store.',
  },
  'is-a-backup': {
    status: 503,
    meaning: 'The file is a backup and must not be changed.',
    remedy: 'Use tandem-acs restore.',
  },
  'not-a-backup': {
    status: 503,
    meaning: 'The file was not made by tandem-acs backup.',
    remedy: 'Check the file name.',
  },
  'sealed-with-another-key': {
    status: 500,
    meaning: 'A stored secret was encrypted with another server key.',
    remedy: 'Start with the right --server-key, or enter the secret, the file or the task again.',
  },
} as const satisfies ErrorEntries;
