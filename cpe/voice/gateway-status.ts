// The status of a SIP gateway as the unit's tables show it: its state, and its persistent connections.
import { messageOf } from '../../shared/errors.ts';
import { addressText } from '../../shared/sip/flow-types.ts';
import { TlsRefused } from '../../shared/tls/connect.ts';
import type { Link } from './servers/link.ts';
import type { LinkState } from './servers/link-status.ts';
import type { Servers } from './servers/servers.ts';

export interface ConnectionStatus {
  gateway: string;
  localPort: number;
  /** As configured. */
  remoteHost: string;
  /** '' while it is not known. */
  remoteAddress: string;
  state: LinkState;
  tls?: { version: string; cipher: string; peer?: string };
  /** Why it is not up. */
  failure?: string;
}

/** As `SipEp.GatewayStatus.State` words it. */
export type GatewayState =
  | 'Ready'
  | 'Cannot start, port already in use'
  | 'Waiting for time synchronization'
  | 'Server unreachable'
  | 'Invalid Configuration';

/** The state of a gateway that has started; undefined servers are not connected to yet. */
export function gatewayState(servers: Servers | undefined): GatewayState {
  const links = servers?.links ?? [];
  const down = links.filter(link => link.state === 'Down');
  if (down.some(link => isClockMissing(link.failure))) return 'Waiting for time synchronization';
  // Published for failed keep-alives only; that a lost connection shows in the same way is our choice.
  if (down.length > 0 || links.some(link => servers?.isUnreachable(link))) return 'Server unreachable';
  return 'Ready';
}

const isClockMissing = (failure: unknown): boolean =>
  failure instanceof TlsRefused && failure.verdict.reason === 'clock-not-set';

export function connectionStatus(gateway: string, link: Link): ConnectionStatus {
  const { flow, failure } = link;
  return {
    gateway,
    localPort: flow?.local.port ?? link.localPort,
    remoteHost: addressText(link.target),
    remoteAddress: flow ? addressText(flow.remote) : '',
    state: link.state,
    ...(flow?.tls ? { tls: flow.tls } : {}),
    ...(failure === undefined ? {} : { failure: messageOf(failure) }),
  };
}
