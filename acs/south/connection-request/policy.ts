// The rules that all connection requests share: where they may go, and how a sender reports its outcome.
import { type BlockList, isIP } from 'node:net';
import type { DeviceRow } from '../../device/row.ts';

export type ConnectionRequestOutcome =
  | { outcome: 'accepted' }
  /** `final`: the other protocol would fail for the same reason. `isPairRefused`: the device has judged the credentials, and refused them. */
  | { outcome: 'failed'; reason: string; final?: boolean; isPairRefused?: true }
  /** The device cannot be reached by this protocol; nothing was sent. */
  | { outcome: 'closed'; reason: string };

/** Asks a device for a session by one protocol. Rejects only when `signal` aborts, or by a bug. */
export type ConnectionRequestSender = (device: DeviceRow, signal: AbortSignal) => Promise<ConnectionRequestOutcome>;

/**
 * A device chooses its URL freely, so its URL must not make the ACS call into other networks.
 * @returns why the host must not be called; undefined when it may
 */
export function refusal(device: Pick<DeviceRow, 'address'>, host: string, allowed: BlockList): string | undefined {
  const family = isIP(host);
  if (!family) return `${host} is a name; only addresses are called`;
  if (host === device.address || allowed.check(host, family === 6 ? 'ipv6' : 'ipv4')) return undefined;
  return `${host} is not the address that informed (${device.address}), nor in an allowed network`;
}
