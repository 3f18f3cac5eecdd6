// UDP: one socket, and a flow for each peer behind it (RFC 3261 18).
import type { Socket } from 'node:dgram';
import { messageOf } from '../errors.ts';
import { bindUdp } from '../net/udp.ts';
import { closeSignal } from './flow.ts';
import type { Address, Flow, FlowHost } from './flow-types.ts';
import { formatMessage } from './message.ts';

/** UDP peers remembered per socket. */
const MAX_PEERS = 20_000;
/** How many of the oldest are looked at for one that nobody needs. */
const LOOK_AT = 100;

export interface UdpEndpoint {
  readonly address: Address;
  flowTo(remote: Address): Flow;
  close(): Promise<void>;
}

interface Peer {
  flow: Flow;
  /** Whether a registration or a transaction waits for its end. */
  needed(): boolean;
}

/** Binds a socket; what it receives goes to `host`. Rejects with the system's error. */
export async function openUdp(host: FlowHost, local: Address): Promise<UdpEndpoint> {
  const socket = await bindUdp({ address: local.host, port: local.port });
  socket.on('error', error => host.log.warn('UDP socket', { reason: messageOf(error) }));
  const address = { host: local.host, port: socket.address().port };
  const peers = new Map<string, Peer>();
  let closing = false;

  /** Forged sources must not push out those who registered: an unneeded one of the oldest goes, the needed move on. */
  const makeRoom = (): void => {
    if (peers.size <= MAX_PEERS) return;
    const oldest = [...peers.entries()].slice(0, LOOK_AT);
    const spare = oldest.find(([, peer]) => !peer.needed()) ?? oldest[0];
    for (const [key, peer] of oldest) {
      if (peer === spare?.[1]) break;
      peers.delete(key);
      peers.set(key, peer);
    }
    spare?.[1].flow.close('forgotten');
  };
  const flowTo = (remote: Address): Flow => {
    const key = `${remote.host} ${remote.port}`;
    const known = peers.get(key);
    if (known) {
      peers.delete(key);
      peers.set(key, known);
      return known.flow;
    }
    const peer = udpPeer({ host, socket, local: address, remote, flowTo, forget: () => void peers.delete(key) });
    peers.set(key, peer);
    makeRoom();
    return peer.flow;
  };
  socket.on('message', (bytes, from) => {
    // CRLFs or zeros alone are a keep-alive of older phones and ask nothing.
    if (bytes.every(byte => byte === 13 || byte === 10 || byte === 0)) return;
    host.received(bytes, flowTo({ host: from.address, port: from.port }));
  });
  return {
    address,
    flowTo,
    close: async () => {
      if (closing) return;
      closing = true;
      for (const peer of [...peers.values()]) peer.flow.close('transport closed');
      await new Promise<void>(resolve => socket.close(() => resolve()));
    },
  };
}

/** A flow to one peer; closing it forgets the peer, the socket stays. */
function udpPeer(parts: {
  host: FlowHost;
  socket: Socket;
  local: Address;
  remote: Address;
  flowTo: (remote: Address) => Flow;
  forget: () => void;
}): Peer {
  const { host, socket, local, remote, flowTo, forget } = parts;
  const signal = closeSignal(host.log);
  const flow: Flow = {
    id: host.nextId('udp'),
    protocol: 'udp',
    reliable: false,
    local,
    remote,
    get closed() {
      return signal.reason !== undefined;
    },
    send: message => {
      const bytes = formatMessage(message);
      if (signal.reason !== undefined) return;
      socket.send(bytes, remote.port, remote.host, error => {
        if (error) host.log.debug('datagram not sent', { to: remote.host, reason: messageOf(error) });
      });
    },
    ping: () => Promise.resolve(signal.reason === undefined),
    onClose: signal.onClose,
    close: (reason = 'closed') => {
      if (signal.reason !== undefined) return;
      forget();
      host.closed(flow);
      signal.fire(reason);
    },
    at: port => (port === remote.port ? flow : flowTo({ host: remote.host, port })),
  };
  host.opened(flow);
  return { flow, needed: () => signal.listeners > 0 };
}
