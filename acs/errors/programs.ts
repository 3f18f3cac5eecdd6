// Errors at the start and on the command line, and of keys and certificates.
import type { ErrorEntries } from './entry.ts';

export const programErrors = {
  'cannot-listen': {
    status: 503,
    meaning: 'An address cannot be listened on.',
    remedy: 'The message names the option and the reason.',
  },
  'data-unusable': {
    status: 503,
    meaning: 'A file in the data directory cannot be used.',
    remedy: 'Check the path and its permissions.',
  },
  'pages-unavailable': {
    status: 503,
    meaning: 'The pages for operators cannot be read or made.',
    remedy: 'Run `npm ci` and, where the built server runs, `npm run build`.',
  },
  'no-server-key': {
    status: 503,
    meaning: 'The file of the server key does not exist.',
    remedy: 'Create it, or copy it from the other server.',
  },
  'worker-ended': {
    status: 503,
    meaning: 'A worker process ended during the start.',
    remedy: 'Look for its error in the log.',
  },
  'no-store': {
    status: 404,
    meaning: 'There is no store in the data directory.',
    remedy: 'Check --data and --store.',
  },
  'store-exists': {
    status: 409,
    meaning: 'A store exists where the backup is to be restored.',
    remedy: 'Use --force to move it aside.',
  },
  'secrets-differ': {
    status: 409,
    meaning: 'The data directory holds other secrets than the backup.',
    remedy: 'Use --force to replace them.',
  },
  'server-runs': {
    status: 409,
    meaning: 'The store is in use by a running ACS.',
    remedy: 'Stop the ACS first.',
  },
  'cannot-write': {
    status: 503,
    meaning: 'A file cannot be written.',
    remedy: 'Check the path, the permissions and the disk space.',
  },
  'no-file': {
    status: 400,
    meaning: 'A file named on the command line cannot be read.',
    remedy: 'Check the path.',
  },
  'call-refused': {
    status: 'any',
    meaning: 'The API that a command calls is not reachable, or refuses the call; the message has its reason and code.',
    remedy: 'Check --api and --token, and what the message says.',
  },
  'not-watched': {
    status: 'any',
    meaning: 'The API that the command asks is not reachable or refuses.',
    remedy: 'Check --api and --token.',
  },
  'bad-certificate': {
    status: 400,
    meaning: 'A certificate is malformed, or not of the kind needed.',
    remedy: 'Give PEM (or DER) of the certificate with its chain.',
  },
  'bad-key': {
    status: [400, 500],
    meaning: 'A private key is malformed, encrypted, of a wrong kind, or does not match.',
    remedy: 'Give the matching key in PEM.',
  },
  'bad-pkcs12': {
    status: 400,
    meaning: 'A PKCS#12 file is malformed, or its password is wrong.',
    remedy: 'Check the file and the password.',
  },
  'bad-validity': {
    status: 400,
    meaning: 'The validity of a certificate ends before it begins.',
    remedy: 'Correct the dates.',
  },
  'bad-model': {
    status: 400,
    meaning: 'A data model document is not valid.',
    remedy: 'The message names the place.',
  },
} as const satisfies ErrorEntries;
