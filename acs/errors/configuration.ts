// Errors about presets, files, rollouts and the checks before a change.
import type { ErrorEntries } from './entry.ts';

export const configurationErrors = {
  'no-such-preset': {
    status: 404,
    meaning: 'There is no preset with this name.',
    remedy: 'List the presets.',
  },
  'preset-too-large': {
    status: 413,
    meaning: 'The preset is too large.',
    remedy: 'Split it into several presets.',
  },
  'bad-audit': {
    status: 400,
    meaning: 'The audit period of the preset is not valid.',
    remedy: 'Write a period from 5m to 366d.',
  },
  'bad-table': {
    status: 400,
    meaning: 'The key columns or rows of a table in the preset are not valid.',
    remedy: 'The message names the place.',
  },
  'bad-type': {
    status: 400,
    meaning: 'The type of a value is unknown.',
    remedy: 'Use one of the types that the message lists.',
  },
  'bad-value': {
    status: 400,
    meaning: 'The data model does not allow this value.',
    remedy: 'The message names the place and the reason.',
  },
  'bad-variable': {
    status: 400,
    meaning: 'A variable in a value is malformed or unknown.',
    remedy: 'docs/presets.md lists the variables.',
  },
  'key-missing': {
    status: 400,
    meaning: 'A row of a table lacks a key column.',
    remedy: 'Give each row all key columns.',
  },
  'read-only': {
    status: 400,
    meaning: 'The parameter or table is read-only.',
    remedy: 'Remove it from the request.',
  },
  'unknown-parameter': {
    status: 400,
    meaning: 'No known data model has this parameter.',
    remedy: 'Check the path, or load the data model of the device.',
  },
  'no-such-model': {
    status: 404,
    meaning: 'There is no data model with this name.',
    remedy: 'List the models.',
  },
  'model-too-large': {
    status: 413,
    meaning: 'The data-model document exceeds 8 MB.',
    remedy: 'Load the document of one model only.',
  },
  'model-built-in': {
    status: 409,
    meaning: 'The data model comes with the program and cannot be deleted.',
    remedy: 'Give a document for the product; it comes before the built-in model.',
  },
  'too-many-models': {
    status: 409,
    meaning: 'There are too many data-model documents.',
    remedy: 'Delete some that are not needed.',
  },
  'would-lose-acs': {
    status: 409,
    meaning: 'The change would cut devices off from the ACS; `devices` names them.',
    remedy: 'Correct the change, or repeat it with force=true.',
  },
  'acs-not-known': {
    status: 409,
    meaning: 'The ACS cannot determine its own TLS settings, so it cannot check the change.',
    remedy: 'The message says what is missing, for example --public.',
  },
  'no-such-file': {
    status: [400, 404],
    meaning: 'There is no file with this name.',
    remedy: 'Upload it first, or check the name.',
  },
  'bad-file-name': {
    status: 400,
    meaning: 'The file name has a wrong form.',
    remedy: 'Use 1 to 128 letters, digits and . _ @ + -, beginning with a letter or digit.',
  },
  'version-missing': {
    status: 400,
    meaning: 'A firmware image has no version.',
    remedy: 'Add version= with the version as the device reports it once the image runs.',
  },
  'wrong-file-type': {
    status: 400,
    meaning: 'The file exists but has another type than needed.',
    remedy: 'The message names both types.',
  },
  'file-exists': {
    status: 409,
    meaning: 'A file with this name exists already.',
    remedy: 'Use another name; on the command line, --force replaces it.',
  },
  'file-in-use': {
    status: 409,
    meaning: 'A preset, a rollout or a job uses the file; `users` names them.',
    remedy: 'Change the preset, or end the rollout or the job first.',
  },
  'file-too-large': {
    status: 413,
    meaning: 'The file exceeds the limit for its use.',
    remedy: 'Use a smaller file.',
  },
  'upload-broken-off': {
    status: 400,
    meaning: 'The upload ended before all bytes had arrived.',
    remedy: 'Upload the file again; nothing was stored.',
  },
  'content-gone': {
    status: 410,
    meaning: 'The file was replaced while it was read.',
    remedy: 'Read it again.',
  },
  'content-too-slow': {
    status: 408,
    meaning: 'The sender or receiver of a file made no progress for too long.',
    remedy: 'Check the network and repeat.',
  },
  'no-such-rollout': {
    status: 404,
    meaning: 'There is no rollout with this name.',
    remedy: 'List the rollouts.',
  },
  'rollout-exists': {
    status: 409,
    meaning: 'A rollout with this name exists.',
    remedy: 'Choose another name.',
  },
  'bad-rollout': {
    status: 400,
    meaning: 'The plan of the rollout is not valid.',
    remedy: 'The message names the place.',
  },
  'wrong-phase': {
    status: 409,
    meaning: 'The rollout is in a phase that does not allow this action.',
    remedy: 'Read the rollout: `phase` tells where it is.',
  },
  'nothing-failed': {
    status: 409,
    meaning: 'No device of the rollout has failed, so there is nothing to retry.',
    remedy: 'Check the device ids.',
  },
  'no-previous-image': {
    status: 409,
    meaning: 'No image of the version that the devices ran before is stored.',
    remedy: 'Upload the old image, then roll back.',
  },
  'rollout-live': {
    status: 409,
    meaning: 'The rollout has not ended.',
    remedy: 'Abort it and wait until it has ended.',
  },
  'bad-window': {
    status: 400,
    meaning: 'The maintenance window is not valid.',
    remedy: 'Write times as HH:MM, and at least one day.',
  },
  'unknown-time-zone': {
    status: 400,
    meaning: 'The time zone is unknown.',
    remedy: 'Use an IANA name such as Europe/Vienna.',
  },
  'no-such-trust': {
    status: 404,
    meaning: 'There is no entry with this name for CAs that devices trust.',
    remedy: 'List the entries.',
  },
  'bad-server': {
    status: 400,
    meaning: 'The name of a server is not valid.',
    remedy: 'Write HOST:PORT.',
  },
  'no-such-server': {
    status: 404,
    meaning: 'The server was never probed or described.',
    remedy: 'Probe it or describe it first.',
  },
  'not-probed': {
    status: 502,
    meaning: 'The TLS probe of a server failed.',
    remedy: 'The message holds the reason: check host, port and firewall.',
  },
  'unknown-suite': {
    status: 400,
    meaning: 'The cipher suite is unknown.',
    remedy: 'Use the IANA name of a suite.',
  },
} as const satisfies ErrorEntries;
