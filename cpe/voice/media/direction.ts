// The direction of a stream (RFC 4566 6, RFC 3264 5.1): what each side sends and receives.
import type { Attribute, Media, SessionView } from '../../../shared/sip/sdp.ts';

export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

const directions: readonly Direction[] = ['sendrecv', 'sendonly', 'recvonly', 'inactive'];

export const isDirection = ({ name }: Attribute): boolean => directions.some(direction => direction === name);

/** RFC 3264 8.4: the address in the place of one that is on hold. */
export const isHoldAddress = (address: string | undefined): boolean => address === '0.0.0.0' || address === '::';

/** RFC 4566 6: the stream's own direction, else the session's, else both ways. */
export function directionOf(sdp: SessionView, media: Media): Direction {
  const find = (attributes: readonly Attribute[]): Direction | undefined =>
    directions.find(direction => attributes.some(one => one.name === direction));
  return find(media.attributes) ?? find(sdp.attributes) ?? 'sendrecv';
}

export const sends = (direction: Direction): boolean => direction === 'sendrecv' || direction === 'sendonly';
export const receives = (direction: Direction): boolean => direction === 'sendrecv' || direction === 'recvonly';

const made = (sending: boolean, receiving: boolean): Direction => {
  if (sending) return receiving ? 'sendrecv' : 'sendonly';
  return receiving ? 'recvonly' : 'inactive';
};

/** The same stream as the other side sees it (RFC 3264 6.1). */
export const mirrored = (direction: Direction): Direction => made(receives(direction), sends(direction));

/** The directions that both allow. */
export const within = (direction: Direction, bounds: Direction): Direction =>
  made(sends(direction) && sends(bounds), receives(direction) && receives(bounds));
