// What processes of one fleet ask of each other: the table that both ends are typed by. Plain data; a `body` is bytes.
import type { AcsEvents, EventName } from '../events.ts';
import type { MemoryCalls } from '../fleet/common/ports.ts';
import type { ForwardedAnswer, ForwardedPost } from '../south/session-forwarding.ts';
import type { Member } from '../store/store.ts';

export interface RelayCalls extends MemoryCalls {
  /** A POST that belongs to a session of the called process. Nothing: that is over. */
  post: { args: ForwardedPost; result: ForwardedAnswer | undefined };
  /** The session under that claim is to end; answered when it has. */
  giveUp: { args: { device: string; claim: number }; result: undefined };
  /** There is something new to do for a device. Whether it is in session there. */
  notice: { args: { device: string }; result: boolean };
  /** A device's place in a rollout is another: the called process, whose duty rollouts are, looks at what comes next. */
  rolloutMoved: { args: Record<string, never>; result: undefined };
  /** What the asking process wants to hear of, from now on. */
  interest: { args: { all: boolean; devices: string[] }; result: undefined };
  /** Something happened that the called process wanted to hear of. */
  event: { args: { name: EventName; event: AcsEvents[EventName] }; result: undefined };

  /** Documents of the store are others now: what an operator has changed holds for the next session, wherever that is. */
  changed: { args: Record<string, never>; result: undefined };
  /** A worker asks its primary what it needs to serve. */
  settings: { args: Record<string, never>; result: { certificates: { cert: string; key: string }[] } };
  /** A worker listens, at these addresses. */
  listening: { args: { cwmp: string[] }; result: undefined };
  /** The primary's certificates are others now. */
  certificates: { args: { certificates: { cert: string; key: string }[] }; result: undefined };
  /** A worker changes the store, which its primary owns: a request as the store packs it. */
  write: { args: { request: string; told?: string; body?: Uint8Array }; result: unknown };
  beat: { args: { id: string; address: string }; result: Member[] };
  leave: { args: { id: string }; result: undefined };
  /** What the metrics of the called process are now, as prom-client has them. */
  metrics: { args: Record<string, never>; result: object[] };
}

export type RelayCall = keyof RelayCalls;
