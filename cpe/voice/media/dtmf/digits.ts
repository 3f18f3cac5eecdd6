// DTMF digits: the sixteen of them, and their order in time within one RTP stream.

/** RFC 4733 3.2: the event code of a digit is its place. */
const digits = '0123456789*#ABCD';

export const eventOf = (digit: string): number => digits.indexOf(digit);
export const digitOf = (event: number): string | undefined => digits[event];
/** One digit or more, and nothing else. */
export const isDigits = (text: string): boolean => /^[0-9*#A-D]{1,64}$/.test(text);

/** DGW `TelIf` `DialingDtmfDuration` and `InterDtmfDialDelay`: 100 ms each. */
const DIGIT_MS = 100;
const PAUSE_MS = 100;
/** Digits that wait to be sent; those beyond are dropped. */
const MOST_WAITING = 64;

/** One frame of a digit that is being sent. */
export interface DigitFrame {
  digit: string;
  /** Milliseconds of the digit that are sent once this frame is. */
  elapsed: number;
  first: boolean;
  last: boolean;
}

/** The digits of a stream that are still to be sent, each with the pause behind it. */
export class DigitQueue {
  #waiting = '';
  /** Milliseconds since the current digit began. */
  #elapsed = 0;

  /** @param added only characters of which `isDigits` holds */
  add(added: string): void {
    this.#waiting = (this.#waiting + added).slice(0, MOST_WAITING);
  }

  /** The use of the next `ms` of the stream: undefined where no digit is being sent. */
  next(ms: number): DigitFrame | 'pause' | undefined {
    const digit = this.#waiting[0];
    if (digit === undefined) return undefined;
    const before = this.#elapsed;
    this.#elapsed += ms;
    if (before < DIGIT_MS) {
      return { digit, elapsed: this.#elapsed, first: before === 0, last: this.#elapsed >= DIGIT_MS };
    }
    if (this.#elapsed >= DIGIT_MS + PAUSE_MS) {
      this.#waiting = this.#waiting.slice(1);
      this.#elapsed = 0;
    }
    return 'pause';
  }
}
