// Operations on settings of the whole server.
import { UserError } from '../../errors.ts';
import type { SecretsSetting } from '../../fleet/models/secret-sources.ts';
import { none, type Operation, ok } from '../operation.ts';
import * as schemas from '../schemas/settings.ts';

const path = '/settings/secrets';

export const settings: readonly Operation[] = [
  {
    name: 'getSecretsSetting',
    summary: 'Reads the names that count as secret besides those that are known as such',
    method: 'GET',
    path,
    role: 'viewer',
    scope: 'none',
    parameters: 'none',
    entity: { kind: 'setting', name: 'secrets' },
    answers: { 200: schemas.secretsSetting },
    problems: { 404: 'No names are set' },
    run: async (_input, { fleet }) => {
      const setting = await fleet.secretSources.setting();
      if (!setting) throw new UserError(404, 'no-such-setting', 'no names of secrets are set');
      return ok(setting);
    },
  },
  {
    name: 'putSecretsSetting',
    summary: 'Sets names that count as secret: their values are masked at once, and sealed when they are written next',
    method: 'PUT',
    path,
    role: 'admin',
    scope: 'fleet',
    parameters: 'shows-any',
    entity: { kind: 'setting', name: 'secrets' },
    body: { json: schemas.secretsInput },
    answers: { 200: schemas.secretsSetting },
    run: async ({ body }, { fleet, edit }) => {
      await fleet.secretSources.put(body as SecretsSetting, edit);
      return ok(body);
    },
  },
  {
    name: 'deleteSecretsSetting',
    summary: 'Forgets these names; what was sealed stays sealed until it is written again',
    method: 'DELETE',
    path,
    role: 'admin',
    scope: 'fleet',
    parameters: 'shows-any',
    entity: { kind: 'setting', name: 'secrets' },
    answers: { 204: 'nothing' },
    problems: { 404: 'No names are set' },
    run: async (_input, { fleet, edit }) => {
      await fleet.secretSources.remove(edit);
      return none;
    },
  },
];
