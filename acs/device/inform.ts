// What an Inform says about the device itself, put into its row: pure, and bounded whatever the device reports.

import type { Credentials } from './credentials.ts';
import type { InformFacts, InformReport } from './operation-types.ts';
import type { DeviceRow } from './row.ts';

const MAX_VALUES = 128;
const MAX_VALUE_LENGTH = 1024;

/** What the server itself looks at, by the end of the path under either root. */
const looked: ReadonlyMap<string, Exclude<keyof InformReport, 'root' | 'informInterval' | 'values'>> = new Map([
  ['DeviceInfo.SoftwareVersion', 'softwareVersion'],
  ['DeviceInfo.HardwareVersion', 'hardwareVersion'],
  ['DeviceInfo.ProvisioningCode', 'provisioningCode'],
  ['ManagementServer.ParameterKey', 'parameterKey'],
  ['ManagementServer.ConnectionRequestURL', 'connectionRequestUrl'],
]);

/** The parameters of an Inform as the store takes them. */
export function reportOf(parameters: readonly { Name: string; Value: string }[]): InformReport {
  const report: InformReport = { values: '' };
  let enabled = true;
  for (const { Name, Value } of parameters) {
    const start = Name.slice(0, Name.indexOf('.') + 1);
    if (start !== 'Device.' && start !== 'InternetGatewayDevice.') continue;
    report.root = start;
    const name = Name.slice(start.length);
    const field = looked.get(name);
    if (field) report[field] = Value;
    else if (name === 'ManagementServer.PeriodicInformEnable') enabled = !/^(0|false)$/i.test(Value);
    else if (name === 'ManagementServer.PeriodicInformInterval' && /^[1-9]\d{0,9}$/.test(Value.trim()))
      report.informInterval = Number(Value);
  }
  if (!enabled) report.informInterval = 0;
  report.values = valuesText(parameters);
  return report;
}

/** Written by hand: most names and values are plain, and an object with these names as keys is costly to make. */
function valuesText(parameters: readonly { Name: string; Value: string }[]): string {
  let text = '';
  for (let at = Math.max(0, parameters.length - MAX_VALUES); at < parameters.length; at++) {
    const { Name, Value } = parameters[at]!;
    text += `${text === '' ? '{' : ','}${quoted(Name)}:${Value.length > MAX_VALUE_LENGTH ? 'null' : quoted(Value)}`;
  }
  return text === '' ? '{}' : `${text}}`;
}

const needsEscape = /["\\\0-\x1f\ud800-\udfff]/;
const quoted = (text: string): string => (needsEscape.test(text) ? JSON.stringify(text) : `"${text}"`);

/** Values that the last Informs of a device carried, by path. */
export const informValues = ({ told }: Pick<DeviceRow, 'told'>): Record<string, string> =>
  JSON.parse(told) as Record<string, string>;

/** The row with what the Inform says about the device itself. */
export function withInform(row: DeviceRow, facts: InformFacts): DeviceRow {
  const codes = facts.events.map(event => event.EventCode);
  const { report } = facts;
  const next: DeviceRow = {
    // Whatever waited for a restart has it.
    ...(codes.includes('1 BOOT') ? restarted(row) : row),
    ...facts.identity,
    // An announced device that has proved itself is managed from now on.
    state: row.state === 'known' ? 'enrolled' : row.state,
    lastInform: facts.now,
    lastEvents: codes,
    address: facts.address,
    root: report.root ?? row.root,
    softwareVersion: report.softwareVersion ?? row.softwareVersion,
    hardwareVersion: report.hardwareVersion ?? row.hardwareVersion,
    provisioningCode: report.provisioningCode ?? row.provisioningCode,
    parameterKey: report.parameterKey ?? row.parameterKey,
    told: mergedValues(row.told, report.values),
  };
  // Whoever informs here is not with another ACS.
  if (row.move?.state === 'moving' || row.move?.state === 'confirmed')
    next.move = { ...row.move, state: 'returned', heard: facts.now };
  // After 0 BOOTSTRAP the device is as its maker left it: nothing that was made true still is.
  if (codes.includes('0 BOOTSTRAP')) {
    next.lastBootstrap = facts.now;
    next.parameterKey = report.parameterKey ?? '';
    next.told = mergedValues('{}', report.values);
    next.applied = {};
    delete next.reconciled;
    delete next.drift;
    delete next.adding;
  }
  if (codes.includes('1 BOOT')) next.lastBoot = facts.now;
  const credentials = currentCredentials(row, facts);
  if (credentials) next.credentials = credentials;
  const url = report.connectionRequestUrl;
  if (url !== undefined && url !== row.connectionRequest.url)
    next.connectionRequest = { ...row.connectionRequest, url };
  if (report.informInterval === 0) delete next.informInterval;
  else if (report.informInterval !== undefined) next.informInterval = report.informInterval;
  return next;
}

/** The row of a device that waits for no restart. */
export function restarted(row: DeviceRow): DeviceRow {
  if (!row.restart) return row;
  const { restart: _done, ...rest } = row;
  return { ...rest, faults: rest.faults.filter(({ cause }) => cause !== 'restart') };
}

function currentCredentials(row: DeviceRow, facts: InformFacts): Credentials | undefined {
  const { credentials } = row;
  if (facts.usedNext && credentials?.next) return { ...credentials.next };
  return credentials ?? facts.credentials;
}

/** The oldest values fall off a full row. An Inform that tells nothing new leaves the text as it is. */
function mergedValues(before: string, told: string): string {
  if (before === told) return before;
  const known = JSON.parse(before) as Record<string, string>;
  const fresh = Object.entries(JSON.parse(told) as Record<string, string | null>);
  if (fresh.every(([name, value]) => (Object.hasOwn(known, name) ? known[name] : null) === value)) return before;
  const names = new Set(fresh.map(([name]) => name));
  const older = Object.entries(known).filter(([name]) => !names.has(name));
  const newer = fresh.filter(([, value]) => value !== null);
  return JSON.stringify(Object.fromEntries([...older, ...newer].slice(-MAX_VALUES)));
}
