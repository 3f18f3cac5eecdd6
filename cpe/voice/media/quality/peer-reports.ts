// The RTCP reports of the peer (RFC 3550 6.4): what they say of our stream, and what our next one says of them.
import type { Clock } from '../../../../shared/clock.ts';
import { middleOfNtp, readPeerReport } from '../rtp.ts';

export class PeerReports {
  readonly #clock: Clock;
  /** Of our own stream. */
  readonly #ssrc: number;
  /** The last sender report: its own time stamp, and when it came. */
  #last: { sentAt: number; at: number } | undefined;
  /** Packets of ours that the peer has missed. */
  lost: number | undefined;
  /** Milliseconds to the peer and back. */
  roundTrip: number | undefined;

  constructor(clock: Clock, ssrc: number) {
    this.#clock = clock;
    this.#ssrc = ssrc;
  }

  /** @param bytes a compound packet that `readReport` takes */
  take(bytes: Buffer): void {
    const { sentAt, about } = readPeerReport(bytes, this.#ssrc);
    if (sentAt !== undefined) this.#last = { sentAt, at: this.#clock.monotonic() };
    if (!about) return;
    this.lost = Math.max(0, about.lost);
    if (about.lastReport === 0) return;
    const units = (middleOfNtp(this.#clock.now()) - about.lastReport - about.sinceReport) | 0;
    // A clock that was set meanwhile measures nothing.
    if (units >= 0) this.roundTrip = (1000 * units) / 0x1_0000;
  }

  /** The last sender report as our own reports name it, in units of 2^-16 s; zeros before the first. */
  times(): { lastReport: number; sinceReport: number } {
    const last = this.#last;
    if (!last) return { lastReport: 0, sinceReport: 0 };
    const since = Math.round(((this.#clock.monotonic() - last.at) * 0x1_0000) / 1000);
    return { lastReport: last.sentAt, sinceReport: since };
  }
}
