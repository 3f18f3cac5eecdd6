// The scripts that a unit fetches by itself: those that DHCP names, and those that Conf.* names. This file only finds their places
// here; the agent fetches them between its sessions, as it does for a Download.
import { queueOwn } from '../agent/transfer/queue.ts';
import type { OwnTransfer } from '../state/facts.ts';
import { profileName } from './common/product.ts';
import { readRange, type Schedule } from './configuration/schedule.ts';
import { hostPort, type Unit } from './service.ts';

const FILE_TYPE = '3 Vendor Configuration File';
const FIRMWARE = '1 Firmware Upgrade Image';

const read = (unit: Unit, name: string): string => unit.config.variable(`Conf.${name}`) ?? '';

/** `%mac%` and its like in names and paths; an unknown one stays. The series (`4100` of `4102S`) is inferred. */
export function expandMacros(unit: Unit, text: string): string {
  const values: Record<string, string> = {
    mac: unit.identity.mac,
    version: unit.softwareVersion,
    product: unit.identity.productClass,
    productseries: unit.identity.productClass.replace(/\d\d[A-Za-z]*$/, '00'),
    profile: profileName(unit),
    serial: unit.identity.serialNumber,
  };
  return text.replace(/%([a-z]+)%/gi, (whole, name: string) => values[name.toLowerCase()] ?? whole);
}

/** `host[:port]/location/file`, without empty parts. */
export const joined = (host: string, location: string, file: string): string =>
  [host, location, file]
    .map(part => part.replace(/^\/+|\/+$/g, ''))
    .filter(part => part !== '')
    .join('/');

/** Removes `user:password@` from a URL. */
export function parted(text: string): { url: string; username: string; password: string } | undefined {
  const match = /^([a-z][a-z0-9+.-]*):\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^@]+)$/i.exec(text);
  if (!match) return undefined;
  const plain = (part = ''): string => {
    try {
      return decodeURIComponent(part);
    } catch {
      // A lone % is itself.
      return part;
    }
  };
  return { url: `${match[1]?.toLowerCase()}://${match[4]}`, username: plain(match[2]), password: plain(match[3]) };
}

export type Place = Pick<OwnTransfer, 'url' | 'username' | 'password'>;

function onServer(unit: Unit, host: string, file: string): Place | undefined {
  if (file === '' || host === '' || host.startsWith('0.0.0.0')) return undefined;
  const at = hostPort(host);
  const server = at.port === 0 ? host.replace(/:0$/, '') : host;
  const path = expandMacros(unit, joined(server, read(unit, 'ScriptsLocation'), file));
  return {
    url: `${read(unit, 'ScriptsTransferProtocol').toLowerCase()}://${path}`,
    username: read(unit, 'ScriptsTransferUsername'),
    password: read(unit, 'ScriptsTransferPassword'),
  };
}

/** Formats of options 66 and 67 (Conf.ScriptsDhcpOptionsFormat); AutoDetect tells them by how they begin. */
export function placeOf(unit: Unit, value: string): Place | undefined {
  const format = read(unit, 'ScriptsDhcpOptionsFormat');
  const full = /^Script=(.+)$/i.exec(value);
  const isUrl = /^[a-z][a-z0-9+.-]*:\/\//i.test(value);
  if (format === 'FullyQualified' || (format === 'AutoDetect' && full)) {
    return full ? parted(expandMacros(unit, full[1] ?? '')) : undefined;
  }
  if (format === 'Url' || (format === 'AutoDetect' && isUrl)) {
    if (!isUrl) return undefined;
    const file = read(unit, 'ScriptGenericFileName');
    if (!value.endsWith('/')) return parted(expandMacros(unit, value));
    return file === ''
      ? undefined
      : parted(expandMacros(unit, value + joined('', read(unit, 'ScriptsLocation'), file)));
  }
  const isHost = /^(\[[0-9a-f:]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:\d{1,5})?$/i.test(value);
  return isHost ? onServer(unit, value, read(unit, 'ScriptGenericFileName')) : undefined;
}

/** The scripts and firmware packs that the last DHCP answer names, option 66 first. Such a transfer is not repeated when it fails. */
export function dhcpScripts(unit: Unit): OwnTransfer[] {
  if (read(unit, 'ScriptsDhcpDownloadEnable') !== 'Enable') return [];
  return (unit.dhcp.lease?.scripts ?? []).flatMap(({ option, value }) => {
    // The vendor's options name scripts alone; `Firmware=` is ours.
    const pack = /^Firmware=(.+)$/i.exec(value)?.[1];
    const place = pack === undefined ? placeOf(unit, value) : parted(expandMacros(unit, pack));
    const fileType = pack === undefined ? FILE_TYPE : FIRMWARE;
    if (!place) unit.log.warn('DHCP script option unusable', { option, value: value.replace(/\/\/[^/]*@/, '//') });
    return place ? [{ origin: String(option), fileType, retries: 0, ...place }] : [];
  });
}

/** Conf.ScriptGenericFileName, then Conf.ScriptSpecificFileName, which so takes precedence. */
export function configuredScripts(unit: Unit): OwnTransfer[] {
  const host = read(unit, 'ScriptsTransferSrvHostname');
  const retries = Number(unit.config.variable('Conf.ScriptsTransferRetriesNumber') ?? -1);
  return (['Generic', 'Specific'] as const).flatMap(origin => {
    const place = onServer(unit, host, read(unit, `Script${origin}FileName`));
    return place ? [{ origin, fileType: FILE_TYPE, retries, ...place }] : [];
  });
}

/** The scripts that a unit fetches at its start. ScriptsTransferOnRestartDhcpScriptMaxDelay does not apply: the lease is there before. */
export const scriptsAtStart = (unit: Unit): OwnTransfer[] => [
  ...dhcpScripts(unit),
  ...(read(unit, 'ScriptsTransferOnRestartEnable') === 'Enable' ? configuredScripts(unit) : []),
];

/** The times of periodic transfers; undefined when they are off. The obsolete ScriptsTransferTimeOfDay counts without a range. */
export function scriptSchedule(unit: Unit): Schedule | undefined {
  if (read(unit, 'ScriptsTransferPeriodicEnable') !== 'Enable') return undefined;
  const minutes = { Minutes: 1, Hours: 60, Days: 1440 }[read(unit, 'ScriptsTransferPeriodicTimeUnit')] ?? 60;
  const hour = Number(read(unit, 'ScriptsTransferTimeOfDay') || -1);
  return {
    period: Math.max(1, Number(read(unit, 'ScriptsTransferInterval'))) * minutes * 60_000,
    range: readRange(read(unit, 'ScriptsTransferTimeRange')) ?? (hour < 0 ? undefined : readRange(String(hour))),
    zone: unit.config.variable('Hoc.StaticTimeZone') ?? '',
  };
}

/** Fetches and installs files between sessions, one after the other. Queued durably when resolved. */
export async function fetchOwn(unit: Unit, transfers: readonly OwnTransfer[]): Promise<void> {
  for (const transfer of transfers) await queueOwn(unit, transfer);
  if (transfers.length > 0) unit.power.agent?.transfers.wake();
}
