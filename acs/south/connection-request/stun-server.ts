// The STUN server of the ACS (RFC 3489, TR-069 Annex G): tells CPEs behind NAT by which address they are seen, and lends its port
// to UDP connection requests, which only from there come through. It keeps nothing of anyone, and answers no one without limit.
import type { RemoteInfo } from 'node:dgram';
import { isIP } from 'node:net';
import type { Clock } from '../../../shared/clock.ts';
import { messageOf } from '../../../shared/errors.ts';
import type { Log } from '../../../shared/log.ts';
import { plainAddress } from '../../../shared/net/address.ts';
import { bindUdp } from '../../../shared/net/udp.ts';
import {
  authorityOf,
  decodeStun,
  type Endpoint,
  encodeStun,
  hasCookie,
  integrityOf,
  type StunMessage,
} from '../../../shared/stun.ts';

/** Name and password that CPEs are given as STUNUsername and STUNPassword. */
export interface StunLogin {
  username: string;
  password: string;
}

export interface StunServerOptions {
  host: string;
  /** 0: one that is free. */
  port: number;
  clock: Clock;
  log: Log;
  /** With it, who announces a change of its binding must prove that it knows it. */
  login?: StunLogin;
  /** Requests of one address that are answered in a second; many CPEs may share one. */
  perSecond?: number;
}

export interface StunServer {
  readonly host: string;
  readonly port: number;
  /** Sends a datagram from the server's own port. @throws Error of the socket */
  send(bytes: Buffer, to: Endpoint): Promise<void>;
  close(): Promise<void>;
}

const PER_SECOND = 500;
const MAX_SOURCES = 4096;

export interface Answer {
  bytes: Buffer;
  to: Endpoint;
}

/**
 * RFC 3489 8.1 with the additions of TR-069 Annex G; undefined for what is no Binding Request, which nobody answers.
 * @param local where the server is, if it knows
 */
export function answerBinding(bytes: Buffer, from: Endpoint, local?: Endpoint, login?: StunLogin): Answer | undefined {
  const request = decodeStun(bytes);
  if (request?.kind !== 'request') return undefined;
  const { transaction, responseAddress } = request;
  const form = login && request.integrity ? integrityOf(bytes, login.password) : undefined;
  const trouble = troubleWith(request, from) ?? (login && troubleWithLogin(request, login, form !== undefined));
  if (trouble) return { bytes: encodeStun({ kind: 'error', transaction, ...trouble }), to: from };
  const response: StunMessage = { kind: 'response', transaction, mappedAddress: from };
  // There is no second address to answer from; RFC 3489 8.1 wants the field all the same.
  if (local) Object.assign(response, { sourceAddress: local, changedAddress: local });
  if (hasCookie(request)) response.xorMappedAddress = from;
  if (responseAddress) response.reflectedFrom = from;
  const sealed = form === undefined ? encodeStun(response) : encodeStun(response, login?.password, form === 'padded');
  return { bytes: sealed, to: responseAddress ?? from };
}

type Trouble = Pick<StunMessage, 'error' | 'unknownAttributes'>;

/** RFC 3489 8.1: attributes that must be understood and are not, or ask for what this server does not do. */
function troubleWith(request: StunMessage, from: Endpoint): Trouble | undefined {
  const { changeRequest, responseAddress } = request;
  const unknown = [...(request.notUnderstood ?? [])];
  if (changeRequest?.address || changeRequest?.port) unknown.push(0x0003);
  // Elsewhere than to the asker's own address nothing is sent: the server is nobody's means to hit others.
  if (responseAddress && (responseAddress.address !== from.address || responseAddress.port === 0)) unknown.push(0x0002);
  if (unknown.length === 0) return undefined;
  return { error: { code: 420, reason: 'Unknown Attribute' }, unknownAttributes: unknown };
}

/** TR-069 Annex G: integrity is asked for only where a binding changes; RFC 3489 8.1 for the codes. */
function troubleWithLogin(request: StunMessage, login: StunLogin, isSealed: boolean): Trouble | undefined {
  if (!request.integrity && !request.bindingChange) return undefined;
  if (!request.integrity) return { error: { code: 401, reason: 'Unauthorized' } };
  if (request.username === undefined) return { error: { code: 432, reason: 'Missing Username' } };
  if (request.username !== login.username) return { error: { code: 430, reason: 'Stale Credentials' } };
  return isSealed ? undefined : { error: { code: 431, reason: 'Integrity Check Failure' } };
}

/** @throws Error when the address cannot be listened on */
export async function openStunServer(options: StunServerOptions): Promise<StunServer> {
  const { host, log, login } = options;
  const socket = await bindUdp({ address: host, port: options.port });
  const within = createLimit(options.clock, options.perSecond ?? PER_SECOND);
  let local: Endpoint | undefined;

  const send = (bytes: Buffer, { address, port }: Endpoint): Promise<void> =>
    new Promise((resolve, reject) => {
      const family6 = socket.address().family === 'IPv6';
      const target = family6 && isIP(address) === 4 ? `::ffff:${address}` : address;
      socket.send(bytes, port, target, error => (error ? reject(error) : resolve()));
    });

  const heard = (bytes: Buffer, { address, port }: RemoteInfo): void => {
    const from = { address: plainAddress(address), port };
    if (!within(from.address)) return;
    const answer = answerBinding(bytes, from, local, login);
    if (!answer) return;
    send(answer.bytes, answer.to).catch((error: unknown) => {
      log.debug('STUN answer not sent', { to: authorityOf(answer.to), reason: messageOf(error) });
    });
  };

  socket.on('error', error => log.warn('STUN server', { reason: error.message }));
  socket.on('message', heard);
  const { address, port } = socket.address();
  if (address !== '0.0.0.0' && address !== '::') local = { address, port };
  return {
    host: address,
    port,
    send,
    close: () => new Promise(resolve => socket.close(() => resolve())),
  };
}

/** So many from one source in a second; sources beyond those that are counted apart share one allowance. */
function createLimit(clock: Clock, perSecond: number): (source: string) => boolean {
  const counts = new Map<string, number>();
  let since = clock.monotonic();
  return source => {
    const now = clock.monotonic();
    if (now - since >= 1000) {
      counts.clear();
      since = now;
    }
    const key = counts.has(source) || counts.size < MAX_SOURCES ? source : '';
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count <= perSecond;
  };
}
