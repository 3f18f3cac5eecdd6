// The POSTs of one session, in order: the listener hands them in, the session takes them out.
import type { Clock } from '../../shared/clock.ts';
import type { Envelope } from '../../shared/cwmp/soap.ts';
import { SessionLost } from '../fleet/common/ports.ts';

/** A message of the CPE: an envelope, or an empty POST. */
export type Posted = Envelope | 'empty';
/** The answer to it: an envelope (200), or nothing (204). */
export type Reply = Envelope | 'empty';

/** One POST, to be answered once. */
export interface Turn {
  posted: Posted;
  reply(reply: Reply): void;
}

export class PostStream {
  readonly #clock: Clock;
  /** Set while the session waits for a POST, on the monotonic clock. */
  waitingSince: number | undefined;
  #turn: Turn | undefined;
  /** Rejects the POST that the session works on. */
  #refuse: ((error: Error) => void) | undefined;
  #waiting: { resolve: (turn: Turn) => void; reject: (error: Error) => void } | undefined;
  /** An error, or its reason: an Error records its stack, which costs more than all else here, and most sessions end without need of one. */
  #lost: SessionLost | string | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Hands in one POST. @returns its answer @throws SessionLost when the session has ended or ends */
  post(posted: Posted): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== undefined) return reject(lostBy(this.#lost));
      // TR-069 3.7.1: strict alternation. A second POST before the answer to the first cannot be told apart from an attack.
      if (this.#refuse) return reject(new SessionLost('a POST came before the last one was answered'));
      this.#refuse = reject;
      const reply = (answer: Reply): void => {
        this.#refuse = undefined;
        resolve(answer);
      };
      const turn: Turn = { posted, reply };
      if (this.#waiting) {
        const waiting = this.#waiting;
        this.#waiting = undefined;
        this.waitingSince = undefined;
        waiting.resolve(turn);
      } else this.#turn = turn;
    });
  }

  /** The next POST. @throws SessionLost when none comes within the limit */
  async receive(inactivityMs: number): Promise<Turn> {
    if (this.#lost !== undefined) throw lostBy(this.#lost);
    const ready = this.#turn;
    this.#turn = undefined;
    if (ready) return ready;
    this.waitingSince = this.#clock.monotonic();
    return await new Promise<Turn>((resolve, reject) => {
      const timer = this.#clock.after(inactivityMs, () => this.abandon(`no POST for ${inactivityMs / 1000} s`));
      const settle =
        <T>(done: (value: T) => void) =>
        (value: T): void => {
          timer.cancel();
          done(value);
        };
      this.#waiting = { resolve: settle(resolve), reject: settle(reject) };
    });
  }

  /** Ends the stream: the next read fails with SessionLost, and so does a POST that waits for an answer. */
  abandon(reason: string | SessionLost): void {
    this.#lost ??= reason;
    if (!this.#refuse && !this.#waiting) return;
    const error = lostBy(this.#lost);
    this.#refuse?.(error);
    this.#refuse = undefined;
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }
}

const lostBy = (reason: SessionLost | string): SessionLost =>
  typeof reason === 'string' ? new SessionLost(reason) : reason;
