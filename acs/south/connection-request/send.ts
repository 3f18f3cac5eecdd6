// Wakes a device: by HTTP where its URL can be called, else or when nothing answers there by UDP; and says why each way failed.
import { unlessAborted } from '../../../shared/abort.ts';
import type { DeviceRow } from '../../device/row.ts';
import type { EventBus } from '../../events.ts';
import type { SendConnectionRequest } from '../../fleet/common/ports.ts';
import type { ConnectionRequestSender } from './policy.ts';

export interface ConnectionRequestOptions {
  events: EventBus;
  http: ConnectionRequestSender;
  /** Absent where no STUN server runs. */
  udp?: ConnectionRequestSender;
  /** Aborts when the ACS closes. */
  signal: AbortSignal;
}

type ConnectionRequestResult = Awaited<ReturnType<SendConnectionRequest>>;

export function createConnectionRequests(options: ConnectionRequestOptions): SendConnectionRequest {
  const { events, http, udp, signal } = options;
  /** One knock at a time for each device: who asks meanwhile shares its outcome. */
  const running = new Map<string, Promise<ConnectionRequestResult>>();

  /** HTTP first: it is answered, and at once. It is not tried for a URL behind NAT, which is not where the device informed from. */
  const tried = async (device: DeviceRow): Promise<ConnectionRequestResult> => {
    const byHttp = await http(device, signal);
    if (byHttp.outcome === 'accepted') return { accepted: true };
    if (!udp || (byHttp.outcome === 'failed' && byHttp.final)) return { accepted: false, reason: byHttp.reason };
    const byUdp = await udp(device, signal);
    if (byUdp.outcome === 'accepted') return { accepted: true };
    return { accepted: false, reason: `HTTP: ${byHttp.reason}; UDP: ${byUdp.reason}` };
  };

  const knock = async (device: DeviceRow): Promise<ConnectionRequestResult> => {
    const outcome = await tried(device).catch((error: unknown): ConnectionRequestResult => {
      if (!signal.aborted) throw error;
      return { accepted: false, reason: 'the ACS closes' };
    });
    events.emit('connectionRequest', { device: device.id, ...outcome });
    return outcome;
  };

  return async (device, given) => {
    let outcome = running.get(device.id);
    if (!outcome) {
      outcome = knock(device).finally(() => running.delete(device.id));
      running.set(device.id, outcome);
    }
    return given ? await unlessAborted(outcome, given) : await outcome;
  };
}
