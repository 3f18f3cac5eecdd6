// What the unit says of itself at the start of a session: the Inform of the moment, and the settings that the agent reads from the model.
import type { Arguments, EventEntry, ParameterValue } from '../../shared/cwmp/methods.ts';
import type { Model } from '../../shared/model/definitions.ts';
import type { Coding } from '../../shared/net/coding.ts';
import type { Device } from '../state/device.ts';
import { nameForAcs } from '../state/tree/reads.ts';
import { wantedBy } from './inform-parameter.ts';
import { localTime } from './local-time.ts';
import { type RetryPolicy, unknownTime } from './timing.ts';

const forced = new WeakMap<Model, readonly string[]>();

/** TR-069 A.3.3.1: template paths that every Inform carries. */
function forcedParameters(model: Model): readonly string[] {
  let list = forced.get(model);
  if (!list) {
    list = [...model.parameters.values()]
      .filter(def => def.forcedInform && !def.path.includes('{i}'))
      .map(def => def.path);
    forced.set(model, list);
  }
  return list;
}

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

/** TR-069 3.2.1.1: what the ACS set counts before what DHCP said, and that before the standard's own values. */
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
 * A name and password of the unit. Passwords read back empty through the model (TR-106 3.2), so a DGW's are taken by script name.
 * @param which `''` for the ACS's login, `ConnectionRequest` for who may knock
 */
export function credentials(device: Device, which: '' | 'ConnectionRequest'): Credentials {
  const read = (name: string): string =>
    device.config.variable(`Cwmp.${which}${name}`) ?? managementServer(device, `${which}${name}`);
  return { username: read('Username'), password: read('Password') };
}

/** TR-069 A.3.3.1: local time with its offset; the Unknown Time while the clock is not set. */
export function currentTime(device: Device): string {
  const now = device.now();
  if (now === undefined) return unknownTime;
  const zone =
    device.config.variable('Hoc.StaticTimeZone') ?? valueOr(device, `${device.model.root}Time.LocalTimeZone`);
  return localTime(now, zone);
}

/** TR-069 A.3.2.4: 0 off, 1 passive, 2 active; what has gone in the meantime is nobody's news. */
export function notificationOf(device: Device, path: string): number {
  const template = device.model.resolve(path)?.def;
  if (template && 'activeNotify' in template && template.activeNotify === 'forceEnabled') return 2;
  return exists(device, path) ? (device.config.attributes.read(path)[0]?.Notification ?? 0) : 0;
}

/** UTC, for the times of transfers; the Unknown Time while the clock is not set. */
export function utcTime(device: Device): string {
  const now = device.now();
  return now === undefined ? unknownTime : `${new Date(now).toISOString().slice(0, 19)}Z`;
}

/** Values of paths, each once; what no longer exists (a deleted row) is left out. */
function values(device: Device, paths: Iterable<string>, connectionRequestUrl: string): ParameterValue[] {
  const list: ParameterValue[] = [];
  for (const path of new Set(paths)) {
    if (!exists(device, path)) continue;
    const isUrl = path === `${device.model.root}ManagementServer.ConnectionRequestURL`;
    for (const value of device.config.read(path)) {
      list.push({
        ...value,
        Name: nameForAcs(device.config.tree, value.Name),
        ...(isUrl && { Value: connectionRequestUrl }),
      });
    }
  }
  return list;
}

function exists(device: Device, path: string): boolean {
  try {
    device.config.get(path);
    return true;
  } catch {
    // CwmpFault 9005: there is nothing to report under this name any more.
    return false;
  }
}

/**
 * Inform, TR-069 A.3.3.1: forced parameters first, then those with a change to tell, then those that the ACS asked for.
 * @param connectionRequestUrl what the listener answers to at this moment
 */
export function informOf(
  device: Device,
  events: EventEntry[],
  changed: readonly string[],
  connectionRequestUrl: string,
): Arguments<'Inform'> {
  const { manufacturer, oui, productClass, serialNumber } = device.identity;
  return {
    DeviceId: { Manufacturer: manufacturer, OUI: oui, ProductClass: productClass, SerialNumber: serialNumber },
    Event: events,
    MaxEnvelopes: 1,
    CurrentTime: currentTime(device),
    RetryCount: device.state.facts.retries,
    ParameterList: values(
      device,
      [...forcedParameters(device.model), ...changed, ...wantedBy(device, events)],
      connectionRequestUrl,
    ),
  };
}
