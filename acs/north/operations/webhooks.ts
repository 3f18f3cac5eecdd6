// Operations on webhooks and their deliveries.

import { readAt } from '../../../shared/errors.ts';
import { MASK } from '../../../shared/model/secret-names.ts';
import { UserError } from '../../errors.ts';
import type { WebhookInput, WebhookView } from '../../fleet/webhooks/webhook.ts';
import { durationOf } from '../../query/literals.ts';
import type { Delivery } from '../../store/records.ts';
import type { Operation } from '../operation.ts';
import { none, ok, param } from '../operation.ts';
import * as schemas from '../schemas/webhooks.ts';
import { timeAt } from '../time-input.ts';
import { iso } from '../views/times.ts';

const problems = { 404: 'No such webhook' };

const view = ({ oldSecretUntil, gone, until, ...webhook }: WebhookView, secret = MASK): Record<string, unknown> => ({
  ...webhook,
  secret,
  ...(oldSecretUntil === undefined ? {} : { oldSecretUntil: iso(oldSecretUntil) }),
  ...(until === undefined ? {} : { until: iso(until) }),
  ...(gone === undefined ? {} : { gone: iso(gone) }),
});

const deliveryView = ({ notice, due, attempts, error }: Delivery): Record<string, unknown> => ({
  id: notice.id,
  event: notice.type,
  ...(notice.device === undefined ? {} : { device: notice.device }),
  time: iso(notice.time),
  due: iso(due),
  attempts,
  ...(error === undefined ? {} : { error }),
  data: notice.data,
});

/** The input without a mask, which stands for the stored key. */
const withoutMask = <T extends { secret?: string }>({
  secret,
  ...input
}: T): Omit<T, 'secret'> & { secret?: string } =>
  secret === undefined || secret === MASK ? input : { ...input, secret };

/** The body of a webhook; the time of its end is a text. */
type GivenWebhook = Omit<WebhookInput, 'until'> & { until?: string };

/** @throws UserError 400 that names the place */
function inputOf({ until, ...given }: GivenWebhook): WebhookInput {
  const end = timeAt('until', until);
  return { ...withoutMask(given), ...(end === undefined ? {} : { until: end }) };
}

const DAY = 86_400_000;
const MAX_KEEP = 30 * DAY;

/** @returns milliseconds. @throws UserError 400 that names the place */
function keepMsOf(keep: string | undefined): number {
  if (keep === undefined) return DAY;
  const keepMs = readAt('keep', () => durationOf(keep));
  if (keepMs > MAX_KEEP) throw new UserError(400, 'bad-duration', 'keep: at most 30d');
  return keepMs;
}

export const webhooks: readonly Operation[] = [
  {
    name: 'listWebhooks',
    summary: 'Lists webhooks with the number of messages that wait and that were given up',
    method: 'GET',
    path: '/webhooks',
    role: 'operator',
    scope: 'fleet',
    parameters: 'shows-any',
    answers: { 200: schemas.webhooks },
    run: async (_input, { fleet }) => ok({ items: (await fleet.webhooks.list()).map(webhook => view(webhook)) }),
  },
  {
    name: 'getWebhook',
    summary: 'Reads a webhook',
    method: 'GET',
    path: '/webhooks/:name',
    role: 'operator',
    scope: 'fleet',
    parameters: 'shows-any',
    entity: { kind: 'webhook' },
    answers: { 200: schemas.webhook },
    problems,
    run: async (input, { fleet }) => ok(view(await fleet.webhooks.get(param(input, 'name')))),
  },
  {
    name: 'putWebhook',
    summary: 'Creates or replaces a webhook; it receives these events from now on',
    method: 'PUT',
    path: '/webhooks/:name',
    role: 'admin',
    scope: 'fleet',
    parameters: 'shows-any',
    entity: { kind: 'webhook' },
    body: { json: schemas.webhookInput },
    answers: { 200: schemas.webhook, 201: schemas.webhook },
    run: async (input, { fleet, edit }) => {
      const name = param(input, 'name');
      const { isNew, secret } = await fleet.webhooks.put(name, inputOf(input.body as GivenWebhook), edit);
      return { status: isNew ? 201 : 200, body: view(await fleet.webhooks.get(name), secret) };
    },
  },
  {
    name: 'rotateWebhookSecret',
    summary: 'Replaces the key of a webhook; for a time the one before signs too, so that a message has two signatures',
    method: 'POST',
    path: '/webhooks/:name/rotate',
    role: 'admin',
    scope: 'fleet',
    parameters: 'shows-any',
    entity: { kind: 'webhook' },
    body: { json: schemas.rotation, optional: true },
    answers: { 200: schemas.webhook },
    problems: { ...problems, 409: 'The format of the messages has one signature only' },
    run: async (input, { fleet, edit }) => {
      const name = param(input, 'name');
      const { secret, keep } = withoutMask((input.body ?? {}) as { secret?: string; keep?: string });
      const made = await fleet.webhooks.rotate(name, { secret, keepMs: keepMsOf(keep) }, edit);
      return ok(view(await fleet.webhooks.get(name), made));
    },
  },
  {
    name: 'deleteWebhook',
    summary: 'Deletes a webhook and its waiting messages',
    method: 'DELETE',
    path: '/webhooks/:name',
    role: 'admin',
    scope: 'fleet',
    parameters: 'none',
    entity: { kind: 'webhook' },
    answers: { 204: 'nothing' },
    problems,
    run: async (input, { fleet, edit }) => {
      await fleet.webhooks.remove(param(input, 'name'), edit);
      return none;
    },
  },
  {
    name: 'listDeliveries',
    summary: 'Lists the newest messages that wait for delivery, or (dead=true) that were given up',
    method: 'GET',
    path: '/webhooks/:name/deliveries',
    role: 'operator',
    scope: 'fleet',
    parameters: 'shows-any',
    query: schemas.deliveryQuery,
    answers: { 200: schemas.deliveries },
    problems,
    run: async (input, { fleet }) => {
      const found = await fleet.webhooks.deliveries(param(input, 'name'), input.query.dead === 'true');
      return ok({ items: found.map(deliveryView) });
    },
  },
  {
    name: 'retryWebhook',
    summary: 'Retries messages that were given up, and delivers waiting messages at once',
    method: 'POST',
    path: '/webhooks/:name/retry',
    role: 'operator',
    scope: 'fleet',
    parameters: 'none',
    audit: 'answer',
    answers: { 200: schemas.revived },
    problems,
    run: async (input, { fleet }) => ok({ revived: await fleet.webhooks.retry(param(input, 'name')) }),
  },
  {
    name: 'pingWebhook',
    summary: 'Sends a signed test message at once and reports the answer',
    method: 'POST',
    path: '/webhooks/:name/ping',
    role: 'operator',
    scope: 'fleet',
    parameters: 'none',
    audit: 'answer',
    answers: { 200: schemas.pinged },
    problems,
    run: async (input, { fleet }) => ok(await fleet.webhooks.ping(param(input, 'name'))),
  },
];
