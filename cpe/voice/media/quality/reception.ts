// The arrival of a peer's RTP: loss and jitter as RFC 3550 A.1, A.3 and A.8 count them.

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

/** The interarrival jitter (RFC 3550 6.4.1, A.8), in units of the RTP clock. */
class Jitter {
  #transit: number | undefined;
  now = 0;
  largest = 0;

  /** Another stream begins. */
  begin(): void {
    this.#transit = undefined;
  }

  /** @param now milliseconds, of any origin */
  take(timestamp: number, now: number): void {
    const transit = (now * RTP_CLOCK) / 1000 - timestamp;
    const before = this.#transit;
    this.#transit = transit;
    if (before === undefined) return;
    const difference = Math.abs(transit - before);
    // The time stamp has wrapped, or jumped: no delay of a network.
    if (difference > 10 * RTP_CLOCK) return;
    this.now += (difference - this.now) / 16;
    this.largest = Math.max(this.largest, this.now);
  }
}

/** The sequence numbers of one stream (RFC 3550 A.1). */
class Sequence {
  #first: number;
  #highest: number;
  #cycles = 0;
  /** The next number, should the peer have restarted its own. */
  #restart: number | undefined;
  received = 0;

  constructor(first: number) {
    this.#first = first;
    this.#highest = first;
  }

  get highest(): number {
    return this.#cycles + this.#highest;
  }

  get expected(): number {
    return this.highest - this.#first + 1;
  }

  /** False for a wild number, which is not counted; `restarted` where a wild one is followed by its successor. */
  take(sequence: number): boolean | 'restarted' {
    const ahead = (sequence - this.#highest) & 0xffff;
    if (ahead >= MOST_DROPOUT && ahead <= 0x1_0000 - MOST_MISORDER) {
      const restarted = sequence === this.#restart;
      this.#restart = (sequence + 1) & 0xffff;
      return restarted && 'restarted';
    }
    this.#restart = undefined;
    this.received++;
    if (ahead >= MOST_DROPOUT) return true;
    if (sequence < this.#highest) this.#cycles += 0x1_0000;
    this.#highest = sequence;
    return true;
  }
}

export class Reception {
  #ssrc = 0;
  #sequence: Sequence | undefined;
  /** Expected and received of the streams before the current one. */
  readonly #earlier = { expected: 0, received: 0 };
  #reported = { expected: 0, received: 0 };
  readonly #jitter = new Jitter();

  /** Takes note of a packet. @param now milliseconds, of any origin */
  take({ ssrc, sequence, timestamp }: { ssrc: number; sequence: number; timestamp: number }, now: number): void {
    if (ssrc !== this.#ssrc) this.restart();
    this.#ssrc = ssrc;
    this.#sequence ??= new Sequence(sequence);
    const taken = this.#sequence.take(sequence);
    if (taken === false) return;
    if (taken === 'restarted') {
      this.restart();
      this.#sequence = new Sequence((sequence - 1) & 0xffff);
      // The packet before was not counted.
      this.#sequence.received = 1;
      this.#sequence.take(sequence);
    }
    this.#jitter.take(timestamp, now);
  }

  /** The next packet begins a stream of its own: the peer has another SSRC or another key. */
  restart(): void {
    this.#earlier.expected += this.#sequence?.expected ?? 0;
    this.#earlier.received += this.#sequence?.received ?? 0;
    this.#reported = { expected: 0, received: 0 };
    this.#sequence = undefined;
    this.#jitter.begin();
  }

  /** Packets that should have come, and those of them that did not (RFC 3550 A.3), of all streams. */
  get counts(): { expected: number; lost: number } {
    const expected = this.#earlier.expected + (this.#sequence?.expected ?? 0);
    const received = this.#earlier.received + (this.#sequence?.received ?? 0);
    return { expected, lost: Math.max(0, expected - received) };
  }

  /** Milliseconds: the interarrival jitter at its largest. */
  get jitter(): number {
    return (1000 * this.#jitter.largest) / RTP_CLOCK;
  }

  /** The block of the next RTCP report, undefined without a stream; the fraction counts from the last call on. */
  report(): ReceptionReport | undefined {
    if (!this.#sequence) return undefined;
    const { expected, received, highest } = this.#sequence;
    const recent = expected - this.#reported.expected;
    const lost = recent - (received - this.#reported.received);
    this.#reported = { expected, received };
    return {
      ssrc: this.#ssrc,
      fractionLost: lost <= 0 ? 0 : Math.min(255, Math.floor((256 * lost) / recent)),
      lost: expected - received,
      highestSequence: highest >>> 0,
      jitter: Math.floor(this.#jitter.now),
    };
  }
}
