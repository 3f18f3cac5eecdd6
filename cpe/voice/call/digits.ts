// The DTMF digits of one call: sent as the endpoint is set to, in the media or by requests of the dialog, and counted as they come.
import { UserError } from '../../../shared/errors.ts';
import { isDigits } from '../media/dtmf/digits.ts';
import type { MediaSession } from '../media/media.ts';
import type { CallReport } from './report.ts';
import type { DialogSide } from './request-in-dialog.ts';

/** Digits that are kept of those that came by requests. */
const MOST_DIGITS = 64;

export class CallDigits {
  readonly #side: DialogSide;
  readonly #media: MediaSession;
  /** Those that came by requests. */
  #heard = '';

  constructor(side: DialogSide, media: MediaSession) {
    this.#side = side;
    this.#media = media;
  }

  /** See Call.sendDigits. */
  async send(digits: string): Promise<void> {
    if (!isDigits(digits))
      throw new UserError(400, 'invalid-digits', `'${digits.slice(0, 80)}' is not 1 to 64 of 0-9 * # A-D`);
    const { context, user } = this.#side;
    if (context.mediaOf(user).dtmf.transport === 'signalling') return;
    this.#media.sendDigits(digits);
  }

  /** Takes a digit that a request of the peer carried. */
  take(digit: string): void {
    this.#heard = (this.#heard + digit).slice(-MOST_DIGITS);
  }

  /** The report with the digits of both ways of hearing. */
  in(report: CallReport): CallReport {
    const digits = this.#heard + (report.digits ?? '');
    return digits === '' ? report : { ...report, digits };
  }
}
