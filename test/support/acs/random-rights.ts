// Random rights and random calls, and the marks by which an answer tells of which device and which parameter its values are.
import fc from 'fast-check';
import type { Operation } from '../../../acs/north/operation.ts';
import { operations } from '../../../acs/north/operations.ts';

const COUNT = 6;
export const ids = Array.from({ length: COUNT }, (_, at) => `0090F8-4102S-D${at}`);
/** Paths of which each is covered by some patterns and not by others. */
export const paths = [
  'Device.A.One',
  'Device.A.Two',
  'Device.B.1.One',
  'Device.B.2.Two',
  'Device.ManagementServer.Url2',
  // It tells a fact, too.
  'Device.DeviceInfo.ModelName',
];
const patterns = [...paths, 'Device.', 'Device.A.', 'Device.B.', 'Device.B.*.One', 'Device.B.*.', 'Device.*.Two'];
const filters = [
  'site.region = "north"',
  'site.region = "south" or tag = "t1"',
  'not tag = "t0"',
  'site.region in ("north", "east") and not serial = "D0"',
  'serial like "D%" and not site.region exists',
  'tag = "none"',
];

export const markOf = (device: string, path = ''): string =>
  `mark-${device.split('-').at(-1)}-${paths.indexOf(path)}-end`;

/** The sense of a pattern, told apart from the product's own. */
export const covers = (pattern: string, path: string): boolean =>
  new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '[^.]+')}${pattern.endsWith('.') ? '.+' : ''}$`).test(
    path,
  );

export interface RandomRights {
  level: 'viewer' | 'operator' | 'admin' | 'own';
  own: string[];
  roleFilter?: string | undefined;
  filter?: string | undefined;
  read?: string[] | undefined;
  set?: string[] | undefined;
}

const maybe = <T>(arb: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arb, { nil: undefined });
const names = operations.filter(({ scope }) => scope !== 'access' && scope !== 'self').map(({ name }) => name);

export const rightsArb: fc.Arbitrary<RandomRights> = fc.record({
  level: fc.constantFrom('viewer', 'operator', 'admin', 'own', 'own'),
  own: fc.oneof(
    fc.constant<string[]>(['read']),
    fc.constant<string[]>(['read', 'write']),
    fc.uniqueArray(fc.constantFrom(...names), { minLength: 1 }),
  ),
  roleFilter: maybe(fc.constantFrom(...filters)),
  filter: maybe(fc.constantFrom(...filters)),
  read: maybe(fc.uniqueArray(fc.constantFrom(...patterns), { maxLength: 3 })),
  set: maybe(fc.uniqueArray(fc.constantFrom(...patterns), { maxLength: 3 })),
});

export interface RandomCall {
  /** Name of the operation. */
  name: string;
  device: number;
  other: number;
  path: string;
  filter: string;
  pick: number;
}

export const callArb: fc.Arbitrary<RandomCall> = fc.record({
  name: fc.constantFrom(...names),
  device: fc.nat({ max: COUNT - 1 }),
  other: fc.nat({ max: COUNT - 1 }),
  path: fc.constantFrom(...paths),
  filter: fc.constantFrom(...filters, 'model like "mark%"', ...paths.map(path => `${path} like "mark%"`)),
  pick: fc.nat(),
});

export interface Model {
  isScoped: boolean;
  reached: ReadonlySet<string>;
  mayRead(path: string): boolean;
  maySet(path: string): boolean;
}

export const operationOf = (name: string): Operation =>
  operations.find(operation => operation.name === name) as Operation;

export const one = (all: readonly string[], at: number): string => all[at % Math.max(1, all.length)] ?? 'none';

export function queryOf({ name, filter, path, device, pick }: RandomCall): string {
  if (name === 'listDevices') return deviceQueryOf(path, filter, pick);
  if (name === 'listFaults') return faultQueryOf(path, filter, pick);
  if (name === 'groupFaults') return pick % 2 ? '' : `?by=code,site.mark&filter=${encodeURIComponent(filter)}`;
  if (name === 'countFacets')
    return `?by=id,site.mark,tag,${path},${one(['fault', 'faultCode', 'drift'], pick)}&filter=${encodeURIComponent(filter)}`;
  if (name === 'getParameters') return '?path=Device.&limit=2';
  if (name === 'getVocabulary') return `?prefix=${encodeURIComponent(device % 2 ? `${path} = "` : 'site.mark = ')}`;
  if (name === 'getHistory') return `?path=${path}`;
  if (name === 'listTasks') {
    const forms = [`?device=${ids[device]}`, '?limit=2', '?format=csv&fields=device,args', '?state=queued&count=true'];
    return `${one(forms, pick)}&filter=${encodeURIComponent(filter)}`;
  }
  if (name === 'putFile') return '?type=script';
  if (dryRuns.has(name)) return pick % 3 === 0 ? '?dryRun=true' : '';
  if (name === 'listPresets') return '?counts=true';
  if (name === 'dryRunPreset' || name === 'streamDryRunPreset') return '?kinds=true&limit=3';
  return '';
}

const dryRuns: ReadonlySet<string> = new Set(['announceDevices', 'updateDevices', 'deleteDevice', 'putAlert']);

function deviceQueryOf(path: string, filter: string, pick: number): string {
  const forms = ['', `&fields=id,site,overrides,model,lineState,${path}`, '&format=csv', '&count=true'];
  const asked = pick % 5 === 0 ? `job = "all" or job = "all" and jobState = "done" and ${filter}` : filter;
  return `?filter=${encodeURIComponent(asked)}${one(forms, pick)}`;
}

function faultQueryOf(path: string, filter: string, pick: number): string {
  const queries = [
    `filter=${encodeURIComponent(`fault.parameter = "${path}" or ${filter}`)}`,
    `filter=${encodeURIComponent(filter)}&count=true`,
    'sort=parameter',
    'format=csv',
    `group=${Buffer.from(JSON.stringify([['parameter', path]])).toString('base64url')}`,
  ];
  return `?${one(queries, pick)}`;
}

export function bodyOf({ name, device, other, path, filter, pick }: RandomCall): unknown {
  const [id, second] = [ids[device], ids[other]];
  const bodies: Record<string, unknown> = {
    announceDevices: { id: `0090F8-4102S-N${pick % 50}`, tags: ['t1'], site: { region: pick % 2 ? 'north' : 'south' } },
    updateDevices: { items: [id, second].map(each => ({ id: each, tags: ['t1'], site: { region: 'north' } })) },
    patchDevice: { tags: ['t1'], overrides: { [path]: 'x' } },
    addTask: { method: 'SetParameterValues', args: { ParameterList: { [path]: 'x' } } },
    createRollout: pick % 2 ? { filter, firmware: 'fw.bin' } : { devices: [id, second], firmware: 'fw.bin' },
    retryFaults: { filter: pick % 2 ? filter : 'fault.code = 9007' },
    createJob: {
      devices: pick % 2 ? { filter } : { ids: [id, second] },
      do: pick % 3 ? [{ set: { [path]: 'x' } }] : [{ tags: { add: ['by-job'] } }, { overrides: { [path]: 'x' } }],
    },
    putPreset: { when: 'tag = "none"', set: { [path]: 'x' } },
    putAlert: { filter: 'not online', above: 1 },
    traceDevice: { on: true },
    replaceDevice: { newId: pick % 2 ? second : `0090F8-4102S-N${pick % 50}` },
    putBackupRule: { every: '1d', keep: 2, filter: 'tag = "none"' },
    compareDevices: { these: pick % 2 ? filter : `id = "${id}"`, top: 200 },
    runDiagnostic: { host: 'host.example' },
    putFile: 'x',
  };
  return bodies[name];
}
