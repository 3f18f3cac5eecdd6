// The URL of the ACS: from DHCP or from the configuration (TR-069 3.1; DGW Cwmp.AcsUrlConfigSource).
import type { Device } from '../state/device.ts';
import { managementServer } from './settings.ts';

export interface AcsAddress {
  url: string;
  /** It came from DHCP: a failure to reach it is a reason to ask DHCP again (TR-069 3.1). */
  learned: boolean;
}

/** Absolute, http or https, with a host: any other text counts as no URL. */
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
  // DhcpWithFailover prefers DHCP; a plain device prefers what was configured (TR-069 3.1).
  return source === 'DhcpWithFailover' ? (dynamic ?? static_) : (static_ ?? dynamic);
}

/** DHCP may name the ACS. */
export function usesDhcp(device: Device): boolean {
  return device.config.variable('Cwmp.AcsUrlConfigSource') !== 'Static';
}
