// A TFTP client (RFC 1350) with the options of block size and file size (RFC 2347-2349): one exchange, one socket.
import type { RemoteInfo, Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { isIPv6 } from 'node:net';
import { type TimerGroup, timerGroup } from '../clock.ts';
import { bindUdp, sendDatagram } from '../net/udp.ts';
import { checkText, connectError, type FileExchange, LONGEST, TransferError } from './exchange.ts';
import { failure, readPacket } from './tftp-packets.ts';
import { type Side, type Step, sideOf } from './tftp-sides.ts';

const PORT = 69;
/** The same packet is sent this often before the server counts as gone. */
const TRIES = 5;
/** Datagrams that are no step forward (repeated, foreign, unreadable) and are borne with in one exchange. */
const MAX_STRAY = 10_000;

/** @returns the file; empty after one was sent @throws TransferError, or the reason of the signal */
export async function tftp(exchange: FileExchange): Promise<Buffer> {
  checkText(exchange.path, 'path');
  exchange.signal.throwIfAborted();
  const host = exchange.host.replace(/^\[(.*)\]$/, '$1');
  const family = isIPv6(exchange.localAddress ?? '') ? 6 : exchange.localAddress === undefined ? 0 : 4;
  const server = await lookup(host, { family }).catch((error: unknown) => {
    throw connectError(error);
  });
  const options = { family: server.family === 6 ? 6 : 4, address: exchange.localAddress } as const;
  const socket = await bindUdp(options).catch((error: unknown) => {
    throw connectError(error);
  });
  const conversation = new TftpConversation(exchange, socket, server.address);
  const onAbort = (): void => conversation.end(exchange.signal.reason);
  const limit = exchange.clock.after(LONGEST, () => conversation.end(tooLong()));
  exchange.signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await conversation.run(sideOf(exchange));
  } finally {
    limit.cancel();
    exchange.signal.removeEventListener('abort', onAbort);
    conversation.close();
  }
}

const tooLong = (): Error => new TransferError('silent', 'the transfer takes too long');
const tooMany = (): Error => new TransferError('protocol', 'too many packets that mean nothing');

class TftpConversation {
  readonly #exchange: FileExchange;
  readonly #socket: Socket;
  readonly #server: string;
  readonly #timers: TimerGroup;
  /** The port that the server answers from; it stays (RFC 1350, 4). */
  #port: number | undefined;
  #stray = 0;
  #settle: { resolve(bytes: Buffer): void; reject(error: unknown): void } | undefined;

  constructor(exchange: FileExchange, socket: Socket, server: string) {
    this.#exchange = exchange;
    this.#socket = socket;
    this.#server = server;
    this.#timers = timerGroup(exchange.clock);
  }

  run(side: Side): Promise<Buffer> {
    return new Promise<Buffer>((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#socket.on('error', error => this.end(connectError(error)));
      this.#socket.on('message', (bytes, from) => this.#take(side, bytes, from));
      this.#repeat(side.request);
    });
  }

  /** Sends a packet, and again while no answer comes. */
  #repeat(packet: Buffer, tried = 0): void {
    this.#timers.cancelAll();
    if (tried === TRIES) {
      const kind = this.#port === undefined ? 'unreachable' : 'silent';
      this.end(new TransferError(kind, `no answer from ${this.#exchange.host}`));
      return;
    }
    this.#timers.after(this.#exchange.silenceMs / TRIES, () => this.#repeat(packet, tried + 1));
    this.#transmit(packet, this.#port ?? (this.#exchange.port || PORT));
  }

  #transmit(packet: Buffer, port = this.#port ?? 0, done?: () => void): void {
    sendDatagram(this.#socket, packet, { host: this.#server, port }, error => {
      if (error) this.end(connectError(error));
      else done?.();
    });
  }

  #take(side: Side, bytes: Buffer, from: RemoteInfo): void {
    if (!this.#settle) return;
    const isServer = from.address === this.#server && (this.#port === undefined || from.port === this.#port);
    const packet = isServer ? readPacket(bytes) : undefined;
    if (packet) this.#port = from.port;
    // RFC 1350, 4: a sender that has no part in the exchange gets an error, and the exchange is not disturbed.
    if (!isServer && from.address === this.#server) this.#transmit(failure(5, 'unknown transfer'), from.port);
    this.#follow(packet ? side.take(packet) : { kind: 'stray' });
  }

  #follow(step: Step): void {
    if (step.kind === 'send') {
      this.#repeat(step.packet);
    } else if (step.kind === 'stray') {
      if (step.packet) this.#transmit(step.packet);
      if (++this.#stray > MAX_STRAY) this.end(tooMany());
    } else {
      // The socket is closed after the last packet has left.
      const settle = (): void => (step.kind === 'done' ? this.#settle?.resolve(step.bytes) : this.end(step.error));
      if (step.packet) this.#transmit(step.packet, this.#port, settle);
      else settle();
    }
  }

  end(error: unknown): void {
    this.#settle?.reject(error);
    this.#settle = undefined;
  }

  close(): void {
    this.#timers.cancelAll();
    this.#socket.close();
  }
}
