// What an Inform says about the device itself, put into its row: pure, and bounded whatever the device reports.
import type { Credentials, DeviceRow, InformFacts } from './store.ts';

const MAX_VALUES = 128;
const MAX_VALUE_LENGTH = 1024;

/** The row with what the Inform says about the device itself. */
export function withInform(row: DeviceRow, facts: InformFacts): DeviceRow {
  const codes = facts.events.map(event => event.EventCode);
  const bootstrap = codes.includes('0 BOOTSTRAP');
  const { reconciled, ...rest } = row;
  const next: DeviceRow = {
    ...rest,
    ...facts.identity,
    // An announced device that has proved itself is managed from now on.
    state: row.state === 'known' ? 'enrolled' : row.state,
    lastInform: facts.now,
    lastEvents: codes,
    address: facts.address,
  };
  // After 0 BOOTSTRAP the device is as its maker left it: nothing that was made true still is.
  if (bootstrap) Object.assign(next, { lastBootstrap: facts.now, parameterKey: '', values: {}, applied: {} });
  else if (reconciled) next.reconciled = reconciled;
  if (codes.includes('1 BOOT')) next.lastBoot = facts.now;
  const credentials = currentCredentials(row, facts);
  if (credentials) next.credentials = credentials;
  return withReported(next, facts.parameters);
}

function currentCredentials(row: DeviceRow, facts: InformFacts): Credentials | undefined {
  const { credentials } = row;
  if (facts.usedNext && credentials?.next) return { ...credentials.next };
  return credentials ?? facts.credentials;
}

const rootOf = (path: string): string => path.slice(0, path.indexOf('.') + 1);

/** The row with the parameter values of an Inform, and what the server itself needs of them. */
function withReported(row: DeviceRow, parameters: InformFacts['parameters']): DeviceRow {
  const reported = new Map<string, string>();
  let root = row.root;
  for (const { Name, Value } of parameters) {
    const start = rootOf(Name);
    if (start !== 'Device.' && start !== 'InternetGatewayDevice.') continue;
    root = start;
    reported.set(Name.slice(start.length), Value);
  }
  const told = (name: string, before: string): string => reported.get(name) ?? before;
  const next: DeviceRow = {
    ...row,
    root,
    softwareVersion: told('DeviceInfo.SoftwareVersion', row.softwareVersion),
    hardwareVersion: told('DeviceInfo.HardwareVersion', row.hardwareVersion),
    provisioningCode: told('DeviceInfo.ProvisioningCode', row.provisioningCode),
    parameterKey: told('ManagementServer.ParameterKey', row.parameterKey),
    connectionRequest: {
      ...row.connectionRequest,
      url: told('ManagementServer.ConnectionRequestURL', row.connectionRequest.url),
    },
    values: withValues(row.values, parameters),
  };
  const interval = Number(reported.get('ManagementServer.PeriodicInformInterval') ?? Number.NaN);
  if (Number.isInteger(interval) && interval > 0) next.informInterval = interval;
  const enable = reported.get('ManagementServer.PeriodicInformEnable')?.toLowerCase();
  if (enable === '0' || enable === 'false') delete next.informInterval;
  return next;
}

/** The oldest values fall off a full row, and long texts stay out of it. */
function withValues(before: Record<string, string>, parameters: InformFacts['parameters']): Record<string, string> {
  const values = { ...before };
  let grown = false;
  for (const { Name, Value } of parameters) {
    if (Value.length > MAX_VALUE_LENGTH) delete values[Name];
    else {
      grown ||= !Object.hasOwn(values, Name);
      values[Name] = Value;
    }
  }
  if (!grown || Object.keys(values).length <= MAX_VALUES) return values;
  const latest = new Set(parameters.slice(-MAX_VALUES).map(({ Name }) => Name));
  const older = Object.entries(values).filter(([name]) => !latest.has(name));
  const newer = Object.entries(values).filter(([name]) => latest.has(name));
  return Object.fromEntries([...older, ...newer].slice(-MAX_VALUES));
}
