// The DTMF digits of one call: sent as the endpoint is set to, in the media or by requests of the dialog, and counted as they come.
import { UserError } from '../../../../shared/errors.ts';
import type { DtmfTransport } from '../endpoint-media.ts';
import { isDigits } from './digits.ts';

/** Digits that are kept of those that came by requests. */
const MOST_DIGITS = 64;

/** The two ways of sending, and the choice between them. */
interface DigitWays {
  /** As the endpoint is set now. */
  transport(): DtmfTransport;
  byMedia(digits: string): void;
  /** One request a digit; absent where the call has no such way, and tones are sent then. */
  bySignalling?(digit: string): Promise<void>;
}

export class CallDigits {
  readonly #ways: DigitWays;
  /** Those that came by requests. */
  #heard = '';

  constructor(ways: DigitWays) {
    this.#ways = ways;
  }

  /** @throws UserError for other characters than 0-9 * # A-D, none of them, or more than 64 */
  async send(digits: string): Promise<void> {
    if (!isDigits(digits))
      throw new UserError(400, 'invalid-digits', `'${digits.slice(0, 80)}' is not 1 to 64 of 0-9 * # A-D`);
    const { bySignalling } = this.#ways;
    if (this.#ways.transport() !== 'signalling' || !bySignalling) return this.#ways.byMedia(digits);
    for (const digit of digits) await bySignalling(digit);
  }

  /** Takes a digit that a request of the peer carried. */
  take(digit: string): void {
    this.#heard = (this.#heard + digit).slice(-MOST_DIGITS);
  }

  /** The report with the digits of both ways of hearing. */
  in<T extends { digits?: string }>(report: T): T {
    const digits = this.#heard + (report.digits ?? '');
    return digits === '' ? report : { ...report, digits };
  }
}
