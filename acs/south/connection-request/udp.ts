// Connection requests by UDP (TR-069 Annex G): a signed datagram from the STUN server's own port, through the binding that the
// device keeps open to it. Nothing answers: that the device comes is the only evidence.
import type { BlockList } from 'node:net';
import type { Clock, Random } from '../../../shared/clock.ts';
import { encodeUdpRequest } from '../../../shared/cwmp/udp-request.ts';
import { messageOf } from '../../../shared/errors.ts';
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
  server: Pick<StunServer, 'send'>;
  /** Calls when a session of the device begins, with its event codes. @returns ends the listening */
  onArrival: (device: string, listener: (events: readonly string[]) => void) => () => void;
}

/** When the copies leave, milliseconds: apart from each other, for losses come in bursts. */
const COPIES_AT = [0, 200, 1_000];
/** TR-069 3.2.2: a session follows within 30 s. */
const ARRIVAL_MS = 30_000;

/** The UDP address as the device reported it last. */
export const udpAddressOf = (device: DeviceRow): string =>
  informValues(device)[`${device.root}ManagementServer.UDPConnectionRequestAddress`] ?? '';

/** `host:port`, `[2001:db8::1]:port`, or `host` alone, which means port 80 (TR-181 ManagementServer.UDPConnectionRequestAddress). */
function endpointOf(text: string): Endpoint | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s/@]+))(?::(\d{1,5}))?$/i.exec(text);
  const address = match?.[1] ?? match?.[2];
  const port = Number(match?.[3] ?? 80);
  return address !== undefined && port > 0 && port < 65_536 ? { address, port } : undefined;
}

export function createUdpSender(options: UdpSenderOptions): ConnectionRequestSender {
  const { clock, random, secrets, server } = options;
  const nextTime = createTimes(clock);

  const checked = (device: DeviceRow): Endpoint | string => {
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
      ts: nextTime(device.id),
      id: String(random.int(1, 2 ** 31 - 1)),
      un: username,
      cn: random.bytes(8).toString('hex').toUpperCase(),
    };
    return encodeUdpRequest(request, password ? secrets.open(password) : '');
  };

  /** The same bytes several times: the device takes the first that reaches it. */
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
    const to = checked(device);
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
    // Some devices take requests unsigned; that this one got no good signature is the likelier cause.
    const unsigned = device.connectionRequest.password ? '' : '; no connection-request credentials of it are known';
    return { outcome: 'failed', reason: `${authorityOf(to)}: no session within ${ARRIVAL_MS / 1000} s${unsigned}` };
  };
}

/** Seconds since 1970, and for each device later than the time before: an equal one would be taken for a replay. */
function createTimes(clock: Clock): (device: string) => number {
  const last = new Map<string, number>();
  return device => {
    const now = Math.floor(clock.now() / 1000);
    // What lies in the past cannot be met again.
    for (const [other, time] of last) if (time < now) last.delete(other);
    const time = Math.max(now, (last.get(device) ?? 0) + 1);
    last.set(device, time);
    return time;
  };
}
