// Shapes of webhooks.
import { Type } from 'typebox';
import { webhookFormats } from '../../fleet/webhooks/webhook-format.ts';
import { noticeTypes } from '../../store/records.ts';
import { choice, closed, list, optional, text, time } from './common.ts';

const events = Type.Array(choice(noticeTypes), { uniqueItems: true });
const narrowing = (items: ReturnType<typeof Type.String>, description: string) =>
  Type.Array(items, { minItems: 1, maxItems: 32, uniqueItems: true, description });
const fields = {
  url: text('https; http and private networks only where --webhook-allow permits them; redirects are not followed'),
  events,
  filter: optional(text('Filter on the device of an event; parameters have the values of its last Informs')),
  eventCodes: optional(
    narrowing(
      Type.String({ pattern: '^(\\d{1,2}|[MX]) \\S.{0,61}$' }),
      'Only Informs with one of these event codes, as 4 VALUE CHANGE; other events are not concerned',
    ),
  ),
  parameters: optional(
    narrowing(
      Type.String({ minLength: 1, maxLength: 256 }),
      'Only Informs that change one of these parameters: full paths, partial ones with the final dot, or with *',
    ),
  ),
  until: optional(
    Type.String({
      format: 'date-time',
      description: 'The end of the subscription; a day later the webhook is deleted',
    }),
  ),
  paused: optional(Type.Boolean({ description: 'Neither store nor send messages for this webhook' })),
};
const formats = choice(
  webhookFormats,
  'Form of the messages: Standard Webhooks 1.0, CloudEvents 1.0 signed in the same way, or that of earlier versions',
);
const secretText =
  'Key of the signature, never shown again: whsec_ and the base64 of 24 to 64 bytes (tandem-1: a text of at least 16 characters); default: a generated key; *** keeps the current key';
const secret = Type.String({ minLength: 3, maxLength: 256, description: secretText });
export const webhookInput = closed({
  ...fields,
  format: optional(formats),
  secret: optional(secret),
});

export const webhook = Type.Object({
  name: Type.String(),
  ...fields,
  format: formats,
  secret: text('***; in full only in the answer that reports a generated key'),
  oldSecretUntil: optional(Type.String({ format: 'date-time', description: 'Until then a replaced key signs too' })),
  gone: optional(
    Type.String({ format: 'date-time', description: 'The receiver answered 410 then, which paused the webhook' }),
  ),
  waiting: Type.Integer({ description: 'Messages that wait for delivery' }),
  dead: Type.Integer({ description: 'Messages that were given up' }),
});
export const rotation = closed({
  secret: optional(secret),
  keep: optional(text('Time for which the replaced key signs too, as 12h; at most 30d; default: 24h')),
});
export const webhooks = list(webhook);

export const deliveryQuery = closed({ dead: optional(choice(['true', 'false'])) });
export const deliveries = list(
  Type.Object({
    id: text('webhook-id (tandem-1: Tandem-Id) of the message; every attempt has the same'),
    event: Type.String(),
    device: optional(Type.String()),
    time,
    due: time,
    attempts: Type.Integer(),
    error: optional(Type.String()),
    data: Type.Record(Type.String(), Type.Unknown()),
  }),
);
export const revived = Type.Object({ revived: Type.Integer({ description: 'Messages that are tried again at once' }) });
export const pinged = Type.Object({ status: optional(Type.Integer()), reason: optional(Type.String()) });
