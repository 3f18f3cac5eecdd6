// Operations on versions of presets, alerts, enrolment rules, settings and webhooks.

import { openedText, shownText } from '../../fleet/common/secrets.ts';
import type { Preset } from '../../fleet/presets/preset.ts';
import { soundPreset } from '../../fleet/presets/preset-shape.ts';
import { openPreset } from '../../fleet/presets/sealed-preset.ts';
import type { StoredWebhook } from '../../fleet/webhooks/webhook.ts';
import type { Operation } from '../operation.ts';
import { deletedOperation, type VersionedObject, versionOperations } from '../versions/version-operations.ts';
import { presetView } from '../views/core.ts';
import { alerts } from './alerts.ts';
import { enrolment } from './enrolment.ts';
import { history } from './monitoring/history.ts';
import { presets } from './presets.ts';
import { settings } from './settings.ts';
import { webhooks } from './webhooks.ts';

type View = Record<string, unknown>;

/** A row of a table of operations. @throws Error where there is none of that name */
function rowOf(table: readonly Operation[], name: string): Operation {
  const found = table.find(operation => operation.name === name);
  if (!found) throw new Error(`no operation ${name}`);
  return found;
}

/** The two rows that read and write an object. */
const rowsOf = (table: readonly Operation[], noun: string): Pick<VersionedObject, 'noun' | 'reader' | 'writer'> => ({
  noun,
  reader: rowOf(table, `get${noun}`),
  writer: rowOf(table, `put${noun}`),
});

/** For bodies without secrets. */
const plain = { input: (body: unknown) => body as View, view: (body: unknown) => body as View };

const preset: VersionedObject = {
  ...rowsOf(presets, 'Preset'),
  phrase: 'a preset',
  kind: 'preset',
  input: (body, { fleet }) => ({ ...openPreset(fleet.secrets, body as Preset) }),
  unreadable: body => soundPreset(body).wrong,
  view: (body, { fleet, show }) => {
    const { name: _name, ...view } = presetView('', openPreset(fleet.secrets, body as Preset), show);
    return view;
  },
};
const alert: VersionedObject = { ...rowsOf(alerts, 'Alert'), phrase: 'an alert', kind: 'alert', ...plain };
const rule: VersionedObject = {
  ...rowsOf(enrolment, 'EnrolmentRule'),
  phrase: 'an enrolment rule',
  kind: 'enrolRule',
  ...plain,
};
const webhook: VersionedObject = {
  ...rowsOf(webhooks, 'Webhook'),
  phrase: 'a webhook',
  kind: 'webhook',
  input: (body, { fleet }) => webhookFields(body, text => openedText(fleet.secrets, text)),
  view: (body, { fleet }) => webhookFields(body, text => shownText(fleet.secrets, 'url', text)),
};

/** A webhook without its keys: those that are stored now stay, and a deleted webhook returns with a new one. */
function webhookFields(body: unknown, url: (text: string) => string): View {
  const { secret: _secret, oldSecrets: _old, gone: _gone, ...fields } = body as StoredWebhook;
  return { ...fields, url: url(fields.url) };
}

const secrets: VersionedObject = {
  ...rowsOf(settings, 'SecretsSetting'),
  phrase: 'the setting of secret names',
  kind: 'setting',
  name: 'secrets',
  ...plain,
};
const historySetting: VersionedObject = {
  ...rowsOf(history, 'HistorySetting'),
  phrase: 'the history setting',
  kind: 'setting',
  name: 'history',
  ...plain,
};

export const versions: readonly Operation[] = [
  ...[preset, alert, rule, webhook, secrets, historySetting].flatMap(versionOperations),
  deletedOperation(preset, '/presets'),
  deletedOperation(alert, '/alerts'),
  deletedOperation(rule, '/enrolment/rules'),
  deletedOperation(webhook, '/webhooks'),
];
