// The options of a link to one SIP server.
import type { Clock } from '../../../shared/clock.ts';
import type { Target } from '../../../shared/dns/locate.ts';
import type { Log } from '../../../shared/log.ts';
import type { Address, Flow } from '../../../shared/sip/flow-types.ts';
import type { LinkNotices } from './link-notices.ts';

export interface LinkOptions {
  /** As configured. */
  target: Address;
  /** Its targets, the one to try first at the head. */
  locate: () => Promise<readonly Target[]>;
  clock: Clock;
  log: Log;
  signal: AbortSignal;
  failbackMs: number;
  /** Time for which a target that failed is left alone while there is another. */
  holdMs: number;
  /** Candidates for one attempt; [undefined] leaves the choice to the host. */
  ports: (last: number | undefined) => Iterable<number | undefined>;
  lastPort: number | undefined;
  connect: (target: Target, localPort: number | undefined, signal: AbortSignal) => Promise<Flow>;
  notices: Pick<LinkNotices, 'connecting' | 'up' | 'failed' | 'lost'>;
  /** A call goes over the flow: it stays open although another connection has taken its place. */
  isBusy: (flow: Flow) => boolean;
  onChange: () => void;
}
