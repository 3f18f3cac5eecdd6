// The row after an Inform: pure, and bounded whatever the device reports.

import type { Credentials } from './credentials.ts';
import type { InformFacts, InformReport } from './operation-types.ts';
import type { KnownValue } from './parameter.ts';
import type { DeviceRow } from './row.ts';

const MAX_VALUES = 128;
const MAX_VALUE_LENGTH = 1024;

/** Parameters that the server itself uses, by the end of their path under either root. */
const fieldByPath: ReadonlyMap<string, Exclude<keyof InformReport, 'root' | 'informInterval' | 'values'>> = new Map([
  ['DeviceInfo.SoftwareVersion', 'softwareVersion'],
  ['DeviceInfo.HardwareVersion', 'hardwareVersion'],
  ['DeviceInfo.ProvisioningCode', 'provisioningCode'],
  ['ManagementServer.ParameterKey', 'parameterKey'],
  ['ManagementServer.ConnectionRequestURL', 'connectionRequestUrl'],
]);

/** The parameters of an Inform in the form that the store takes. */
export function reportOf(parameters: readonly { Name: string; Value: string }[]): InformReport {
  const report: InformReport = { values: '' };
  let enabled = true;
  for (const { Name, Value } of parameters) {
    const start = Name.slice(0, Name.indexOf('.') + 1);
    if (start !== 'Device.' && start !== 'InternetGatewayDevice.') continue;
    report.root = start;
    const name = Name.slice(start.length);
    const field = fieldByPath.get(name);
    if (field) report[field] = Value;
    else if (name === 'ManagementServer.PeriodicInformEnable') enabled = !/^(0|false)$/i.test(Value);
    else if (name === 'ManagementServer.PeriodicInformInterval' && /^[1-9]\d{0,9}$/.test(Value.trim()))
      report.informInterval = Number(Value);
  }
  if (!enabled) report.informInterval = 0;
  report.values = valuesText(parameters);
  return report;
}

/** JSON by hand: most names and values are plain, and an object with these names as keys is costly to make. */
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

/** The values of a device's last Informs, by path. */
export const informValues = ({ told }: Pick<DeviceRow, 'told'>): Record<string, string> =>
  JSON.parse(told) as Record<string, string>;

/** The row with the values and events of an Inform. */
export function withInform(row: DeviceRow, facts: InformFacts): DeviceRow {
  const codes = facts.events.map(event => event.EventCode);
  const { report } = facts;
  const next: DeviceRow = {
    // A restart that was due has happened.
    ...(codes.includes('1 BOOT') ? restarted(row) : row),
    ...facts.identity,
    // An announced device that authenticated is managed from now on.
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
  // A device that informs here is not with another ACS.
  if (row.move?.state === 'moving' || row.move?.state === 'confirmed')
    next.move = { ...row.move, state: 'returned', heard: facts.now };
  // 0 BOOTSTRAP: the device is in its factory state, so nothing of what was configured holds.
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
  if (report.informInterval === undefined) return next;
  if (next.isIntervalDue) delete next.isIntervalDue;
  if (report.informInterval === 0) delete next.informInterval;
  else next.informInterval = report.informInterval;
  return next;
}

/**
 * The row after values were read or set: those that Informs have told are replaced by newer ones, so that what Informs told may always
 * count before the parameter tree. Reads of before the last Inform change nothing.
 * @param replaceBelow a partial path: `values` are all that there is below
 */
export function withKnown(row: DeviceRow, values: readonly KnownValue[], replaceBelow?: string): DeviceRow {
  if (row.told === '{}') return row;
  const told = new Map(Object.entries(informValues(row)));
  const read = new Set(replaceBelow === undefined ? [] : values.map(({ path }) => path));
  let isChanged = false;
  if (replaceBelow !== undefined)
    for (const path of told.keys())
      if (path.startsWith(replaceBelow) && !read.has(path)) isChanged = told.delete(path) || isChanged;
  for (const { path, value, time } of values) {
    const before = told.get(path);
    if (before === undefined || before === value || time < (row.lastInform ?? 0)) continue;
    if (value.length > MAX_VALUE_LENGTH) told.delete(path);
    else told.set(path, value);
    isChanged = true;
  }
  return isChanged ? { ...row, told: JSON.stringify(Object.fromEntries(told)) } : row;
}

/** The row without a restart that is due. */
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

/** Merges reported values; the oldest go when the row is full. Without a new value the text before is returned itself. */
function mergedValues(before: string, reported: string): string {
  if (before === reported) return before;
  const known = JSON.parse(before) as Record<string, string>;
  const fresh = Object.entries(JSON.parse(reported) as Record<string, string | null>);
  if (fresh.every(([name, value]) => (Object.hasOwn(known, name) ? known[name] : null) === value)) return before;
  const names = new Set(fresh.map(([name]) => name));
  const older = Object.entries(known).filter(([name]) => !names.has(name));
  const newer = fresh.filter(([, value]) => value !== null);
  return JSON.stringify(Object.fromEntries([...older, ...newer].slice(-MAX_VALUES)));
}
