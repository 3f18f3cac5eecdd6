// Errors about alerts, webhooks and history.
import type { ErrorEntries } from './entry.ts';

export const monitoringErrors = {
  'bad-group': {
    status: 400,
    meaning: 'The group of faults is not the key of one.',
    remedy: 'Take `key` from the answer to GET /faults/groups.',
  },
  'no-such-alert': {
    status: 404,
    meaning: 'There is no alert with this name.',
    remedy: 'List the alerts.',
  },
  'too-many-alerts': {
    status: 409,
    meaning: 'The maximum number of alerts is reached.',
    remedy: 'Delete an alert first.',
  },
  'no-such-webhook': {
    status: [400, 404],
    meaning: 'There is no webhook with this name.',
    remedy: 'Create the webhook first, or check the name.',
  },
  'too-many-webhooks': {
    status: 409,
    meaning: 'The maximum number of webhooks is reached.',
    remedy: 'Delete a webhook first.',
  },
  'one-signature': {
    status: 409,
    meaning:
      'The messages of the webhook have the format tandem-1, which has one signature: two secrets cannot sign beside each other.',
    remedy: 'Give it the format standard or cloudevents, or a new secret at once by PUT.',
  },
  'no-such-setting': {
    status: 404,
    meaning: 'That setting was never made: no history is configured, or no names of secrets are set.',
    remedy: 'Make it first (PUT /settings/history, PUT /settings/secrets).',
  },
  'too-many-parameters': {
    status: 400,
    meaning: 'The history names too many parameters.',
    remedy: 'Name fewer, or use partial paths.',
  },
} as const satisfies ErrorEntries;
