// Calls about webhooks and their messages.
import type { Static } from 'typebox';
import type * as schemas from '../../../north/schemas/webhooks.ts';
import { type Answer, call, callTagged } from '../call.ts';

export type Webhook = Static<typeof schemas.webhook>;
export type WebhookInput = Static<typeof schemas.webhookInput>;
export type EventName = Webhook['events'][number];
export type Pinged = Static<typeof schemas.pinged>;
export const eventNames: readonly EventName[] = [
  ...(['alert', 'fault', 'faultCleared', 'late', 'lost', 'back', 'enrolled'] as const),
  ...(['removed', 'task', 'rollout', 'job', 'inform', 'audit'] as const),
];

/** A message that waits, or was given up. */
export interface Delivery {
  id: string;
  event: string;
  device?: string;
  time: string;
  due: string;
  attempts: number;
  error?: string;
}

export const listWebhooks = async (signal?: AbortSignal): Promise<{ items: Webhook[] }> =>
  await call('GET', '/webhooks', { signal });

export const webhookPath = (name: string, rest = ''): string => `/webhooks/${encodeURIComponent(name)}${rest}`;

export const getWebhook = async (name: string, signal?: AbortSignal): Promise<Answer<Webhook>> =>
  await callTagged('GET', webhookPath(name), { signal });

/** @param etag of the webhook that is replaced; without it the webhook has to be new */
export const putWebhook = async (name: string, webhook: WebhookInput, etag?: string): Promise<Webhook> =>
  await call('PUT', webhookPath(name), {
    body: webhook,
    headers: etag === undefined ? { 'if-none-match': '*' } : { 'if-match': etag },
  });

export const deleteWebhook = async (name: string): Promise<void> => await call('DELETE', webhookPath(name));

/** Sends a test message at once. */
export const pingWebhook = async (name: string): Promise<Pinged> => await call('POST', webhookPath(name, '/ping'));

export const retryWebhook = async (name: string): Promise<{ revived: number }> =>
  await call('POST', webhookPath(name, '/retry'));

export const listDeliveries = async (
  name: string,
  isDead: boolean,
  signal?: AbortSignal,
): Promise<{ items: Delivery[] }> =>
  await call('GET', webhookPath(name, '/deliveries'), { query: { dead: isDead }, signal });
