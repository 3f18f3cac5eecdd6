// Connection requests: by HTTP where the device's URL may be called, otherwise, or where nothing answers there, by UDP.
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
  /** Notes that a device has refused its credentials. */
  onPairRefused?: (device: DeviceRow) => Promise<void>;
  /** Aborts when the ACS closes. */
  signal: AbortSignal;
}

type ConnectionRequestResult = Awaited<ReturnType<SendConnectionRequest>>;

/** A failed request names the reason of each protocol that was tried. */
export function createConnectionRequests(options: ConnectionRequestOptions): SendConnectionRequest {
  /** One request at a time for each device: callers that come meanwhile share its outcome. */
  const running = new Map<string, Promise<ConnectionRequestResult>>();
  return async (device, signal) => {
    let outcome = running.get(device.id);
    if (!outcome) {
      outcome = send(options, device).finally(() => running.delete(device.id));
      running.set(device.id, outcome);
    }
    return signal ? await unlessAborted(outcome, signal) : await outcome;
  };
}

async function send(options: ConnectionRequestOptions, device: DeviceRow): Promise<ConnectionRequestResult> {
  const outcome = await byHttpOrUdp(options, device).catch((error: unknown): ConnectionRequestResult => {
    if (!options.signal.aborted) throw error;
    return { accepted: false, reason: 'the ACS closes' };
  });
  options.events.emit('connectionRequest', { device: device.id, ...outcome });
  return outcome;
}

/** HTTP comes first because it is answered, and at once. A URL behind NAT is not tried: it is not the address that informed. */
async function byHttpOrUdp(
  { http, udp, signal, onPairRefused }: ConnectionRequestOptions,
  device: DeviceRow,
): Promise<ConnectionRequestResult> {
  const byHttp = await http(device, signal);
  if (byHttp.outcome === 'accepted') return { accepted: true };
  if (byHttp.outcome === 'failed' && byHttp.isPairRefused) await onPairRefused?.(device);
  if (!udp || (byHttp.outcome === 'failed' && byHttp.final)) return { accepted: false, reason: byHttp.reason };
  const byUdp = await udp(device, signal);
  if (byUdp.outcome === 'accepted') return { accepted: true };
  return { accepted: false, reason: `HTTP: ${byHttp.reason}; UDP: ${byUdp.reason}` };
}
