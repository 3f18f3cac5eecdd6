// The STUN server of the ACS (RFC 3489, TR-069 Annex G). It tells CPEs behind NAT their public address, and its port sends the UDP
// connection requests, which pass a NAT only from there. It stores nothing about its clients and bounds its answers to each.
import type { RemoteInfo, Socket } from 'node:dgram';
import { isIP } from 'node:net';
import type { Clock } from '../../../shared/clock.ts';
import { messageOf } from '../../../shared/errors.ts';
import type { Log } from '../../../shared/log.ts';
import { plainAddress } from '../../../shared/net/address.ts';
import { bindUdp, onDatagram, sendDatagram } from '../../../shared/net/udp.ts';
import { authorityOf, type Endpoint } from '../../../shared/stun.ts';
import { answerBinding, type StunLogin } from './stun-binding.ts';

export interface StunServerOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  clock: Clock;
  log: Log;
  /** With a login, a CPE must prove it to announce a change of its binding. */
  login?: StunLogin;
  /** Requests of one address that are answered in a second; many CPEs may share one. */
  perSecond?: number;
}

const PER_SECOND = 500;
const MAX_SOURCES = 4096;

/** @throws Error when the address cannot be listened on */
export async function openStunServer(options: StunServerOptions): Promise<StunServer> {
  return new StunServer(await bindUdp({ address: options.host, port: options.port }), options);
}

export class StunServer {
  readonly host: string;
  readonly port: number;
  readonly #socket: Socket;
  readonly #log: Log;
  readonly #login: StunLogin | undefined;
  readonly #limit: RateLimit;
  readonly #local: Endpoint | undefined;

  constructor(socket: Socket, { clock, log, login, perSecond = PER_SECOND }: StunServerOptions) {
    const { address, port } = socket.address();
    this.host = address;
    this.port = port;
    this.#socket = socket;
    this.#log = log;
    this.#login = login;
    this.#limit = new RateLimit(clock, perSecond);
    this.#local = address !== '0.0.0.0' && address !== '::' ? { address, port } : undefined;
    socket.on('error', error => log.warn('STUN socket failed', { reason: error.message }));
    onDatagram(socket, log, (bytes, from) => this.#answer(bytes, from));
  }

  /** Sends a datagram from the server's own port. @throws Error of the socket */
  send(bytes: Buffer, { address, port }: Endpoint): Promise<void> {
    return new Promise((resolve, reject) => {
      const isDualStack = this.#socket.address().family === 'IPv6';
      const target = isDualStack && isIP(address) === 4 ? `::ffff:${address}` : address;
      sendDatagram(this.#socket, bytes, { host: target, port }, error => (error ? reject(error) : resolve()));
    });
  }

  close(): Promise<void> {
    return new Promise(resolve => this.#socket.close(() => resolve()));
  }

  #answer(bytes: Buffer, { address, port }: RemoteInfo): void {
    const from = { address: plainAddress(address), port };
    if (!this.#limit.allows(from.address)) return;
    const answer = answerBinding(bytes, from, this.#local, this.#login);
    if (!answer) return;
    this.send(answer.bytes, answer.to).catch((error: unknown) => {
      this.#log.debug('STUN answer failed', { to: authorityOf(answer.to), reason: messageOf(error) });
    });
  }
}

/** Allows each source a number of requests a second. Sources beyond MAX_SOURCES share one allowance. */
class RateLimit {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #counts = new Map<string, number>();
  #since: number;

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#since = clock.monotonic();
  }

  allows(source: string): boolean {
    const now = this.#clock.monotonic();
    if (now - this.#since >= 1000) {
      this.#counts.clear();
      this.#since = now;
    }
    const key = this.#counts.has(source) || this.#counts.size < MAX_SOURCES ? source : '';
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return count <= this.#perSecond;
  }
}
