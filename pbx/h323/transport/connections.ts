// The connections for call signalling: those that peers opened, and those that calls went out on.
import type { Socket } from 'node:net';
import type { Clock } from '../../../shared/clock.ts';
import { connectTcp } from '../../../shared/net/tcp.ts';
import type { Address } from '../../../shared/sip/flow-types.ts';
import { connectTls, type TlsSettings } from '../../../shared/tls/connect.ts';
import { SignallingConnection } from './connection.ts';

interface ConnectionsOptions {
  clock: Clock;
  packet: (packet: Buffer, connection: SignallingConnection) => void;
  /** A message came over the socket of a connection that its peer opened. */
  heard: (socket: Socket) => void;
  /** Called when a connection has closed. */
  closed: (connection: SignallingConnection) => void;
  /** A registration keeps the connection. */
  isKept: (connection: SignallingConnection) => boolean;
  /** The judgement of TLS servers, apart from the time; absent: none is reached. */
  routeTls: Omit<TlsSettings, 'now'> | undefined;
}

const CONNECT_MS = 5000;

export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #open = new Set<SignallingConnection>();
  #count = 0;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  all(): SignallingConnection[] {
    return [...this.#open];
  }

  /** Takes a connection that a peer opened. */
  accept(socket: Socket): void {
    let isHeard = false;
    this.#add(socket, false, () => {
      if (isHeard) return;
      isHeard = true;
      this.#options.heard(socket);
    });
  }

  /** Opens a connection, which closes with its last call. */
  async connect({ address, tls }: { address: Address; tls: boolean }): Promise<SignallingConnection> {
    const { clock, routeTls } = this.#options;
    if (!tls) return this.#add(await connectTcp({ ...address, clock, timeoutMs: CONNECT_MS }), true);
    if (!routeTls) throw new Error('no TLS for routes');
    const settings = { ...routeTls, now: clock.now() };
    return this.#add(await connectTls({ ...address, settings, clock, timeoutMs: CONNECT_MS }), true);
  }

  close(): void {
    for (const connection of this.all()) connection.close();
  }

  #add(socket: Socket, isOurs: boolean, heard?: () => void): SignallingConnection {
    const { clock, packet, isKept, closed } = this.#options;
    this.#count++;
    const connection = new SignallingConnection({
      ...{ clock, socket, isKept, isOurs, id: `connection ${this.#count}` },
      packet: (bytes, from) => {
        heard?.();
        packet(bytes, from);
      },
    });
    this.#open.add(connection);
    connection.onClose(() => {
      this.#open.delete(connection);
      closed(connection);
    });
    return connection;
  }
}
