// Connection requests by HTTP, and by UDP where a STUN server runs.
import { messageOf } from '../../shared/errors.ts';
import { networks } from '../../shared/net/address.ts';
import type { DeviceRow } from '../device/row.ts';
import type { EventBus } from '../events.ts';
import type { SendConnectionRequest } from '../fleet/common/ports.ts';
import type { Secrets } from '../fleet/common/secrets.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { createHttpSender } from '../south/connection-request/http.ts';
import { createConnectionRequests } from '../south/connection-request/send.ts';
import { openStunServer } from '../south/connection-request/stun-server.ts';
import { createUdpSender } from '../south/connection-request/udp.ts';
import { listening } from './listening.ts';
import type { AcsSetup, Part } from './setup.ts';

export interface ConnectionRequests extends Part {
  send: SendConnectionRequest;
  stun?: { host: string; port: number };
}

/**
 * @param parts.signal ends requests that are under way
 * @throws UserError when the STUN server cannot listen
 */
export async function buildConnectionRequests(
  { stun: listen, connectionRequestAllow, clock, random, log }: AcsSetup,
  parts: {
    events: EventBus;
    secrets: Secrets;
    onArrival: Fleet['sessions']['onArrival'];
    /** The device will get other credentials in its next session. */
    onPairRefused: (device: DeviceRow) => Promise<void>;
    signal: AbortSignal;
  },
): Promise<ConnectionRequests> {
  const { events, secrets, onArrival, onPairRefused, signal } = parts;
  const stun = listen && (await listening('--stun', listen, openStunServer({ ...listen, clock, log })));
  const common = { clock, random, secrets, allowed: networks(connectionRequestAllow) };
  const send = createConnectionRequests({
    events,
    http: createHttpSender(common),
    ...(stun ? { udp: createUdpSender({ ...common, server: stun, onArrival }) } : {}),
    onPairRefused: async device => {
      try {
        await onPairRefused(device);
      } catch (error) {
        // The request has its outcome, and the next one finds the same.
        log.debug('refused credentials not noted', { device: device.id, reason: messageOf(error) });
      }
    },
    signal,
  });
  return { send, ...(stun ? { stun } : {}), close: async () => await stun?.close() };
}
