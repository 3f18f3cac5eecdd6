// The way of RAS messages between the gatekeeper and one peer: a UDP address, or a connection that carries calls as well.
import type { Address } from '../../../shared/sip/flow-types.ts';
import type { SignallingConnection } from './connection.ts';

export interface RasChannel {
  /** Tells channels apart. */
  readonly key: string;
  readonly protocol: 'udp' | 'tls';
  readonly local: Address;
  readonly remote: Address;
  readonly tls?: { version: string; cipher: string };
  /** Absent over UDP. */
  readonly connection?: SignallingConnection;
  send(message: Buffer): void;
  /** The same peer at another port; a connection is its own. */
  at(port: number): RasChannel;
}
