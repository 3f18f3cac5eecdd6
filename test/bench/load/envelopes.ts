// Identities and messages of the simulated CPEs of the bench: a stored fleet of two products, an Inform of 25 parameters, answers to the ACS.

import type { DeviceIdentity } from '../../../acs/device/row.ts';
import { deviceId } from '../../../acs/fleet/devices/device-id.ts';
import { type Body, encodeEnvelope, requestBody, responseBody } from '../../../shared/cwmp/soap.ts';
import type { Work } from '../work.ts';

export const PASSWORD = 'bench-password';
export const INTERVAL = 'Device.X_0090F8_Cwmp.PeriodicInformInterval';
const UNKNOWN_TIME = '0001-01-01T00:00:00Z';

/** One device in ten is of another product, one in seven on an older firmware. */
const classOf = (number: number): string => (number % 10 === 9 ? 'C711' : '4102S');
const firmwareOf = (number: number): string => (number % 7 === 6 ? '48.5.2718' : '49.2.2941');
const serialOf = (number: number): string => String(number).padStart(8, '0');

export const identityOf = (number: number): DeviceIdentity => ({
  manufacturer: 'Media5',
  oui: '0090F8',
  productClass: classOf(number),
  serialNumber: serialOf(number),
});
export const idOf = (number: number): string => deviceId(identityOf(number));

export interface InformSettings {
  event?: string;
  connectionRequestUrl?: string;
}

/** The 25 values that a device reports. */
export function reportedBy(
  firmware: string,
  parameterKey: string,
  settings: InformSettings = {},
): Record<string, string> {
  const values: Record<string, string> = {
    'Device.DeviceSummary': 'Device:1.5[](Baseline:1)',
    'Device.DeviceInfo.HardwareVersion': '1',
    'Device.DeviceInfo.SoftwareVersion': firmware,
    'Device.ManagementServer.ParameterKey': parameterKey,
    'Device.ManagementServer.ConnectionRequestURL': settings.connectionRequestUrl ?? 'http://127.0.0.1:7547/bench',
    'Device.LAN.IPAddress': '127.0.0.1',
  };
  for (let n = Object.keys(values).length; n < INFORMED; n++)
    values[`Device.X_0090F8_Bench.Counter${n}`] = `value ${n}`;
  return values;
}

/** A template with what tells one device from another. */
export const fillIn = (template: string, number: number): string =>
  template
    .replace('@CLASS@', classOf(number))
    .replace('@SERIAL@', serialOf(number))
    .replace('@FIRMWARE@', firmwareOf(number));

/** An Inform of about 5 KB as a gateway sends it; `fillIn` makes it one device's, `@KEY@` stands for its ParameterKey. */
export function informTemplate(settings: InformSettings = {}): string {
  const values = reportedBy('@FIRMWARE@', '@KEY@', settings);
  return encodeEnvelope({
    namespace: '1-2',
    id: '1',
    body: requestBody('Inform', {
      DeviceId: { Manufacturer: 'Media5', OUI: '0090F8', ProductClass: '@CLASS@', SerialNumber: '@SERIAL@' },
      Event: [{ EventCode: settings.event ?? '2 PERIODIC', CommandKey: '' }],
      MaxEnvelopes: 1,
      CurrentTime: UNKNOWN_TIME,
      RetryCount: 0,
      ParameterList: Object.entries(values).map(([Name, Value]) => ({ Name, Value, Type: 'xsd:string' })),
    }) as Body,
  });
}

export const informed = (number: number): { Name: string; Value: string; Type: string }[] =>
  Object.entries(reportedBy(firmwareOf(number), '')).map(([Name, Value]) => ({ Name, Value, Type: 'xsd:string' }));

/** The `count` parameters of a large model. */
export const modelPaths = (count: number): string[] =>
  Array.from({ length: count }, (_, n) => `Device.X_0090F8_Bench.Table.${Math.floor(n / 10) + 1}.Column${n % 10}`);

const response = (method: string, result: unknown): string =>
  encodeEnvelope({ namespace: '1-2', id: '@ID@', body: responseBody(method as 'Reboot', result as never) as Body });

/** The n-th value of the large model as told in a round: the first one tells the round, or each does. */
export const modelValue = (n: number, round: number, changes: 'first' | 'all'): string =>
  n === 0 || changes === 'all' ? `value ${n} of ${round}` : `value ${n}`;

/** Answers to the ACS's requests, by method; `@ID@` is the request's own. A read is answered with `read` values. */
export function answersOf(read = 1, round = 0, changes: 'first' | 'all' = 'first'): Record<string, string> {
  const list =
    read === 1
      ? [{ Name: INTERVAL, Value: '3600', Type: 'xsd:unsignedInt' }]
      : modelPaths(read).map((Name, n) => ({ Name, Value: modelValue(n, round, changes), Type: 'xsd:string' }));
  return {
    SetParameterValues: response('SetParameterValues', { Status: 0 }),
    GetParameterValues: response('GetParameterValues', { ParameterList: list }),
  };
}

/** Values that each Inform reports. */
export const INFORMED = 25;

/** Work of a session: an Inform, and the answers to the methods. `read` is what `answersOf` was given. */
export function workOf(settings: { inform: string; answers: Record<string, string> }, method?: string, read = 0): Work {
  const bytes = (text: string): number => Buffer.byteLength(text);
  // A device of the shorter product class, without a ParameterKey: the least of all.
  const inform = bytes(fillIn(settings.inform, 9).replace('@KEY@', ''));
  return {
    rpcs: method ? 1 : 0,
    values: INFORMED + read,
    informed: INFORMED,
    sent: inform + (method ? bytes((settings.answers[method] ?? '').replace('@ID@', '')) : 0),
  };
}

/** Requests as any ACS sends them: those of the baseline. */
export const baselineRequests: Readonly<Record<'set' | 'read', string>> = {
  set: encodeEnvelope({
    namespace: '1-2',
    id: '1',
    body: requestBody('SetParameterValues', {
      ParameterList: [{ Name: INTERVAL, Value: '3600', Type: 'xsd:unsignedInt' }],
      ParameterKey: '',
    }) as Body,
  }),
  read: encodeEnvelope({
    namespace: '1-2',
    id: '1',
    body: requestBody('GetParameterValues', { ParameterNames: ['Device.X_0090F8_Bench.'] }) as Body,
  }),
};
