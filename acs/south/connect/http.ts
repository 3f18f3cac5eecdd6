// Connection requests by HTTP (TR-069 3.2.2): a GET with digest to the address that informed, and nowhere else.
import { BlockList, isIP } from 'node:net';
import type { Clock, Random } from '../../../shared/clock.ts';
import { isAbort, messageOf } from '../../../shared/errors.ts';
import { authenticated, createHttp, HttpError, type Send } from '../../../shared/net/http.ts';
import type { EventBus } from '../../events.ts';
import type { Wake } from '../../fleet/ports.ts';
import type { Secrets } from '../../fleet/secrets.ts';
import type { DeviceRow } from '../../store/store.ts';

export interface HttpWakeOptions {
  clock: Clock;
  random: Random;
  events: EventBus;
  secrets: Secrets;
  /** Networks where a connection-request URL may point besides the address that informed. */
  allow: string[];
  timeoutMs?: number;
}

/** Networks in CIDR form; a bare address is a network of one. @throws Error naming the wrong one */
export function networks(list: readonly string[]): BlockList {
  const block = new BlockList();
  for (const text of list) {
    const [address, bits] = text.split('/');
    const family = isIP(address ?? '');
    if (!address || !family) throw new Error(`'${text}' is not an address or network`);
    const type = family === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) block.addAddress(address, type);
    else block.addSubnet(address, Number(bits), type);
  }
  return block;
}

export function createHttpWake(options: HttpWakeOptions): Wake {
  const { clock, random, secrets } = options;
  const allowed = networks(options.allow);

  /** TR-069 3.2.2; a URL that a device may choose freely must not make the ACS call into other networks. */
  const checked = (device: DeviceRow): URL | string => {
    if (!device.connectionRequest.url) return 'the device has reported no ConnectionRequestURL';
    let url: URL;
    try {
      url = new URL(device.connectionRequest.url);
    } catch {
      return `'${device.connectionRequest.url}' is not a URL`;
    }
    if (url.protocol !== 'http:') return `a connection request goes over http, not ${url.protocol.replace(':', '')}`;
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const family = isIP(host);
    if (!family) return `${host} is a name; only addresses are called`;
    if (host === device.address || allowed.check(host, family === 6 ? 'ipv6' : 'ipv4')) return url;
    return `${host} is not the address that informed (${device.address}), nor in an allowed network`;
  };

  const call = async (
    device: DeviceRow,
    url: URL,
    signal?: AbortSignal,
  ): Promise<{ accepted: true } | { accepted: false; reason: string }> => {
    const { username, password } = device.connectionRequest;
    const client = createHttp({ clock });
    const send: Send = authenticated(client.send, {
      credentials: () => ({ username, password: password ? secrets.open(password) : '' }),
      random,
    });
    try {
      const request = {
        method: 'GET',
        url: url.href,
        headers: {},
        timeoutMs: options.timeoutMs ?? 5_000,
        maxBytes: 65_536,
      };
      const { status } = await send(signal ? { ...request, signal } : request);
      if (status === 200 || status === 204) return { accepted: true };
      const words: Record<number, string> = {
        401: 'the device refused the credentials',
        503: 'the device is busy',
        404: 'the device does not know the path',
      };
      return { accepted: false, reason: words[status] ?? `the device answered ${status}` };
    } catch (error) {
      if (isAbort(error) || !(error instanceof HttpError)) throw error;
      return { accepted: false, reason: `${url.host}: ${messageOf(error)}` };
    } finally {
      await client.close();
    }
  };

  return async (device, signal) => {
    const url = checked(device);
    const outcome =
      typeof url === 'string' ? ({ accepted: false, reason: url } as const) : await call(device, url, signal);
    options.events.emit('connectionRequest', { device: device.id, ...outcome });
    return outcome;
  };
}
