// What processes of one fleet ask of each other: the table that both ends are typed by. Plain data; a `body` is bytes.
import type { AcsEvents, EventName } from '../events.ts';
import type { ForwardedAnswer, ForwardedPost } from '../south/elsewhere.ts';

export interface RelayCalls {
  /** A POST that belongs to a session of the called process. Nothing: that is over. */
  post: { args: ForwardedPost; result: ForwardedAnswer | undefined };
  /** The session under that claim is to end; answered when it has. */
  giveUp: { args: { device: string; claim: number }; result: undefined };
  /** There is something new to do for a device. Whether it is in session there. */
  notice: { args: { device: string }; result: boolean };
  /** What the asking process wants to hear of, from now on. */
  interest: { args: { all: boolean; devices: string[] }; result: undefined };
  /** Something happened that the called process wanted to hear of. */
  event: { args: { name: EventName; event: AcsEvents[EventName] }; result: undefined };
}

export type RelayCall = keyof RelayCalls;
