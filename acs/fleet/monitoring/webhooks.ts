// Webhooks: who is told what, and the messages on their way there. What is to be told lies in the store's queue from the commit of the
// fact on; every process takes from it what is due, sends it, and tries again with growing pauses until it was taken or given up.
import { createHmac } from 'node:crypto';
import { isAbort, messageOf, UserError } from '../../../shared/errors.ts';
import type { Sealed } from '../../device/credentials.ts';
import { parseFilter } from '../../query/filter.ts';
import { noticeId } from '../../store/notices.ts';
import type { Delivery, Notice, NoticeType, StoredDocument } from '../../store/records.ts';
import { noticeTypes } from '../../store/records.ts';
import type { DeliveryCount } from '../../store/store.ts';
import { spread } from '../common/backoff.ts';
import type { FleetContext } from '../common/context.ts';
import type { Post } from '../common/ports.ts';

export interface WebhookInput {
  url: string;
  /** At least 16 characters; one that stands is kept where none is given, else one is made. */
  secret?: string;
  events: NoticeType[];
  /** Over the device that an event is about. */
  filter?: string;
  /** Nothing is kept or sent for it. */
  paused?: boolean;
}

/** As it stands in the store, kind `webhook`. */
interface StoredWebhook extends Omit<WebhookInput, 'secret'> {
  secret: Sealed;
}

export interface WebhookView extends Omit<WebhookInput, 'secret'> {
  name: string;
  waiting: number;
  dead: number;
}

export interface Webhooks {
  list(): Promise<WebhookView[]>;
  get(name: string): Promise<WebhookView>;
  /** @returns the secret where one was made, which is told this once. @throws UserError 400 that names the place */
  put(name: string, input: WebhookInput): Promise<{ isNew: boolean; secret?: string }>;
  /** What waits for it is dropped. */
  remove(name: string): Promise<void>;
  deliveries(name: string, dead: boolean): Promise<Delivery[]>;
  /** What was given up is tried again. @returns how many */
  retry(name: string): Promise<number>;
  /** Sends a message that says nothing, now. */
  ping(name: string): Promise<{ status: number } | { reason: string }>;
  counts(): Promise<DeliveryCount[]>;
  /** Sends what is due, and looks again and again until it is stopped. */
  start(): void;
  stop(): Promise<void>;
  /** Sends what is due now. */
  send(): Promise<void>;
}

const MAX_WEBHOOKS = 50;
const TIMEOUT_MS = 15_000;
/** Longer than one message may take: then somebody else may send it. */
const LEASE_MS = 60_000;
/** Messages to one webhook at a time. */
const AT_ONCE = 8;
/** How often it is looked whether other processes left something to send; what happens here is sent at once. */
const LOOK_MS = 5000;
/** What was told just now may still be on its way into the queue. */
const SOON_MS = 100;
const SECOND = 1000;
const HOUR = 3_600_000;
/** Pauses after the first, second, … failure; the last one again and again. */
const PAUSES_MS = [10, 30, 60, 300, 900].map(seconds => seconds * SECOND).concat([HOUR, 3 * HOUR, 6 * HOUR]);
/** After this time a message is given up. */
const GIVE_UP_MS = 72 * HOUR;
const KEEP_DEAD_MS = 30 * 24 * HOUR;
const TIDY_MS = 60_000;

