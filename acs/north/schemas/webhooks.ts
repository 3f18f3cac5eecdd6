// Shapes of webhooks.
import { Type } from 'typebox';
import { noticeTypes } from '../../store/records.ts';
import { closed, list, optional, text, time } from './core.ts';

const events = Type.Array(Type.Union(noticeTypes.map(type => Type.Literal(type))), { uniqueItems: true });
const fields = {
  url: text("https, or http and one's own networks where --webhook-allow says so; redirects are not followed"),
  events,
  filter: optional(text('Over the device that an event is about; parameters as its last Informs told them')),
  paused: optional(Type.Boolean({ description: 'Nothing is kept or sent for it' })),
};
const secretText =
  'Key of the signature: never shown again; one is made where none is given, *** keeps the one that stands';
export const webhookInput = closed({
  ...fields,
  secret: optional(Type.String({ minLength: 3, maxLength: 256, description: secretText })),
});

export const webhook = Type.Object({
  name: Type.String(),
  ...fields,
  secret: text('*** where it was given, once in full where it was made'),
  waiting: Type.Integer({ description: 'Messages on their way' }),
  dead: Type.Integer({ description: 'Messages that were given up' }),
});
export const webhooks = list(webhook);

export const deliveryQuery = closed({ dead: optional(Type.Union([Type.Literal('true'), Type.Literal('false')])) });
export const deliveries = list(
  Type.Object({
    id: text('Tandem-Id of the message: the same for the same fact'),
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
