// Reads of the queue of notices to webhooks.
import type { Delivery, Notice } from '../../records.ts';
import type { DeliveryCount, DeliveryQuery } from '../../store.ts';
import type { Statements } from '../statements.ts';

export interface StoredDelivery {
  id: string;
  webhook: string;
  due: number;
  created: number;
  attempts: number;
  dead: number;
  error: string | null;
  body: string;
}

export const deliveryOf = ({ id, webhook, due, created, attempts, dead, error, body }: StoredDelivery): Delivery => ({
  id,
  webhook,
  due,
  created,
  attempts,
  dead: dead === 1,
  ...(error === null ? {} : { error }),
  notice: JSON.parse(body) as Notice,
});

export class DeliveryQueries {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  /** The newest first. */
  list({ webhook, dead, limit }: DeliveryQuery): Delivery[] {
    return this.#statements
      .all<StoredDelivery>(
        'SELECT * FROM deliveries WHERE webhook = ? AND dead = ? ORDER BY created DESC, id DESC LIMIT ?',
        webhook,
        dead ? 1 : 0,
        limit,
      )
      .map(deliveryOf);
  }

  counts(): DeliveryCount[] {
    return this.#statements
      .all<{ webhook: string; waiting: number; dead: number; next: number | null }>(
        `SELECT webhook, sum(dead = 0) AS waiting, sum(dead) AS dead, min(iif(dead = 0, due, NULL)) AS next
      FROM deliveries GROUP BY webhook ORDER BY webhook`,
      )
      .map(({ webhook, waiting, dead, next }) => ({ webhook, waiting, dead, ...(next === null ? {} : { next }) }));
  }
}
