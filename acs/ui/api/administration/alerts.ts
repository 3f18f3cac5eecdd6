// Calls about alerts.
import type { Static } from 'typebox';
import type * as schemas from '../../../north/schemas/alerts.ts';
import { type Answer, call, callTagged } from '../call.ts';

export type Alert = Static<typeof schemas.alert>;
export type AlertInput = Static<typeof schemas.alertInput>;
export type AlertGroup = Alert['groups'][number];

/** The outcome of an alert that is tried out. */
export interface AlertTrial {
  wouldFire: boolean;
  count: number;
  groups: AlertGroup[];
  omitted: number;
}

export const listAlerts = async (signal?: AbortSignal): Promise<{ items: Alert[] }> =>
  await call('GET', '/alerts', { signal });

export const alertPath = (name: string): string => `/alerts/${encodeURIComponent(name)}`;

export const getAlert = async (name: string, signal?: AbortSignal): Promise<Answer<Alert>> =>
  await callTagged('GET', alertPath(name), { signal });

/** @param etag of the alert that is replaced; without it the alert has to be new */
export const putAlert = async (name: string, alert: AlertInput, etag?: string): Promise<Alert> =>
  await call('PUT', alertPath(name), {
    body: alert,
    headers: etag === undefined ? { 'if-none-match': '*' } : { 'if-match': etag },
  });

const inputNames = [
  ...(['description', 'severity', 'filter', 'among', 'groupBy', 'above', 'for'] as const),
  ...(['webhooks', 'silentUntil'] as const),
];

/** @param until ISO 8601; undefined ends the silence @throws Problem 412 for one that somebody else changes meanwhile */
export async function silenceAlert(name: string, until: string | undefined): Promise<void> {
  const { value, etag } = await getAlert(name);
  const fields = inputNames.flatMap(field => (value[field] === undefined ? [] : [[field, value[field]]]));
  const { silentUntil: _before, ...input } = Object.fromEntries(fields) as AlertInput;
  await putAlert(name, until === undefined ? input : { ...input, silentUntil: until }, etag);
}

export const tryAlert = async (alert: AlertInput, signal?: AbortSignal): Promise<AlertTrial> =>
  await call('PUT', alertPath('trial'), { query: { dryRun: true }, body: alert, signal });

export const deleteAlert = async (name: string): Promise<void> => await call('DELETE', alertPath(name));
