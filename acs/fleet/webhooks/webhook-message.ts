// The messages that webhooks receive: body, headers and signatures, in the formats that a webhook may ask for.
import { createHmac } from 'node:crypto';
import type { Notice, NoticeType } from '../../store/records.ts';
import type { WebhookFormat } from './webhook-format.ts';
import { standardKey } from './webhook-secret.ts';

/** A notice, or a trial message. */
export type WebhookMessage = Omit<Notice, 'type'> & { type: NoticeType | 'ping' };

export function messageBody(format: WebhookFormat, message: WebhookMessage): string {
  const { id, type, device } = message;
  const time = new Date(message.time).toISOString();
  const subject = device === undefined ? {} : { device };
  if (format === 'tandem-1') return JSON.stringify({ id, event: type, time, ...subject, data: message.data });
  const data = { ...subject, ...message.data };
  if (format === 'standard') return JSON.stringify({ type, timestamp: time, data });
  return JSON.stringify({
    ...{ specversion: '1.0', id, source: '/tandem/acs', type: `tandem.${type}`, time },
    ...(device === undefined ? {} : { subject: device }),
    datacontenttype: 'application/json',
    data,
  });
}

/**
 * The headers of a message.
 * @param attempt counts from 1
 * @param secrets the current one first, then those that still sign beside it
 * @param now milliseconds
 */
export function messageHeaders(
  format: WebhookFormat,
  { id, type }: Pick<WebhookMessage, 'id' | 'type'>,
  { body, attempt, secrets, now }: { body: string; attempt: number; secrets: readonly string[]; now: number },
): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000));
  if (format === 'tandem-1')
    return {
      'content-type': 'application/json',
      'user-agent': 'tandem-acs',
      'tandem-event': type,
      'tandem-id': id,
      'tandem-attempt': String(attempt),
      'tandem-timestamp': timestamp,
      'tandem-signature': `v1=${signatureOf(secrets[0] ?? '', timestamp, body)}`,
    };
  return {
    'content-type': format === 'standard' ? 'application/json' : 'application/cloudevents+json; charset=utf-8',
    'user-agent': 'tandem-acs',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': secrets.map(secret => standardSignature(secret, { id, timestamp, body })).join(' '),
  };
}

/** The signature of `tandem-1`: HMAC-SHA256 of the timestamp, a dot and the body, hexadecimal. Receivers compute it again. */
export const signatureOf = (secret: string, timestamp: string, body: string): string =>
  createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');

/** The symmetric signature of Standard Webhooks 1.0. @throws Error for a secret that is not of its form */
function standardSignature(
  secret: string,
  { id, timestamp, body }: { id: string; timestamp: string; body: string },
): string {
  const key = standardKey(secret);
  if (!key) throw new Error('the secret does not fit the format of the webhook: give it a new one');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}
