// The messages that webhooks receive: body, headers and signature.
import { createHmac } from 'node:crypto';
import type { Notice, NoticeType } from '../../store/records.ts';

/** A notice, or a trial message. */
export type WebhookMessage = Omit<Notice, 'type'> & { type: NoticeType | 'ping' };

export const messageBody = ({ id, type, time, device, data }: WebhookMessage): string =>
  JSON.stringify({ id, event: type, time: new Date(time).toISOString(), ...(device ? { device } : {}), data });

/** The headers of a message. @param attempt counts from 1 @param now milliseconds */
export function messageHeaders(
  { id, type }: WebhookMessage,
  { body, attempt, secret, now }: { body: string; attempt: number; secret: string; now: number },
): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000));
  return {
    'content-type': 'application/json',
    'user-agent': 'tandem-acs',
    'tandem-event': type,
    'tandem-id': id,
    'tandem-attempt': String(attempt),
    'tandem-timestamp': timestamp,
    'tandem-signature': `v1=${signatureOf(secret, timestamp, body)}`,
  };
}

/** The HMAC-SHA256 of the timestamp, a dot and the body, hexadecimal. Receivers compute it again. */
export const signatureOf = (secret: string, timestamp: string, body: string): string =>
  createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
