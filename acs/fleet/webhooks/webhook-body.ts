// The stored form of a webhook: made of what an operator gives, with another secret, and as it is shown.
import { UserError } from '../../errors.ts';
import type { StoredDocument } from '../../store/records.ts';
import type { DeliveryCount } from '../../store/store.ts';
import type { FleetContext } from '../common/context.ts';
import { type Secrets, sealedText, shownText } from '../common/secrets.ts';
import { formatOf, type StoredWebhook, type WebhookInput, type WebhookView } from './webhook.ts';
import { checkSecret, fitsFormat, newSecret, stillSigning, withOldSecret } from './webhook-secret.ts';

/** @returns the webhook to be stored, and its secret where that was made. @throws UserError 400 for a secret that does not fit the format */
export function webhookAfter(
  { secrets, random }: Pick<FleetContext, 'secrets' | 'random'>,
  before: StoredWebhook | undefined,
  { secret, ...input }: WebhookInput,
): { body: StoredWebhook; made?: string } {
  const format = input.format ?? (before ? formatOf(before) : 'standard');
  const body = { ...input, format, url: storedUrl(secrets, input.url, before) };
  if (secret !== undefined) {
    checkSecret(secret, format);
    return { body: { ...body, secret: secrets.seal(secret) } };
  }
  if (before && (formatOf(before) === format || fitsFormat(secrets.open(before.secret), format))) {
    const { oldSecrets = [] } = before;
    return { body: { ...body, secret: before.secret, ...(oldSecrets.length > 0 ? { oldSecrets } : {}) } };
  }
  const made = newSecret(random);
  return { body: { ...body, secret: secrets.seal(made) }, made };
}

/** The webhook with another secret, beside which the one before signs for a time. @throws UserError 400, 409 `one-signature` */
export function withNextSecret(
  { secrets, clock }: Pick<FleetContext, 'secrets' | 'clock'>,
  { name, body }: StoredDocument<StoredWebhook>,
  next: string,
  keepMs: number,
): StoredWebhook {
  const format = formatOf(body);
  if (format === 'tandem-1')
    throw new UserError(409, 'one-signature', `webhook '${name}' has the format tandem-1, with one signature only`);
  checkSecret(next, format);
  const now = clock.now();
  const oldSecrets = withOldSecret(body.oldSecrets ?? [], body.secret, { now, until: now + keepMs });
  return { ...body, secret: secrets.seal(next), oldSecrets };
}

/** The URL as it was shown means the one that is stored. */
const storedUrl = (secrets: Secrets, url: string, before: StoredWebhook | undefined): string =>
  before && shownText(secrets, 'url', before.url) === url ? before.url : sealedText(secrets, 'url', url);

export const viewOf = (
  { secrets, clock }: Pick<FleetContext, 'secrets' | 'clock'>,
  name: string,
  { secret: _secret, oldSecrets = [], ...body }: StoredWebhook,
  counts: readonly DeliveryCount[],
): WebhookView => {
  const { waiting = 0, dead = 0 } = counts.find(({ webhook }) => webhook === name) ?? {};
  const times = stillSigning(oldSecrets, clock.now()).map(({ until }) => until);
  return {
    ...{ name, ...body, format: formatOf(body), url: shownText(secrets, 'url', body.url), waiting, dead },
    ...(times.length > 0 ? { oldSecretUntil: Math.max(...times) } : {}),
  };
};
