// The queue of notices to webhooks in SQLite: a row for each notice and each webhook that receives it.
import { MAX_DEAD, MAX_WAITING_DELIVERIES } from '../../delivery-limits.ts';
import { type Addressed, type Subscribers, subscribersOf } from '../../notices.ts';
import type { Delivery, DeliveryOutcome, Subscription } from '../../records.ts';
import type { TakeDeliveries } from '../../store.ts';
import { checkedText, jsonOf } from '../../text-checks.ts';
import { deliveryOf, type StoredDelivery } from '../queries/delivery-queries.ts';
import type { Statements } from '../statements.ts';

export type DeliveryRequest =
  | { do: 'takeDeliveries'; query: TakeDeliveries }
  | { do: 'settleDelivery'; id: string; outcome: DeliveryOutcome }
  | { do: 'reviveDeliveries'; webhook: string; now: number }
  | { do: 'dropDeliveries'; webhook: string }
  | { do: 'boundDeliveries'; before: number };

/** Writes the queue, and remembers the webhooks. */
export class DeliveryWrites {
  readonly #statements: Statements;
  #subscribers: Subscribers | undefined;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  /** The webhooks as the documents say them now. */
  subscribers(): Subscribers {
    this.#subscribers ??= subscribersOf(
      this.#statements
        .all<{ name: string; body: string }>(`SELECT name, body FROM documents WHERE kind = 'webhook' ORDER BY name`)
        .map(({ name, body }) => ({ name, body: JSON.parse(body) as Subscription })),
    );
    return this.#subscribers;
  }

  /** Makes the next use read the webhooks again. */
  forget(): void {
    this.#subscribers = undefined;
  }

  add(addressed: readonly Addressed[]): void {
    for (const { notice, webhooks } of addressed)
      for (const webhook of webhooks) {
        const { to: _to, ...sent } = notice;
        this.#statements.run(
          'INSERT OR IGNORE INTO deliveries (id, webhook, due, created, attempts, dead, body) VALUES (?, ?, ?, ?, 0, 0, ?)',
          `${notice.id}/${webhook}`,
          webhook,
          notice.time,
          notice.time,
          jsonOf(sent),
        );
      }
  }

  carryOut(request: DeliveryRequest): unknown {
    switch (request.do) {
      case 'takeDeliveries':
        return take(this.#statements, request.query);
      case 'settleDelivery':
        return settle(this.#statements, request.id, request.outcome);
      case 'reviveDeliveries':
        return revive(this.#statements, request.webhook, request.now);
      case 'dropDeliveries':
        return this.#statements.run('DELETE FROM deliveries WHERE webhook = ?', request.webhook);
      case 'boundDeliveries':
        return bound(this.#statements, request.before);
    }
  }
}

function take(statements: Statements, { webhook, now, leaseMs, limit }: TakeDeliveries): Delivery[] {
  const found = statements.all<StoredDelivery>(
    'SELECT * FROM deliveries WHERE webhook = ? AND dead = 0 AND due <= ? ORDER BY due, id LIMIT ?',
    webhook,
    now,
    limit,
  );
  for (const { id } of found)
    statements.run(
      'UPDATE deliveries SET due = ?, attempts = attempts + 1, error = NULL WHERE id = ?',
      now + leaseMs,
      id,
    );
  return found.map(stored => deliveryOf({ ...stored, attempts: stored.attempts + 1, due: now + leaseMs }));
}

/** A waiting delivery with an error is one that has failed: one that is taken has none. */
function revive(statements: Statements, webhook: string, now: number): number {
  const waiting = statements.run(
    'UPDATE deliveries SET due = ? WHERE webhook = ? AND dead = 0 AND due > ? AND error IS NOT NULL',
    now,
    webhook,
    now,
  );
  const change = 'dead = 0, attempts = 0, due = ?, created = ?';
  return waiting + statements.run(`UPDATE deliveries SET ${change} WHERE webhook = ? AND dead = 1`, now, now, webhook);
}

function settle(statements: Statements, id: string, outcome: DeliveryOutcome): void {
  if (outcome.state === 'delivered') statements.run('DELETE FROM deliveries WHERE id = ?', id);
  else
    statements.run(
      'UPDATE deliveries SET due = ?, dead = ?, error = ? WHERE id = ?',
      outcome.due,
      outcome.state === 'dead' ? 1 : 0,
      checkedText(outcome.error),
      id,
    );
}

/** Bounds the deliveries that wait: those beyond become dead, and of the dead the oldest go. */
function bound(statements: Statements, before: number): void {
  for (const { webhook } of statements.all<{ webhook: string }>('SELECT DISTINCT webhook FROM deliveries')) {
    const newest =
      'SELECT id FROM deliveries WHERE webhook = ? AND dead = ? ORDER BY created DESC, id DESC LIMIT -1 OFFSET ?';
    statements.run(
      `UPDATE deliveries SET dead = 1, error = 'too many were waiting' WHERE id IN (${newest})`,
      webhook,
      0,
      MAX_WAITING_DELIVERIES,
    );
    statements.run(`DELETE FROM deliveries WHERE id IN (${newest})`, webhook, 1, MAX_DEAD);
  }
  statements.run('DELETE FROM deliveries WHERE dead = 1 AND created < ?', before);
}
