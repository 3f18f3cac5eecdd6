// Shapes of webhooks.
import { Type } from 'typebox';
import { noticeTypes } from '../../store/records.ts';
import { choice, closed, list, optional, text, time } from './common.ts';

const events = Type.Array(choice(noticeTypes), { uniqueItems: true });
const fields = {
  url: text('https; http and private networks only where --webhook-allow permits them; redirects are not followed'),
  events,
  filter: optional(text('Filter on the device of an event; parameters have the values of its last Informs')),
  paused: optional(Type.Boolean({ description: 'Neither store nor send messages for this webhook' })),
};
const secretText = 'Key of the signature, never shown again; default: a generated key; *** keeps the current key';
export const webhookInput = closed({
  ...fields,
  secret: optional(Type.String({ minLength: 3, maxLength: 256, description: secretText })),
});

export const webhook = Type.Object({
  name: Type.String(),
  ...fields,
  secret: text('***; in full only in the answer that reports a generated key'),
  waiting: Type.Integer({ description: 'Messages that wait for delivery' }),
  dead: Type.Integer({ description: 'Messages that were given up' }),
});
export const webhooks = list(webhook);

export const deliveryQuery = closed({ dead: optional(choice(['true', 'false'])) });
export const deliveries = list(
  Type.Object({
    id: text('Tandem-Id of the message; every attempt has the same'),
    event: Type.String(),
    device: optional(Type.String()),
    time,
    due: time,
    attempts: Type.Integer(),
    error: optional(Type.String()),
    data: Type.Record(Type.String(), Type.Unknown()),
  }),
);
export const revived = Type.Object({ revived: Type.Integer() });
export const pinged = Type.Object({ status: optional(Type.Integer()), reason: optional(Type.String()) });