export function createWebhooks(context: FleetContext, post: Post): Webhooks {
  const { store, clock, random, secrets, events, log } = context;
  const stopped = new AbortController();
  const heard: (() => void)[] = [];
  /** Webhooks that failed last, and until when they are left alone; then one message tries how it is. */
  const resting = new Map<string, { failures: number; until: number }>();
  let running: Promise<void> | undefined;
  let tidied = Number.NEGATIVE_INFINITY;
  let wake: (() => void) | undefined;

  const standing = async (name: string): Promise<StoredDocument<StoredWebhook>> => {
    const found = await store.document<StoredWebhook>('webhook', name);
    if (!found) throw new UserError(404, 'no-such-webhook', `no webhook '${name}'`);
    return found;
  };

  const paused = (failures: number): number => spread(PAUSES_MS[Math.min(failures, PAUSES_MS.length) - 1] ?? 0, random);

  const sendOne = async (webhook: StoredWebhook, notice: Message, attempt: number): Promise<{ status: number }> => {
    const timeout = new AbortController();
    const timer = clock.after(TIMEOUT_MS, () => timeout.abort(new Error(`no answer within ${TIMEOUT_MS / SECOND} s`)));
    try {
      const body = bodyOf(notice);
      const headers = headersOf(notice, body, attempt, secrets.open(webhook.secret), clock.now());
      return await post(webhook.url, { headers, body, signal: AbortSignal.any([timeout.signal, stopped.signal]) });
    } finally {
      timer.cancel();
    }
  };

  const attempt = async (name: string, webhook: StoredWebhook, delivery: Delivery): Promise<boolean> => {
    const { id, notice, attempts } = delivery;
    const told = { webhook: name, notice: notice.id };
    try {
      const { status } = await sendOne(webhook, notice, attempts);
      if (status >= 200 && status < 300) {
        await store.settleDelivery(id, { state: 'delivered' });
        events.emit('webhook', { ...told, outcome: 'delivered', status });
        return true;
      }
      await failed(delivery, `it answered ${status}`, status === 410);
      events.emit('webhook', { ...told, outcome: status === 410 ? 'dead' : 'failed', status });
    } catch (error) {
      if (stopped.signal.aborted) throw error;
      const isDead = await failed(delivery, messageOf(error), false);
      events.emit('webhook', { ...told, outcome: isDead ? 'dead' : 'failed', reason: messageOf(error) });
    }
    return false;
  };

  const failed = async ({ id, created, attempts }: Delivery, reason: string, isGone: boolean): Promise<boolean> => {
    const now = clock.now();
    const isDead = isGone || now - created >= GIVE_UP_MS;
    const due = now + paused(attempts);
    await store.settleDelivery(id, { state: isDead ? 'dead' : 'waiting', due, error: reason.slice(0, 500) });
    return isDead;
  };

  const rested = (name: string, failures: number): void => {
    resting.set(name, { failures, until: clock.now() + Math.min(paused(failures), HOUR) });
    if (failures === 1) log.warn('a webhook does not take its messages', { webhook: name });
  };

  /** All that is due for one webhook; one that fails is left alone for a while. */
  const serve = async (name: string, webhook: StoredWebhook): Promise<void> => {
    for (;;) {
      const rest = resting.get(name);
      if (rest && rest.until > clock.now()) return;
      const limit = rest ? 1 : AT_ONCE;
      const due = await store.takeDeliveries({ webhook: name, now: clock.now(), leaseMs: LEASE_MS, limit });
      if (due.length === 0) return;
      const taken = await Promise.all(due.map(delivery => attempt(name, webhook, delivery)));
      if (taken.some(Boolean)) resting.delete(name);
      else rested(name, (rest?.failures ?? 0) + 1);
    }
  };

  const tidy = async (names: ReadonlySet<string>): Promise<void> => {
    if (clock.now() - tidied < TIDY_MS) return;
    tidied = clock.now();
    await store.boundDeliveries(clock.now() - KEEP_DEAD_MS);
    for (const { webhook } of await store.deliveryCounts())
      if (!names.has(webhook)) await store.dropDeliveries(webhook);
  };

  /** @returns when the next is due */
  const sendDue = async (): Promise<number> => {
    if (store.generation('webhook') === 0) return Number.POSITIVE_INFINITY;
    const all = (await store.documents<StoredWebhook>('webhook')).filter(({ body }) => !body.paused);
    const due = (counts: readonly DeliveryCount[]) => new Map(counts.map(({ webhook, next }) => [webhook, next]));
    const before = due(await store.deliveryCounts());
    const served = all.filter(({ name }) => (before.get(name) ?? Number.POSITIVE_INFINITY) <= clock.now());
    await Promise.all(served.map(({ name, body }) => serve(name, body)));
    await tidy(new Set(all.map(({ name }) => name)));
    const after = served.length > 0 ? due(await store.deliveryCounts()) : before;
    return Math.min(
      ...all.map(({ name }) => Math.max(after.get(name) ?? Number.POSITIVE_INFINITY, resting.get(name)?.until ?? 0)),
    );
  };

  /** Ends early when something happens here that webhooks may want. */
  const pause = async (ms: number): Promise<void> => {
    await new Promise<void>(resolve => {
      let timer = clock.after(ms, () => done());
      const done = (): void => {
        timer.cancel();
        wake = undefined;
        stopped.signal.removeEventListener('abort', done);
        resolve();
      };
      wake = () => {
        timer.cancel();
        timer = clock.after(SOON_MS, done);
        wake = undefined;
      };
      stopped.signal.addEventListener('abort', done);
    });
    stopped.signal.throwIfAborted();
  };

  const loop = async (): Promise<void> => {
    for (;;) {
      let next = Number.POSITIVE_INFINITY;
      try {
        next = await sendDue();
      } catch (error) {
        if (stopped.signal.aborted) return;
        // The store fails, which passes: the queue stands.
        log.warn('webhooks were not served', { reason: messageOf(error) });
      }
      await pause(Math.min(LOOK_MS, Math.max(SOON_MS, next - clock.now())));
    }
  };

  const viewed = (
    name: string,
    { secret: _secret, ...body }: StoredWebhook,
    counts: readonly DeliveryCount[],
  ): WebhookView => {
    const { waiting = 0, dead = 0 } = counts.find(({ webhook }) => webhook === name) ?? {};
    return { name, ...body, waiting, dead };
  };

  return {
    list: async () => {
      const counts = await store.deliveryCounts();
      return (await store.documents<StoredWebhook>('webhook')).map(({ name, body }) => viewed(name, body, counts));
    },
    get: async name => viewed(name, (await standing(name)).body, await store.deliveryCounts()),
    put: async (name, { secret, ...input }) => {
      check(name, input);
      const all = await store.documents<StoredWebhook>('webhook');
      const before = all.find(webhook => webhook.name === name)?.body;
      if (!before && all.length >= MAX_WEBHOOKS)
        throw new UserError(409, 'too-many-webhooks', `there are ${all.length} webhooks already`);
      const made = secret === undefined && !before ? secrets.password() : undefined;
      const plain = secret ?? made;
      const sealed = plain === undefined ? before?.secret : secrets.seal(plain);
      await store.putDocument('webhook', name, { ...input, secret: sealed });
      resting.delete(name);
      events.emit('change', { what: 'webhook', name, by: 'written' });
      return { isNew: !before, ...(made === undefined ? {} : { secret: made }) };
    },
    remove: async name => {
      await standing(name);
      await store.deleteDocument('webhook', name);
      await store.dropDeliveries(name);
      events.emit('change', { what: 'webhook', name, by: 'deleted' });
    },
    deliveries: async (name, dead) => {
      await standing(name);
      return await store.deliveries({ webhook: name, dead, limit: 100 });
    },
    retry: async name => {
      await standing(name);
      resting.delete(name);
      const revived = await store.reviveDeliveries(name, clock.now());
      wake?.();
      return revived;
    },
    ping: async name => {
      const { body } = await standing(name);
      const time = clock.now();
      const id = noticeId('ping', name, time);
      try {
        return await sendOne(body, { id, type: 'ping', time, data: {} }, 1);
      } catch (error) {
        if (stopped.signal.aborted) throw error;
        return { reason: messageOf(error) };
      }
    },
    counts: async () => await store.deliveryCounts(),
    send: async () => {
      await sendDue();
    },
    start: () => {
      for (const type of noticeTypes)
        if (type !== 'removed') heard.push(events.on(type, () => store.generation('webhook') > 0 && wake?.()));
      running ??= loop().catch(error => {
        if (!isAbort(error)) log.error('webhooks ended', { error });
      });
    },
    stop: async () => {
      for (const end of heard) end();
      stopped.abort(new DOMException('the ACS closes', 'AbortError'));
      await running;
    },
  };
}

