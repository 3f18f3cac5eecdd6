// A webhook: the target of notices, and the devices and events that it wants.
import { readAt } from '../../../shared/errors.ts';
import type { Sealed } from '../../device/credentials.ts';
import { UserError } from '../../errors.ts';
import { parseFilter } from '../../query/parser.ts';
import { type NoticeType, noticeTypes } from '../../store/records.ts';

export interface WebhookInput {
  url: string;
  /** At least 16 characters; where it is absent the stored one is kept, or a new one is made. */
  secret?: string;
  events: NoticeType[];
  /** Over the device of an event. */
  filter?: string;
  /** Nothing is queued or sent for it. */
  paused?: boolean;
}

/** A webhook in the store, kind `webhook`. */
export interface StoredWebhook extends Omit<WebhookInput, 'secret'> {
  secret: Sealed;
}

export interface WebhookView extends Omit<WebhookInput, 'secret'> {
  name: string;
  waiting: number;
  dead: number;
}

/** @throws UserError 400 that names the place */
export function checkWebhook({ url, events, filter }: Omit<WebhookInput, 'secret'>): void {
  let target: URL;
  try {
    target = new URL(url);
  } catch {
    throw new UserError(400, 'bad-url', `url: '${url}' is not a URL`);
  }
  if (!/^https?:$/.test(target.protocol)) throw new UserError(400, 'bad-url', 'url: must be https:// or http://');
  if (target.username || target.password)
    throw new UserError(400, 'bad-url', 'url: no user name or password; messages are signed instead');
  const stray = events.find(event => !noticeTypes.includes(event));
  if (stray) throw new UserError(400, 'bad-event', `events: '${stray}' is not one of ${noticeTypes.join(', ')}`);
  if (filter !== undefined) readAt('filter', () => parseFilter(filter));
}
