// The end of a call: once, from either side, with the numbers of the call as they were then.
import type { MediaSession } from '../media/media.ts';
import type { CallReport } from './report.ts';
import { type DialogSide, requestInDialog } from './request-in-dialog.ts';

export class CallLifetime {
  readonly ended: Promise<{ reason: string }>;
  readonly #side: DialogSide;
  readonly #media: MediaSession;
  readonly #stats: () => CallReport;
  readonly #onEnd: () => void;
  #final: CallReport | undefined;
  #resolveEnded: (end: { reason: string }) => void = () => undefined;

  constructor(side: DialogSide, media: MediaSession, call: { stats: () => CallReport; onEnd: () => void }) {
    this.#side = side;
    this.#media = media;
    this.#stats = call.stats;
    this.#onEnd = call.onEnd;
    this.ended = new Promise(resolve => {
      this.#resolveEnded = resolve;
    });
  }

  get state(): 'up' | 'ended' {
    return this.#final ? 'ended' : 'up';
  }

  /** The current numbers, or those at the end of the call. */
  stats(): CallReport {
    return this.#final ?? this.#stats();
  }

  /** Sends BYE; does nothing when the call has ended. */
  async hangup(reason: string): Promise<void> {
    if (this.#final) return;
    const done = this.end(reason);
    await requestInDialog(this.#side, 'BYE');
    await done;
  }

  /** @param silent sends no RTCP BYE */
  async end(reason: string, silent = false): Promise<void> {
    if (this.#final) return;
    const { context, dialog, user } = this.#side;
    this.#final = this.#stats();
    context.legs.delete(dialog.key);
    this.#onEnd();
    context.log.info('call ended', { user, peer: dialog.remote, reason, ...this.#final });
    const { authFailures: count } = this.#final;
    if (count > 0) context.notify('mediaNotAuthentic', { user, peer: dialog.remote, count });
    await this.#media.stop(silent);
    this.#resolveEnded({ reason });
  }

  /** Hangs up a call that cannot go on. */
  giveUp(reason: string): void {
    const { context, dialog, user } = this.#side;
    if (!this.#final) {
      context.watch?.lost(user);
      context.notify('callLost', { user, peer: dialog.remote, reason });
    }
    this.#unawaited(this.hangup(reason));
  }

  endLater(reason: string): void {
    this.#unawaited(this.end(reason));
  }

  #unawaited(end: Promise<void>): void {
    end.catch((error: unknown) => this.#side.context.log.error('call end failed', { error }));
  }
}
