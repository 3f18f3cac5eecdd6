// Settings that the agent reads from the model.
import type { Coding } from '../../shared/net/coding.ts';
import type { Device } from '../state/device.ts';
import type { RetryPolicy } from './timing.ts';

/** A value of the model, or `otherwise` where this unit has no such parameter. */
export function valueOr(device: Device, path: string, otherwise = ''): string {
  return has(device, path) ? device.config.get(path) : otherwise;
}

function has(device: Device, path: string): boolean {
  return device.model.parameters.has(path);
}

/** A parameter under ManagementServer, by its last node; both roots have the object. */
export function managementServer(device: Device, name: string, otherwise = ''): string {
  return valueOr(device, `${device.model.root}ManagementServer.${name}`, otherwise);
}

export function isTrue(value: string): boolean {
  return value === '1' || value.toLowerCase() === 'true';
}

/** CWMP rests: its service is stopped (DGW), or TR-181 ManagementServer.EnableCWMP is false. */
export const isCwmpOff = (device: Device): boolean =>
  device.isStopped('Cwmp') || !isTrue(managementServer(device, 'EnableCWMP', '1'));

/** TR-069 3.2.1.1: values of the ACS count before those from DHCP, and these before the standard's own. */
export function retryPolicy(device: Device): RetryPolicy {
  const read = (name: string, learned: number | undefined, low: number, otherwise: number): number => {
    const path = `${device.model.root}ManagementServer.${name}`;
    const text = valueOr(device, path);
    const isSet = text !== '' && text !== (device.model.parameters.get(path)?.default ?? String(otherwise));
    const value = isSet ? Number(text) : (learned ?? otherwise);
    return value >= low && value <= 65535 ? value : otherwise;
  };
  return {
    minimumWait: read('CWMPRetryMinimumWaitInterval', device.dhcp.lease?.retryMinimumWait, 1, 5),
    multiplier: read('CWMPRetryIntervalMultiplier', device.dhcp.lease?.retryMultiplier, 1000, 2000),
  };
}

/** TR-181 ManagementServer.HTTPCompression; undefined for Disabled and where there is no such parameter. */
export function compression(device: Device): Coding | undefined {
  const chosen = managementServer(device, 'HTTPCompression').toLowerCase();
  return chosen === 'gzip' || chosen === 'deflate' ? chosen : undefined;
}

export interface Credentials {
  username: string;
  password: string;
}

/**
 * A login of the unit. Passwords read back empty through the model (TR-106 3.2), so a DGW's are read by script name.
 * @param which `''` for the login at the ACS, `ConnectionRequest` for that of connection requests
 */
export function credentials(device: Device, which: '' | 'ConnectionRequest'): Credentials {
  const read = (name: string): string =>
    device.config.variable(`Cwmp.${which}${name}`) ?? managementServer(device, `${which}${name}`);
  return { username: read('Username'), password: read('Password') };
}

/** TR-069 A.3.2.4: 0 off, 1 passive, 2 active; a parameter that is gone is not notified. */
export function notificationOf(device: Device, path: string): number {
  const template = device.model.resolve(path)?.def;
  if (template && 'activeNotify' in template && template.activeNotify === 'forceEnabled') return 2;
  return exists(device, path) ? (device.config.attributes.read(path)[0]?.Notification ?? 0) : 0;
}

/** A parameter of this name exists now. */
export function exists(device: Device, path: string): boolean {
  try {
    device.config.get(path);
    return true;
  } catch {
    // CwmpFault 9005: a deleted row has nothing to report.
    return false;
  }
}
