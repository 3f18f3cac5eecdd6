// Examples of the API description: parameters and bodies by operation, which a test sends to a server, and the answers that came then.
import type { Operation } from '../operation.ts';
import recorded from './answers.json' with { type: 'json' };

const DEVICE = '0090F8-4102S-0090F8000001';
const PEM = '-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n';
const interval = 'Device.ManagementServer.PeriodicInformInterval';
const filter = 'productClass = "4102S" and tag = "sales"';
const password = 'correct horse battery';

/** Names in paths, by the part before them. */
const names: Readonly<Record<string, string>> = {
  alerts: 'offline',
  backups: 'nightly',
  devices: DEVICE,
  diagnostics: 'ping',
  faults: '1f0c9a',
  files: 'log.cfg',
  jobs: 'sales-log',
  messages: '1',
  models: 'gateway',
  presets: 'heartbeat',
  roles: 'field',
  rollouts: 'spring',
  rules: 'known-products',
  servers: 'sip.example.net:5061',
  sessions: '2026-01-31T12:00:00.000Z',
  tasks: '5b2f7e',
  tokens: 'oss',
  trust: 'operator-ca',
  users: 'ann',
  views: 'not-online',
  versions: '1',
  webhooks: 'noc',
};

const numbers: Readonly<Record<string, string>> = { ':n': '1' };

const queries: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  countFacets: { by: 'firmware,tag' },
  getHistory: { path: 'Device.DeviceInfo.UpTime' },
  getParameters: { path: 'Device.DeviceInfo.' },
  listDevices: { filter: 'not online', sort: '-lastInform', limit: '20' },
  listTasks: { device: DEVICE },
  putFile: { type: 'script' },
};

const bodies: Readonly<Record<string, unknown>> = {
  addTask: { method: 'GetParameterValues', args: { ParameterNames: ['Device.DeviceInfo.'] } },
  announceDevices: { id: DEVICE, tags: ['sales'], site: { region: 'north', name: 'Vienna' } },
  compareDevices: { these: 'firmware < "49.2"', against: 'productClass = "4102S"' },
  createSessionByLink: { code: 'the code of the link' },
  createFirstUser: { code: 'the code of the link', name: 'ann', password },
  createJob: { id: 'sales-log', devices: { filter }, do: [{ tags: { add: ['log'] } }] },
  createRollout: { id: 'spring', filter, firmware: 'dgw.bin', waves: [1, 100, '10%', '100%'] },
  createSession: { name: 'ann', password },
  createToken: { name: 'oss', role: 'operator', filter: 'site.region = "north"', expires: '2036-01-01T00:00:00Z' },
  createUser: { name: 'bob', role: 'viewer', password },
  excludeFromJob: { filter: 'tag = "vip"' },
  excludeFromRollout: { filter: 'tag = "vip"' },
  patchDevice: { tags: ['sales', 'vip'], overrides: { [interval]: '600' } },
  patchSession: { password, newPassword: 'staple battery correct' },
  patchUser: { role: 'operator', filter: 'site.region = "north"' },
  preflightServerCertificate: { certificate: PEM },
  putAlert: { filter: 'lost', above: 100 },
  putBackupRule: { filter, every: '1d', keep: 7 },
  testEnrolment: { id: '0090F8-4102S-0090F8000009', credential: 'enrolment', softwareVersion: '49.1' },
  putEnrolmentRule: { filter: 'productClass = "4102S"', action: 'enrol' },
  putHistorySetting: { parameters: ['Device.DeviceInfo.UpTime'] },
  putOidcSetting: { rolesClaim: 'groups', map: [{ value: 'acs-admins', role: 'admin' }] },
  putPreset: { when: filter, set: { [interval]: '300' } },
  putRole: { operations: ['read', 'addTask', 'connectionRequest'], devices: 'site.region = "north"' },
  putSecretsSetting: { names: ['wifiCode'] },
  putTrust: { certificates: PEM },
  putUser: { role: 'viewer', password },
  putView: { q: 'not online', cols: ['serial', 'site.name', 'lastInform'], sort: '-lastInform', shared: true },
  putWebhook: { url: 'https://noc.example.net/tandem', events: ['fault', 'lost'] },
  replaceDevice: { newId: '0090F8-4102S-0090F8000002' },
  retryFaults: { filter: 'fault.code = 9007' },
  runDiagnostic: { host: 'host.example.net' },
  tellServer: { chains: [PEM] },
  traceDevice: { on: true },
  updateDevices: { items: [{ id: DEVICE, tags: ['sales', 'vip'] }] },
};

export interface Example {
  /** By parameter of the path. */
  path: Readonly<Record<string, string>>;
  query: Readonly<Record<string, string>>;
  /** Undefined where the operation takes none, or bytes, or none is needed. */
  body: unknown;
}

/** The answer to the example of an operation, shortened; undefined where there is none, or it is long. */
export function answerOf(name: string): { status: number; body: unknown } | undefined {
  return (recorded as Readonly<Record<string, { status: number; body: unknown }>>)[name];
}

export function exampleOf({ name, path }: Pick<Operation, 'name' | 'path'>): Example {
  const parts = path.split('/');
  const inPath = parts.flatMap((part, at) =>
    part.startsWith(':') ? [[part.slice(1), numbers[part] ?? names[parts[at - 1] ?? ''] ?? 'name']] : [],
  );
  return { path: Object.fromEntries(inPath), query: queries[name] ?? {}, body: bodies[name] };
}
