// A webhook: the target of notices, and the devices and events that it wants.
import { readAt } from '../../../shared/errors.ts';
import type { Sealed } from '../../device/credentials.ts';
import { UserError } from '../../errors.ts';
import { parseFilter } from '../../query/parser.ts';
import { type NoticeType, noticeTypes } from '../../store/records.ts';
import type { JudgePost } from '../common/ports.ts';
import type { WebhookFormat } from './webhook-format.ts';
import type { OldSecret } from './webhook-secret.ts';

export interface WebhookInput {
  url: string;
  /** Where it is absent the stored one is kept, or a new one is made. */
  secret?: string;
  /** Where it is absent the stored one is kept; `standard` for a new webhook. */
  format?: WebhookFormat;
  events: NoticeType[];
  /** Over the device of an event. */
  filter?: string;
  /** Event codes of CWMP, one of which an Inform must have. */
  eventCodes?: string[];
  /** Paths (full, partial with the final dot, or with `*`), of which an Inform must change one. */
  parameters?: string[];
  /** Time after which nothing is queued for it, milliseconds. */
  until?: number;
  /** Nothing is queued or sent for it. */
  paused?: boolean;
}

/** A webhook in the store, kind `webhook`. One of an earlier version has no format: its messages are those of that version. */
export interface StoredWebhook extends Omit<WebhookInput, 'secret'> {
  secret: Sealed;
  oldSecrets?: OldSecret[];
  /** Time at which the receiver answered 410 and the webhook was paused by it, milliseconds. */
  gone?: number;
}

export interface WebhookView extends Omit<WebhookInput, 'secret' | 'format'> {
  name: string;
  format: WebhookFormat;
  /** Time until which an old secret signs beside the current one, milliseconds. */
  oldSecretUntil?: number;
  /** As in StoredWebhook. */
  gone?: number;
  waiting: number;
  dead: number;
}

/** The format of the messages of a webhook, also of one that an earlier version has stored. */
export const formatOf = ({ format = 'tandem-1' }: Pick<StoredWebhook, 'format'>): WebhookFormat => format;

const isPath = (path: string): boolean =>
  /^(Device|InternetGatewayDevice)\./.test(path) && path.replace(/\.$/, '').split('.').every(isPathPart);
const isPathPart = (part: string): boolean => part === '*' || /^[\w-]+$/.test(part);

/** @throws UserError 400 that names the place */
export function checkWebhook(input: Omit<WebhookInput, 'secret'>, judge: JudgePost | undefined): void {
  const { events, filter } = input;
  checkUrl(input.url, judge);
  const stray = events.find(event => !noticeTypes.includes(event));
  if (stray) throw new UserError(400, 'bad-event', `events: '${stray}' is not one of ${noticeTypes.join(', ')}`);
  if (filter !== undefined) readAt('filter', () => parseFilter(filter));
  const badPath = input.parameters?.find(path => !isPath(path));
  if (badPath !== undefined) throw new UserError(400, 'bad-path', `parameters: '${badPath}' is not a path`);
  for (const field of ['eventCodes', 'parameters'] as const)
    if (input[field] && !events.includes('inform'))
      throw new UserError(400, 'bad-input', `${field}: chooses among Informs, and events does not have 'inform'`);
}

/** @throws UserError 400 `bad-url` */
function checkUrl(url: string, judge: JudgePost | undefined): void {
  let target: URL;
  try {
    target = new URL(url);
  } catch {
    throw new UserError(400, 'bad-url', `url: '${url}' is not a URL`);
  }
  if (!/^https?:$/.test(target.protocol)) throw new UserError(400, 'bad-url', 'url: must be https:// or http://');
  if (target.username || target.password)
    throw new UserError(400, 'bad-url', 'url: no user name or password; messages are signed instead');
  const reason = judge?.(target);
  if (reason !== undefined) throw new UserError(400, 'bad-url', `url: ${reason}`);
}
