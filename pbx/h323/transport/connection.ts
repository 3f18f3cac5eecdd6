// A connection for call signalling (H.225.0 7.3): Q.931 messages in TPKT, over TCP or TLS, and the calls that run over it.
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Clock, Timer } from '../../../shared/clock.ts';
import { plainAddress } from '../../../shared/net/address.ts';
import type { Address } from '../../../shared/sip/flow-types.ts';
import type { CallMessage } from '../messages.ts';
import { TpktFramer, tpktPacket } from '../tpkt.ts';

/** The side of a call that runs over a connection. */
export interface Leg {
  /** @param packet the message as it came */
  received(message: CallMessage, packet: Buffer): void;
  /** The connection has closed. */
  lost(): void;
}

interface ConnectionOptions {
  clock: Clock;
  socket: Socket;
  /** Tells connections apart in the log and in channels. */
  id: string;
  /** Takes each message; it must not throw. */
  packet: (packet: Buffer, connection: SignallingConnection) => void;
  /** We opened it: it closes with its last call. */
  isOurs: boolean;
  /** Something but its calls keeps the connection, as a registration does. */
  isKept: (connection: SignallingConnection) => boolean;
}

/** Silence after which a connection that carries nothing is closed. */
const IDLE_MS = 60_000;
/** A peer that reads nothing while this many bytes wait for it counts as gone. */
const MAX_UNSENT = 1024 * 1024;
const MAX_LEGS = 1000;
/** Some milliseconds of work (a registration with its proof takes the longest), however many messages a peer packs into a segment. */
const MESSAGES_PER_TURN = 20;
const KEEP_ALIVE_MS = 30_000;

export class SignallingConnection {
  readonly id: string;
  readonly protocol: 'tcp' | 'tls';
  readonly local: Address;
  readonly remote: Address;
  readonly tls?: { version: string; cipher: string };
  readonly #options: ConnectionOptions;
  readonly #legs = new Legs();
  readonly #closeListeners = new Set<() => void>();
  #closed = false;
  #idle: Timer;

  constructor(options: ConnectionOptions) {
    const { socket, id } = options;
    this.#options = options;
    this.id = id;
    this.protocol = socket instanceof TLSSocket ? 'tls' : 'tcp';
    this.local = { host: plainAddress(socket.localAddress ?? ''), port: socket.localPort ?? 0 };
    this.remote = { host: plainAddress(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 };
    const tls = tlsFacts(socket);
    if (tls) this.tls = tls;
    this.#idle = this.#watchIdle();
    follow(socket, this, packet => options.packet(packet, this));
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Sends a message, or does nothing when the connection is closed. */
  send(packet: Buffer): void {
    const { socket } = this.#options;
    if (this.#closed || !socket.writable) return;
    socket.write(tpktPacket(packet));
    if (socket.writableLength > MAX_UNSENT) this.close();
  }

  /** A call reference that no call of ours has here; undefined where there are too many calls. */
  newReference(): number | undefined {
    return this.#legs.newReference();
  }

  /** @param isOurs we chose the reference */
  attach(reference: number, isOurs: boolean, leg: Leg): void {
    this.#legs.set(reference, isOurs, leg);
  }

  detach(reference: number, isOurs: boolean): void {
    this.#legs.delete(reference, isOurs);
    if (this.#options.isOurs && this.#legs.size === 0) this.close();
  }

  /** The call of a received message: the flag tells that it answers a call of ours. */
  legOf({ callReference, isFromDestination }: CallMessage): Leg | undefined {
    return this.#legs.get(callReference, isFromDestination);
  }

  onClose(listener: () => void): void {
    this.#closeListeners.add(listener);
  }

  /** Bytes written before are still sent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#idle.cancel();
    const { socket } = this.#options;
    if (socket.writable && socket.writableLength <= MAX_UNSENT) socket.destroySoon();
    else socket.destroy();
    for (const leg of this.#legs.take()) leg.lost();
    for (const listener of this.#closeListeners) listener();
  }

  #watchIdle(): Timer {
    return this.#options.clock.after(IDLE_MS, () => {
      if (this.#legs.size === 0 && !this.#options.isKept(this)) this.close();
      else this.#idle = this.#watchIdle();
    });
  }
}

/** The sides of calls by their references. Both ends of a connection may choose the same one. */
class Legs {
  readonly #legs = new Map<string, Leg>();
  #reference = 0;

  get size(): number {
    return this.#legs.size;
  }

  newReference(): number | undefined {
    if (this.#legs.size >= MAX_LEGS) return undefined;
    do this.#reference = (this.#reference % 0x7fff) + 1;
    while (this.#legs.has(legKey(this.#reference, true)));
    return this.#reference;
  }

  get(reference: number, isOurs: boolean): Leg | undefined {
    return this.#legs.get(legKey(reference, isOurs));
  }

  set(reference: number, isOurs: boolean, leg: Leg): void {
    this.#legs.set(legKey(reference, isOurs), leg);
  }

  delete(reference: number, isOurs: boolean): void {
    this.#legs.delete(legKey(reference, isOurs));
  }

  /** Takes all out. */
  take(): Leg[] {
    const all = [...this.#legs.values()];
    this.#legs.clear();
    return all;
  }
}

const legKey = (reference: number, isOurs: boolean): string => `${reference} ${isOurs}`;

/** Takes the messages of a socket in their order, and reads on when those that are here are taken. */
function follow(socket: Socket, connection: SignallingConnection, take: (packet: Buffer) => void): void {
  const waiting: Buffer[] = [];
  let isBroken = false;
  const framer = new TpktFramer({
    packet: packet => waiting.push(packet),
    broken: () => {
      isBroken = true;
    },
  });
  const work = (): void => {
    for (const packet of waiting.splice(0, MESSAGES_PER_TURN)) if (!connection.closed) take(packet);
    if (waiting.length > 0 && !connection.closed) {
      socket.pause();
      setImmediate(work);
    } else if (isBroken) connection.close();
    else if (socket.isPaused()) socket.resume();
  };
  socket.setNoDelay(true);
  // A peer whose host has vanished says nothing more.
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  socket.on('data', (bytes: Buffer) => {
    framer.take(bytes);
    work();
  });
  const close = (): void => connection.close();
  socket.on('error', close).on('end', close).on('close', close);
}

function tlsFacts(socket: Socket): SignallingConnection['tls'] {
  if (!(socket instanceof TLSSocket)) return undefined;
  // A connection that has closed again has none.
  const cipher: ReturnType<TLSSocket['getCipher']> | undefined = socket.getCipher();
  return { version: socket.getProtocol() ?? '', cipher: cipher?.standardName ?? cipher?.name ?? '' };
}