/** @throws UserError 400 */
function check(name: string, { url, events, filter }: Omit<WebhookInput, 'secret'>): void {
  if (!/^[\w.-]{1,64}$/.test(name))
    throw new UserError(400, 'bad-name', `'${name}': a webhook's name is 1 to 64 letters, digits and . _ -`);
  let target: URL;
  try {
    target = new URL(url);
  } catch {
    throw new UserError(400, 'bad-url', `url: '${url}' is not a URL`);
  }
  if (!/^https?:$/.test(target.protocol)) throw new UserError(400, 'bad-url', 'url: https:// or http:// is taken');
  if (target.username || target.password)
    throw new UserError(400, 'bad-url', 'url: no user name or password; messages are signed instead');
  const stray = events.find(event => !noticeTypes.includes(event));
  if (stray) throw new UserError(400, 'bad-event', `events: '${stray}' is not one of ${noticeTypes.join(', ')}`);
  if (filter === undefined) return;
  try {
    parseFilter(filter);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(400, error.code, `filter: ${error.message}`, error.detail);
  }
}

/** What a webhook is sent: a notice, or a trial. */
type Message = Omit<Notice, 'type'> & { type: NoticeType | 'ping' };

const bodyOf = ({ id, type, time, device, data }: Message): string =>
  JSON.stringify({ id, event: type, time: new Date(time).toISOString(), ...(device ? { device } : {}), data });

function headersOf(
  notice: Message,
  body: string,
  attempt: number,
  secret: string,
  now: number,
): Record<string, string> {
  const timestamp = String(Math.floor(now / SECOND));
  return {
    'content-type': 'application/json',
    'user-agent': 'tandem-acs',
    'tandem-event': notice.type,
    'tandem-id': notice.id,
    'tandem-attempt': String(attempt),
    'tandem-timestamp': timestamp,
    'tandem-signature': `v1=${signatureOf(secret, timestamp, body)}`,
  };
}

/** HMAC-SHA256 over the timestamp, a dot and the body, hexadecimal: what the receiver works out again. */
export const signatureOf = (secret: string, timestamp: string, body: string): string =>
  createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
