// The queue of notices to webhooks in SQLite: a row for each notice and each webhook that is to have it.
import { MAX_DEAD, MAX_WAITING_DELIVERIES } from '../delivery-limits.ts';
import { type Addressed, type Subscribers, subscribersOf } from '../notices.ts';
import type { Delivery, DeliveryOutcome, Notice, Subscription } from '../records.ts';
import type { DeliveryCount, DeliveryQuery, TakeDeliveries } from '../store.ts';
import { jsonOf, textOf } from '../text-checks.ts';

type Value = string | number | null;
type Run = (text: string, ...params: Value[]) => number;
type All = <T>(text: string, ...params: (string | number)[]) => T[];

export type DeliveryRequest =
  | { do: 'takeDeliveries'; query: TakeDeliveries }
  | { do: 'settleDelivery'; id: string; outcome: DeliveryOutcome }
  | { do: 'reviveDeliveries'; webhook: string; now: number }
  | { do: 'dropDeliveries'; webhook: string }
  | { do: 'boundDeliveries'; before: number };

export interface DeliveryWrites {
  /** Who wants what, as the documents say it now. */
  subscribers(): Subscribers;
  /** The webhooks are to be read again. */
  forget(): void;
  add(addressed: readonly Addressed[]): void;
  carryOut(request: DeliveryRequest): unknown;
}

interface Stored {
  id: string;
  webhook: string;
  due: number;
  created: number;
  attempts: number;
  dead: number;
  error: string | null;
  body: string;
}

export const deliveryOf = ({ id, webhook, due, created, attempts, dead, error, body }: Stored): Delivery => ({
  id,
  webhook,
  due,
  created,
  attempts,
  dead: dead === 1,
  ...(error === null ? {} : { error }),
  notice: JSON.parse(body) as Notice,
});

export function createDeliveryWrites(run: Run, all: All): DeliveryWrites {
  let known: Subscribers | undefined;

  const take = ({ webhook, now, leaseMs, limit }: TakeDeliveries): Delivery[] => {
    const found = all<Stored>(
      'SELECT * FROM deliveries WHERE webhook = ? AND dead = 0 AND due <= ? ORDER BY due, id LIMIT ?',
      webhook,
      now,
      limit,
    );
    for (const { id } of found)
      run('UPDATE deliveries SET due = ?, attempts = attempts + 1 WHERE id = ?', now + leaseMs, id);
    return found.map(stored => deliveryOf({ ...stored, attempts: stored.attempts + 1, due: now + leaseMs }));
  };

  const settle = (id: string, outcome: DeliveryOutcome): void => {
    if (outcome.state === 'delivered') run('DELETE FROM deliveries WHERE id = ?', id);
    else
      run(
        'UPDATE deliveries SET due = ?, dead = ?, error = ? WHERE id = ?',
        outcome.due,
        outcome.state === 'dead' ? 1 : 0,
        textOf(outcome.error),
        id,
      );
  };

  /** No more than so many wait; what is beyond is dead, and of the dead the oldest go. */
  const bound = (before: number): void => {
    for (const { webhook } of all<{ webhook: string }>('SELECT DISTINCT webhook FROM deliveries')) {
      const newest =
        'SELECT id FROM deliveries WHERE webhook = ? AND dead = ? ORDER BY created DESC, id DESC LIMIT -1 OFFSET ?';
      run(
        `UPDATE deliveries SET dead = 1, error = 'too many were waiting' WHERE id IN (${newest})`,
        webhook,
        0,
        MAX_WAITING_DELIVERIES,
      );
      run(`DELETE FROM deliveries WHERE id IN (${newest})`, webhook, 1, MAX_DEAD);
    }
    run('DELETE FROM deliveries WHERE dead = 1 AND created < ?', before);
  };

  return {
    subscribers: () => {
      known ??= subscribersOf(
        all<{ name: string; body: string }>(
          `SELECT name, body FROM documents WHERE kind = 'webhook' ORDER BY name`,
        ).map(({ name, body }) => ({ name, body: JSON.parse(body) as Subscription })),
      );
      return known;
    },
    forget: () => {
      known = undefined;
    },
    add: addressed => {
      for (const { notice, webhooks } of addressed)
        for (const webhook of webhooks) {
          const { to: _to, ...told } = notice;
          run(
            'INSERT OR IGNORE INTO deliveries (id, webhook, due, created, attempts, dead, body) VALUES (?, ?, ?, ?, 0, 0, ?)',
            `${notice.id}/${webhook}`,
            webhook,
            notice.time,
            notice.time,
            jsonOf(told),
          );
        }
    },
    carryOut: request => {
      switch (request.do) {
        case 'takeDeliveries':
          return take(request.query);
        case 'settleDelivery':
          return settle(request.id, request.outcome);
        case 'reviveDeliveries':
          return run(
            'UPDATE deliveries SET dead = 0, attempts = 0, due = ?, created = ? WHERE webhook = ? AND dead = 1',
            request.now,
            request.now,
            request.webhook,
          );
        case 'dropDeliveries':
          return run('DELETE FROM deliveries WHERE webhook = ?', request.webhook);
        case 'boundDeliveries':
          return bound(request.before);
      }
    },
  };
}

export function readDeliveries(all: All, { webhook, dead, limit }: DeliveryQuery): Delivery[] {
  return all<Stored>(
    'SELECT * FROM deliveries WHERE webhook = ? AND dead = ? ORDER BY created DESC, id DESC LIMIT ?',
    webhook,
    dead ? 1 : 0,
    limit,
  ).map(deliveryOf);
}

export const countDeliveries = (all: All): DeliveryCount[] =>
  all<{ webhook: string; waiting: number; dead: number; next: number | null }>(
    `SELECT webhook, sum(dead = 0) AS waiting, sum(dead) AS dead, min(iif(dead = 0, due, NULL)) AS next
      FROM deliveries GROUP BY webhook ORDER BY webhook`,
  ).map(({ webhook, waiting, dead, next }) => ({ webhook, waiting, dead, ...(next === null ? {} : { next }) }));
