// The range of a unit's media ports.

/** As many calls as a unit can have; beyond it something else holds the ports. */
const MOST_TRIES = 500;

/** The ports from a base port on (rounded up to an even number): RTP takes even ones, and RTCP the odd ones above them. */
export function portRange(basePort: number): { first: number; last: number } {
  const first = basePort + (basePort % 2);
  return { first, last: Math.min(65_535, first + 2 * MOST_TRIES + 1) };
}
