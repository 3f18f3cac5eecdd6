// Connection requests by HTTP (TR-069 3.2.2): a GET with digest, to the address that informed or an allowed network only.
import type { BlockList } from 'node:net';
import { clip } from '../../../shared/clip.ts';
import type { Clock, Random } from '../../../shared/clock.ts';
import { isAbort, messageOf } from '../../../shared/errors.ts';
import { hostAddress } from '../../../shared/net/address.ts';
import { type Challenge, chooseDigest, parseChallenges } from '../../../shared/net/digest.ts';
import { authenticated, createHttp, HttpError, type Send } from '../../../shared/net/http.ts';
import type { DeviceRow } from '../../device/row.ts';
import { UserError } from '../../errors.ts';
import { openedText, type Secrets } from '../../fleet/common/secrets.ts';
import { type ConnectionRequestOutcome, type ConnectionRequestSender, refusal } from './policy.ts';

export interface HttpSenderOptions {
  clock: Clock;
  random: Random;
  secrets: Secrets;
  /** Networks where a connection-request URL may point besides the address that informed. */
  allowed: BlockList;
  timeoutMs?: number;
}

const outcomes: Readonly<Record<number, ConnectionRequestOutcome>> = {
  200: { outcome: 'accepted' },
  204: { outcome: 'accepted' },
  404: { outcome: 'failed', reason: 'the device does not know the path' },
  // TR-069 3.2.2: the device is in a session, or was asked too often.
  503: { outcome: 'failed', reason: 'the device is busy', final: true },
};

/** The reason of a 401, as it was: credentials are refused only where they were sent. UDP uses the same ones. */
function unauthorized(challenges: readonly Challenge[], isPairKnown: boolean): ConnectionRequestOutcome {
  const schemes = [...new Set(challenges.map(({ scheme }) => scheme))].join(', ');
  if (schemes === '') return failedFor('the device answered 401 without a challenge, so no credentials were sent');
  if (!chooseDigest(challenges))
    return failedFor(
      `the device asks for ${clip(schemes, 100)} instead of digest (TR-069 3.2.2), so no credentials were sent`,
    );
  if (!isPairKnown) return failedFor('the device asks for credentials, and the ACS has given it none');
  return { ...failedFor('the device refused the credentials'), isPairRefused: true };
}

const failedFor = (reason: string): Extract<ConnectionRequestOutcome, { outcome: 'failed' }> => ({
  outcome: 'failed',
  reason,
  final: true,
});

export function createHttpSender(options: HttpSenderOptions): ConnectionRequestSender {
  const { clock, random, secrets } = options;

  const urlOf = (device: DeviceRow): URL | string => {
    if (!device.connectionRequest.url) return 'the device has reported no ConnectionRequestURL';
    let url: URL;
    try {
      url = new URL(openedText(secrets, device.connectionRequest.url));
    } catch (error) {
      if (error instanceof UserError) return error.message;
      return `'${device.connectionRequest.url}' is not a URL`;
    }
    if (url.protocol !== 'http:') return `a connection request goes over http, not ${url.protocol.replace(':', '')}`;
    const host = hostAddress(url);
    // An IPv4 address that a dual-stack device maps into IPv6 is called as what it is.
    if (!host.includes(':')) url.hostname = host;
    return refusal(device, host, options.allowed) ?? url;
  };

  /** Redirects are not followed: they would lead to an address that was not checked. */
  const request = async (device: DeviceRow, url: URL, signal: AbortSignal): Promise<ConnectionRequestOutcome> => {
    const { username, password } = device.connectionRequest;
    const client = createHttp({ clock });
    const send: Send = authenticated(client.send, {
      credentials: () => ({ username, password: password ? secrets.open(password) : '' }),
      random,
    });
    try {
      const { status, headers } = await send({
        method: 'GET',
        url: url.href,
        headers: {},
        timeoutMs: options.timeoutMs ?? 5_000,
        maxBytes: 65_536,
        signal,
      });
      if (status === 401) return unauthorized(parseChallenges(headers['www-authenticate']), password !== '');
      return outcomes[status] ?? { outcome: 'failed', reason: `the device answered ${status}` };
    } catch (error) {
      if (isAbort(error) || !(error instanceof HttpError)) throw error;
      return { outcome: 'failed', reason: `${url.host}: ${messageOf(error)}` };
    } finally {
      await client.close();
    }
  };

  return async (device, signal) => {
    const url = urlOf(device);
    return typeof url === 'string' ? { outcome: 'closed', reason: url } : await request(device, url, signal);
  };
}
