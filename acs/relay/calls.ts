// The calls between processes of a cluster: the table that gives both ends their types. Plain data; a `body` is bytes.
import type { AcsEvents, EventName } from '../events.ts';
import type { MemoryCalls } from '../fleet/common/ports.ts';
import type { ForwardedAnswer, ForwardedPost } from '../south/session-forwarding.ts';
import type { Member } from '../store/store.ts';

export interface RelayCalls extends MemoryCalls {
  /** Forwards a POST to the process that has its session. The result is undefined when that session is over. */
  post: { args: ForwardedPost; result: ForwardedAnswer | undefined };
  /** Ends the session with that claim; answered when it has ended. */
  giveUp: { args: { device: string; claim: number }; result: undefined };
  /** There is new work for a device. The result says whether the device is in session there. */
  notice: { args: { device: string }; result: boolean };
  /** A device has made progress in a rollout or a job; the called process, which has the duty of both, decides the next step. */
  rolloutMoved: { args: Record<string, never>; result: undefined };
  /** The events that the calling process wants from now on. */
  interest: { args: { all: boolean; devices: string[] }; result: undefined };
  /** An event that the called process is interested in. */
  event: { args: { name: EventName; event: AcsEvents[EventName] }; result: undefined };
  /** Documents of the store have changed; the next session must use the new ones. */
  changed: { args: Record<string, never>; result: undefined };
  /** A worker asks its primary for its settings. */
  settings: { args: Record<string, never>; result: { certificates: { cert: string; key: string }[] } };
  /** A worker reports the addresses that it listens at. */
  listening: { args: { cwmp: string[] }; result: undefined };
  /** The primary has new certificates. */
  certificates: { args: { certificates: { cert: string; key: string }[] }; result: undefined };
  /** A worker changes the store of its primary; the request is packed by the store. */
  write: { args: { request: string; told?: string; body?: Uint8Array }; result: unknown };
  beat: { args: { id: string; address: string }; result: Member[] };
  leave: { args: { id: string }; result: undefined };
  /** The current metrics of the called process, in the form of prom-client. */
  metrics: { args: Record<string, never>; result: object[] };
}

export type RelayCall = keyof RelayCalls;
