// The pauses between attempts: of one message, and of a webhook whose messages fail.
import type { Random } from '../../../shared/clock.ts';
import { spread } from '../common/backoff.ts';
import type { FleetContext } from '../common/context.ts';

const SECOND = 1000;
const HOUR = 3_600_000;
/** The pauses after the first, second, … failure; the last one repeats. */
const PAUSES_MS = [10, 30, 60, 300, 900].map(seconds => seconds * SECOND).concat([HOUR, 3 * HOUR, 6 * HOUR]);

/** The pause after a number of failures, milliseconds, at random about its table value. */
export const retryPauseMs = (failures: number, random: Random): number =>
  spread(PAUSES_MS[Math.min(failures, PAUSES_MS.length) - 1] ?? 0, random);

interface Backoff {
  failures: number;
  /** No message is sent before this time, then a single one. */
  until: number;
}

/** Webhooks whose last messages failed, by name. */
export class WebhookBackoffs {
  readonly #context: Pick<FleetContext, 'clock' | 'random' | 'log'>;
  readonly #backoffs = new Map<string, Backoff>();

  constructor(context: Pick<FleetContext, 'clock' | 'random' | 'log'>) {
    this.#context = context;
  }

  of(name: string): Backoff | undefined {
    return this.#backoffs.get(name);
  }

  /**
   * @param failures the number of failures in sequence
   * @param last.askedMs the pause that the receiver asks for; 0 for none
   * @param last.reason why the last message was not accepted
   */
  begin(name: string, failures: number, { askedMs, reason }: { askedMs: number; reason: string }): void {
    const { clock, random, log } = this.#context;
    const pauseMs = Math.max(Math.min(retryPauseMs(failures, random), HOUR), askedMs);
    this.#backoffs.set(name, { failures, until: clock.now() + pauseMs });
    if (failures === 1) log.warn('webhook delivery failed', { webhook: name, reason });
  }

  end(name: string): void {
    this.#backoffs.delete(name);
  }
}
