// Where the ACS is: what DHCP said, what was configured, and which of the two counts (TR-069 3.1; DGW Cwmp.AcsUrlConfigSource).
import type { Device } from '../state/device.ts';
import { managementServer } from './settings.ts';

export interface AcsAddress {
  url: string;
  /** A failure to reach it is a reason to ask DHCP again (TR-069 3.1). */
  learned: boolean;
}

/** Absolute, http or https, with a host: anything else is as good as none. */
export function isAcsUrl(text: string): boolean {
  if (!/^https?:\/\//i.test(text) || text.length > 256 || !URL.canParse(text)) return false;
  return new URL(text).hostname !== '';
}

/** The address to use now; undefined when there is none. */
export function acsAddress(device: Device): AcsAddress | undefined {
  const learned = device.dhcp.lease?.acsUrl ?? '';
  const source = device.config.variable('Cwmp.AcsUrlConfigSource');
  const fixed =
    source === undefined ? managementServer(device, 'URL') : (device.config.variable('Cwmp.AcsStaticUrl') ?? '');
  const static_ = isAcsUrl(fixed) ? { url: fixed, learned: false } : undefined;
  const dynamic = isAcsUrl(learned) ? { url: learned, learned: true } : undefined;
  if (source === 'Static') return static_;
  if (source === 'Dhcp') return dynamic;
  // DhcpWithFailover prefers DHCP; a plain device takes what was set over what it was told (TR-069 3.1).
  return source === 'DhcpWithFailover' ? (dynamic ?? static_) : (static_ ?? dynamic);
}

/** Whether DHCP has a say at all. */
export function usesDhcp(device: Device): boolean {
  return device.config.variable('Cwmp.AcsUrlConfigSource') !== 'Static';
}
