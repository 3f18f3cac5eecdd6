// Settings of STUN (TR-069 Annex G), and what a unit shows of its binding.
import { STUN_PORT } from '../../../shared/stun.ts';
import type { Device } from '../../state/device.ts';
import { acsAddress } from '../acs-url.ts';
import { isCwmpOff, isTrue, managementServer } from '../settings.ts';

/** DGW Cwmp.Tr111StunStatus. */
export type StunStatus =
  | 'Disabled'
  | 'Starting'
  | 'Connected'
  | 'ErrorCannotResolve'
  | 'ErrorNotResponding'
  | 'ErrorOther';

export interface StunView {
  readonly status: StunStatus;
  readonly natDetected: boolean;
  /** UDPConnectionRequestAddress; '' while none is known. */
  readonly address: string;
}

export const stunOff: StunView = { status: 'Disabled', natDetected: false, address: '' };

export interface StunSettings {
  host: string;
  port: number;
  username: string;
  password: string;
  /** Seconds between two bindings. */
  least: number;
  most: number;
}

/** Seconds that a binding is left alone at most where STUNMaximumKeepAlivePeriod sets no limit (-1); our choice. */
const UNLIMITED = 300;

/** TR-181 ManagementServer.STUNEnable, DGW Cwmp.Tr111StunEnable. */
export const isStunEnabled = (device: Device): boolean =>
  isTrue(managementServer(device, 'STUNEnable', '0')) && !isCwmpOff(device);

/** The settings as they are now; undefined when there is to be no binding. */
export function stunSettings(device: Device): StunSettings | undefined {
  if (!isStunEnabled(device)) return undefined;
  const acs = acsAddress(device)?.url;
  // TR-181 ManagementServer.STUNServerAddress: empty is the host of the ACS.
  const host =
    managementServer(device, 'STUNServerAddress') || (acs ? new URL(acs).hostname.replace(/^\[|\]$/g, '') : '');
  const least = Math.max(1, Number(managementServer(device, 'STUNMinimumKeepAlivePeriod', '60')) || 0);
  const most = Number(managementServer(device, 'STUNMaximumKeepAlivePeriod', '-1'));
  return {
    host,
    port: Number(managementServer(device, 'STUNServerPort')) || STUN_PORT,
    username: managementServer(device, 'STUNUsername'),
    password: managementServer(device, 'STUNPassword'),
    least,
    most: Math.max(least, most > 0 ? most : UNLIMITED),
  };
}
