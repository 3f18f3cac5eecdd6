// Connection requests by UDP (TR-069 Annex G): a signed datagram from the STUN server's own port, through the binding that the device
// keeps open to it. It has no answer: the session that follows is the only evidence.
import type { BlockList } from 'node:net';
import type { Clock, Random } from '../../../shared/clock.ts';
import { encodeUdpRequest } from '../../../shared/cwmp/udp-request.ts';
import { messageOf } from '../../../shared/errors.ts';
import { readPort } from '../../../shared/net/port.ts';
import { authorityOf, type Endpoint } from '../../../shared/stun.ts';
import { informValues } from '../../device/inform.ts';
import type { DeviceRow } from '../../device/row.ts';
import type { Secrets } from '../../fleet/common/secrets.ts';
import { type ConnectionRequestSender, refusal } from './policy.ts';
import type { StunServer } from './stun-server.ts';

export interface UdpSenderOptions {
  clock: Clock;
  random: Random;
  secrets: Secrets;
  /** Networks where a reported address may lie besides the address that informed. */
  allowed: BlockList;
  /** Its port is the only one from which a request passes a NAT. */
  server: Pick<StunServer, 'send'>;
  /** Calls when a session of the device begins, with its event codes. @returns ends the listening */
  onArrival: (device: string, listener: (events: readonly string[]) => void) => () => void;
}

/** Times at which copies are sent, in milliseconds: spread, because losses come in bursts. */
const COPIES_AT = [0, 200, 1_000];
/** TR-069 3.2.2: the session follows within 30 s. */
const ARRIVAL_MS = 30_000;

/** The UDP address that the device reported last; empty when it has reported none. */
export const udpAddressOf = (device: DeviceRow): string =>
  informValues(device)[`${device.root}ManagementServer.UDPConnectionRequestAddress`] ?? '';

/** `host:port`, `[2001:db8::1]:port`, or `host` alone, which means port 80 (TR-181 ManagementServer.UDPConnectionRequestAddress). */
function endpointOf(text: string): Endpoint | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s/@]+))(?::(\d{1,5}))?$/i.exec(text);
  const address = match?.[1] ?? match?.[2];
  const port = readPort(match?.[3] ?? '80');
  return address !== undefined && port !== undefined ? { address, port } : undefined;
}

export function createUdpSender(options: UdpSenderOptions): ConnectionRequestSender {
  const { clock, random, secrets, server } = options;
  const timestamps = new Timestamps(clock);

  const targetOf = (device: DeviceRow): Endpoint | string => {
    const text = udpAddressOf(device);
    if (text === '') return 'the device has reported no UDPConnectionRequestAddress';
    const endpoint = endpointOf(text);
    if (!endpoint) return `'${text}' is not host:port`;
    return refusal(device, endpoint.address, options.allowed) ?? endpoint;
  };

  const datagram = (device: DeviceRow, to: Endpoint): Buffer => {
    const { username, password } = device.connectionRequest;
    const request = {
      authority: authorityOf(to),
      ts: timestamps.next(device.id),
      id: String(random.int(1, 2 ** 31 - 1)),
      un: username,
      cn: random.bytes(8).toString('hex').toUpperCase(),
    };
    return encodeUdpRequest(request, password ? secrets.open(password) : '');
  };

  /** Sends the same bytes several times: the device accepts the first copy that arrives. */
  const send = async (bytes: Buffer, to: Endpoint, signal: AbortSignal): Promise<void> => {
    let at = 0;
    for (const due of COPIES_AT) {
      if (due > at) await clock.sleep(due - at, signal);
      at = due;
      await server.send(bytes, to);
    }
    await clock.sleep(ARRIVAL_MS - at, signal);
  };

  return async (device, signal) => {
    const to = targetOf(device);
    if (typeof to === 'string') return { outcome: 'closed', reason: to };
    const arrived = new AbortController();
    const end = options.onArrival(device.id, events => {
      if (events.includes('6 CONNECTION REQUEST')) arrived.abort();
    });
    try {
      await send(datagram(device, to), to, AbortSignal.any([signal, arrived.signal]));
    } catch (error) {
      if (arrived.signal.aborted) return { outcome: 'accepted' };
      signal.throwIfAborted();
      return { outcome: 'failed', reason: `${authorityOf(to)}: ${messageOf(error)}` };
    } finally {
      end();
    }
    // Some devices accept unsigned requests, but a missing signature is the likelier cause.
    const unsigned = device.connectionRequest.password ? '' : '; no connection-request credentials of it are known';
    return { outcome: 'failed', reason: `${authorityOf(to)}: no session within ${ARRIVAL_MS / 1000} s${unsigned}` };
  };
}

/** Timestamps of requests, in seconds since 1970. They rise with each request of a device, because an equal one would count as a replay. */
class Timestamps {
  readonly #clock: Clock;
  readonly #last = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  next(device: string): number {
    const now = Math.floor(this.#clock.now() / 1000);
    // A timestamp in the past cannot be issued again.
    for (const [other, time] of this.#last) if (time < now) this.#last.delete(other);
    const time = Math.max(now, (this.#last.get(device) ?? 0) + 1);
    this.#last.set(device, time);
    return time;
  }
}
