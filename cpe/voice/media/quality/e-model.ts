// The E-model (ITU-T G.107), with everything at its default but delay, codec and loss: a rating R, and the opinion score it stands for.

/** G.107 table 3 and equation 7-1 with all defaults. */
const DEFAULT_R = 93.2;
/** Delay in milliseconds from which on the simplified form of G.107 subtracts more for each millisecond. */
const HARD_DELAY = 177.3;

interface Impairments {
  /** Of the codec: equipment impairment, and robustness to loss (ITU-T G.113). */
  ie: number;
  bpl: number;
  /** Percent of packets. */
  loss: number;
  /** One way, in milliseconds. */
  delay: number;
}

/** The transmission rating R, 0..93.2. */
export function ratingOf({ ie, bpl, loss, delay }: Impairments): number {
  const delayed = 0.024 * delay + (delay > HARD_DELAY ? 0.11 * (delay - HARD_DELAY) : 0);
  const effective = ie + ((95 - ie) * loss) / (loss + bpl);
  return Math.max(0, DEFAULT_R - delayed - effective);
}

/** G.107 annex B: the mean opinion score, 1..4.5. */
export function opinionOf(rating: number): number {
  if (rating <= 0) return 1;
  if (rating >= 100) return 4.5;
  return Math.max(1, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6);
}
