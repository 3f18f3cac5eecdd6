// What has arrived of a peer's RTP: loss and jitter as RFC 3550 A.1, A.3 and A.8 count them.

/** RFC 3550 A.1: a step ahead that is still believed, and packets that may come late. */
const MOST_DROPOUT = 3000;
const MOST_MISORDER = 100;
/** Per second; every codec here has the RTP clock of RFC 3551. */
export const RTP_CLOCK = 8000;

/** Numbers of one reception report (RFC 3550 6.4.1). */
export interface ReceptionReport {
  ssrc: number;
  /** Of 256, since the last report. */
  fractionLost: number;
  /** Since the beginning; negative when packets came twice. */
  lost: number;
  highestSequence: number;
  /** In units of the RTP clock. */
  jitter: number;
}

export class Reception {
  #ssrc: number | undefined;
  #first = 0;
  #highest = 0;
  #cycles = 0;
  #received = 0;
  /** The next sequence number, should the peer have restarted its own. */
  #restart: number | undefined;
  /** Expected and received of the streams before the current one. */
  #earlier = { expected: 0, received: 0 };
  #reported = { expected: 0, received: 0 };
  #transit: number | undefined;
  #jitter = 0;
  #largestJitter = 0;

  /** Takes note of a packet. @param now milliseconds, of any origin */
  take({ ssrc, sequence, timestamp }: { ssrc: number; sequence: number; timestamp: number }, now: number): void {
    if (ssrc !== this.#ssrc) this.#begin(ssrc, sequence);
    else if (!this.#follow(sequence)) return;
    this.#received++;
    this.#measure(timestamp, now);
  }

  /** RFC 3550 A.3: packets that should have come less those that did, of all streams. Never negative. */
  get lost(): number {
    return Math.max(0, this.#earlier.expected + this.#expected - this.#earlier.received - this.#received);
  }

  /** Packets that should have come. */
  get expected(): number {
    return this.#earlier.expected + this.#expected;
  }

  /** Milliseconds: the smoothed interarrival jitter (RFC 3550 6.4.1) now, and at its largest. */
  get jitter(): { now: number; largest: number } {
    const milliseconds = (units: number): number => (1000 * units) / RTP_CLOCK;
    return { now: milliseconds(this.#jitter), largest: milliseconds(this.#largestJitter) };
  }

  /** The block of the next RTCP report, undefined before the first packet; the fraction counts from the last call on. */
  report(): ReceptionReport | undefined {
    if (this.#ssrc === undefined) return undefined;
    const expected = this.#expected - this.#reported.expected;
    const lost = expected - (this.#received - this.#reported.received);
    this.#reported = { expected: this.#expected, received: this.#received };
    return {
      ssrc: this.#ssrc,
      fractionLost: expected <= 0 || lost <= 0 ? 0 : Math.min(255, Math.floor((256 * lost) / expected)),
      lost: this.#expected - this.#received,
      highestSequence: (this.#cycles + this.#highest) >>> 0,
      jitter: Math.floor(this.#jitter),
    };
  }

  get #expected(): number {
    return this.#ssrc === undefined ? 0 : this.#cycles + this.#highest - this.#first + 1;
  }

  #begin(ssrc: number, sequence: number): void {
    this.#earlier = { expected: this.expected, received: this.#earlier.received + this.#received };
    this.#ssrc = ssrc;
    this.#first = sequence;
    this.#highest = sequence;
    this.#cycles = 0;
    this.#received = 0;
    this.#reported = { expected: 0, received: 0 };
    this.#restart = undefined;
    this.#transit = undefined;
  }

  /** RFC 3550 A.1: false for a packet that is not counted. A wild number counts once its successor follows: the peer has restarted. */
  #follow(sequence: number): boolean {
    const ahead = (sequence - this.#highest) & 0xffff;
    if (ahead < MOST_DROPOUT) {
      if (sequence < this.#highest) this.#cycles += 0x1_0000;
      this.#highest = sequence;
    } else if (ahead <= 0x1_0000 - MOST_MISORDER) {
      const restarted = sequence === this.#restart;
      this.#restart = (sequence + 1) & 0xffff;
      if (!restarted) return false;
      this.#begin(this.#ssrc ?? 0, (sequence - 1) & 0xffff);
      this.#highest = sequence;
      this.#received = 1;
      return true;
    }
    this.#restart = undefined;
    return true;
  }

  /** RFC 3550 A.8. */
  #measure(timestamp: number, now: number): void {
    const transit = (now * RTP_CLOCK) / 1000 - timestamp;
    const before = this.#transit;
    this.#transit = transit;
    if (before === undefined) return;
    const difference = Math.abs(transit - before);
    // The time stamp has wrapped, or jumped: no delay of a network.
    if (difference > 10 * RTP_CLOCK) return;
    this.#jitter += (difference - this.#jitter) / 16;
    this.#largestJitter = Math.max(this.#largestJitter, this.#jitter);
  }
}
