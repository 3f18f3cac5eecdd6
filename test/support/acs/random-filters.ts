// Random filters of devices, and random devices of which each filter fits some and not others.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { Drift } from '../../../acs/device/desired-state.ts';
import type { Store } from '../../../acs/store/store.ts';
import { identityOf, idOf, informOf, newYear, taskOf, valuesOf } from '../devices.ts';

const HOUR = 3_600_000;

/** Texts both in filters and in rows, so that many filters fit some rows and not others. */
const texts = [
  '',
  'a',
  'B',
  'ab',
  '5',
  '5.0',
  '49.2',
  '1',
  'true',
  '0',
  '2026-01-01T00:00:00Z',
  'é',
  '😀',
  '\uffff',
  '\u212a5',
  'x\u0130',
];
const versions = ['', '49.1', '49.2.7', 'Dgw 49.10', '5', 'x'];
const paths = ['Device.X.A', 'Device.X.B', 'Device.X.Version'];
const textArb = fc.constantFrom(...texts);
const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

export interface RandomDevice {
  known: boolean;
  productClass: string;
  manufacturer: string;
  tags: string[];
  site: Record<string, string>;
  informs: {
    at: number;
    events: string[];
    firmware: string;
    hardware: string;
    interval?: string;
    hot: [string, string][];
  }[];
  cold: [string, string][];
  faults: RandomFault[];
  work: { tasks: number; drift: number; restart: boolean };
}

interface RandomFault {
  cause: string;
  code: number | string;
  parameter?: string | undefined;
  at: number;
}

const pairsArb = fc.array(fc.tuple(fc.constantFrom(...paths), textArb), { maxLength: 2 });
export const deviceArb: fc.Arbitrary<RandomDevice> = fc.record({
  known: fc.boolean(),
  productClass: fc.constantFrom('4102S', 'C711', 'a'),
  manufacturer: textArb,
  tags: fc.array(fc.constantFrom('a', 'ab', 'B', ''), { maxLength: 2 }),
  site: fc.dictionary(fc.constantFrom('city', 'x y', 'q"q'), textArb, { maxKeys: 2 }),
  informs: fc.array(
    fc.record({
      at: fc.constantFrom(-3 * HOUR, -HOUR, -60_000, 0),
      events: fc.constantFrom([], ['1 BOOT']),
      firmware: fc.constantFrom(...versions),
      hardware: fc.constantFrom(...versions),
      interval: fc.constantFrom('10', '4000'),
      hot: pairsArb,
    }),
    { maxLength: 2 },
  ),
  cold: pairsArb,
  faults: fc.uniqueArray(
    fc.record({
      cause: fc.constantFrom('preset:a', 'override:Device.X.A', 'restart', '\u{1f600}'),
      code: fc.constantFrom<string | number>(9005, 9007, 'drift'),
      parameter: fc.constantFrom(undefined, 'Device.X.A', 'Device.X.B', '\uffff'),
      at: fc.constantFrom(-3 * HOUR, -HOUR, 0),
    }),
    { maxLength: 3, selector: ({ cause }) => cause },
  ),
  work: fc.record({ tasks: fc.nat({ max: 2 }), drift: fc.nat({ max: 2 }), restart: fc.boolean() }),
});

export async function addDevice(store: Store, serial: string, device: RandomDevice): Promise<void> {
  const identity = { ...identityOf(serial, device.productClass), manufacturer: device.manufacturer };
  const id = idOf(identity);
  const credentials = device.known ? { username: `User ${serial}`, password: 'sealed' } : undefined;
  const patch = { tags: device.tags, site: device.site, ...(credentials ? { credentials } : {}) };
  await store.apply(id, 'announced', { identity, now: newYear - 5 * HOUR, patch });
  let token = 0;
  for (const { at, events, firmware, hardware, interval, hot } of device.informs) {
    const parameters = valuesOf({
      'Device.DeviceInfo.SoftwareVersion': firmware,
      'Device.DeviceInfo.HardwareVersion': hardware,
      'Device.ManagementServer.PeriodicInformInterval': interval ?? '',
      'Device.DeviceInfo.ProvisioningCode': firmware,
      ...Object.fromEntries(hot),
    });
    const informed = await store.apply(
      id,
      'informed',
      informOf(serial, newYear + at, events, { identity, parameters }),
    );
    if (informed.outcome === 'claimed') token = informed.token;
  }
  await addWork(store, id, token, device.work);
  const values = device.cold.map(([path, value]) => ({ path, value, type: 'xsd:string', time: newYear }));
  await store.putParameters(id, values);
  for (const { at, parameter, ...fault } of device.faults) {
    const about = { ...fault, ...(parameter === undefined ? {} : { parameter }), message: 'no', retryAt: 0 };
    await store.apply(id, 'faultRaised', { ...about, now: newYear + at });
  }
}

/** Open tasks, and what a session would have noted. */
async function addWork(store: Store, id: string, token: number, work: RandomDevice['work']): Promise<void> {
  for (let at = 0; at < work.tasks; at++) {
    const task = taskOf(createHash('sha256').update(`${id} ${at}`).digest('hex').slice(0, 16), 'Reboot', newYear);
    await store.apply(id, 'taskAdded', { task: { ...task, device: id } });
  }
  const drift = Array.from({ length: work.drift }, (_, at) => driftOf(`Device.Drift.${at}`));
  await store.apply(id, 'drifted', { token, drift });
  if (work.restart) {
    const restart = { services: [], wish: 'idle' as const, since: newYear };
    await store.apply(id, 'restartNoted', { token, restart });
  }
}

const driftOf = (path: string): Drift => ({
  path,
  ...{ preset: 'p', wanted: '1', found: '2', state: 'reported', count: 1, corrections: [], basis: 'x' },
  since: newYear,
  last: newYear,
});

const operatorArb = fc.constantFrom('=', '!=', '<', '<=', '>', '>=');
const equalArb = fc.constantFrom('=', '!=');
const plainFieldArb = fc.constantFrom(
  ...['id', 'oui', 'productClass', 'serial', 'manufacturer', 'address', 'provisioningCode', 'username'],
);
const numberArb = fc.constantFrom('tasks', 'openTasks', 'drift');
const valueFieldArb = fc.constantFrom(
  ...paths,
  'Device.*.A',
  'Device.X.*',
  'Device.*.*',
  'site.city',
  'site."x y"',
  "site.'q\"q'",
);
const versionFieldArb = fc.constantFrom('firmware', 'hardware');
const timeFieldArb = fc.constantFrom('lastInform', 'lastBoot', 'created');
const timeArb = fc.constantFrom(
  'now',
  'now - 1h',
  'now - 2d',
  'now + 5m',
  '2026-01-01T00:00:00Z',
  '"2025-12-31"',
  '0',
  '-5',
);
const literalArb = fc.oneof(
  textArb.map(quoted),
  fc.constantFrom('5', '5.0', '-1', '49.2', '49.2.7', 'now', '2026-01-01'),
);
const join = (...parts: fc.Arbitrary<string>[]): fc.Arbitrary<string> => fc.tuple(...parts).map(all => all.join(' '));
const listOf = (literal: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(literal, { minLength: 1, maxLength: 3 }).map(all => `(${all.join(', ')})`);
const word = (text: string): fc.Arbitrary<string> => fc.constant(text);
const inArb = fc.constantFrom('in', 'not in');
const likeArb = fc.constantFrom(
  'like "%"',
  'like "a%"',
  'like "_"',
  'like "k%"',
  'like "x_"',
  'like "%i_"',
  'not like "%5%"',
  'like ""',
  'exists',
  'not exists',
);

const faultTests = [
  '= 9005',
  '!= 9005',
  '= "preset:a"',
  'in (9007, "restart", "Device.X.A")',
  'not in ("drift", "\uffff")',
  'like "%:%"',
  'like "Device.X._"',
  '< "drift"',
  '>= "\u{1f600}"',
  'exists',
  'not exists',
];

const atomArb = fc.oneof(
  join(plainFieldArb, operatorArb, fc.oneof(textArb, fc.constantFrom('4102S', 'A1', 'A2', 'C711')).map(quoted)),
  join(valueFieldArb, operatorArb, literalArb),
  join(valueFieldArb, equalArb, fc.constantFrom('true', 'false')),
  join(valueFieldArb, inArb, listOf(literalArb)),
  join(versionFieldArb, operatorArb, fc.constantFrom('"49.1"', '49.2', '"49.2.7"', '"5.x"', '"Dgw 49.10.0"')),
  join(versionFieldArb, equalArb, fc.constantFrom('"x"', '""')),
  join(versionFieldArb, inArb, listOf(fc.constantFrom('"49.1"', '"x"', '5'))),
  join(timeFieldArb, operatorArb, timeArb),
  join(timeFieldArb, fc.constantFrom('exists', 'not exists')),
  join(word('tag'), equalArb, fc.constantFrom('"a"', '"ab"', '"B"', '"b"', '""')),
  join(word('state'), equalArb, fc.constantFrom('"known"', '"enrolled"', '"quarantine"')),
  join(fc.oneof(plainFieldArb, valueFieldArb, versionFieldArb, word('tag'), word('state')), likeArb),
  join(fc.constantFrom('fault.code', 'fault.cause', 'fault.parameter'), fc.constantFrom(...faultTests)),
  join(fc.constantFrom('fault.since', 'fault.last'), operatorArb, timeArb),
  join(fc.constantFrom('fault', 'faults', 'faultCode'), fc.constantFrom(...faultTests)),
  fc.constantFrom('fault', 'not fault', 'fault.last exists', 'not fault.since exists'),
  fc.constantFrom('online', 'not online', 'online = false', 'online != true', 'late', 'not lost', 'lost != true'),
  join(numberArb, operatorArb, fc.constantFrom('0', '1', '2', '1.5', '-1')),
  join(numberArb, fc.constantFrom('in (0, 2)', 'exists', 'not exists')),
  fc.constantFrom('drift', 'not tasks', 'restart', 'not restart', 'restart = false', 'never-finishes'),
  join(fc.constantFrom('search', 'find'), textArb.filter(text => text !== '').map(quoted)),
  fc.constantFrom('find like "%5_0"', 'search "user a1"', 'search "%"', 'search "_"', 'find like "\\%"'),
  fc.constantFrom('unfinished', 'not unfinished', 'unfinished = false'),
  fc.constantFrom('liveness = "online"', 'liveness != "lost"', 'liveness in ("late", "lost")', 'liveness exists'),
  fc.constantFrom('liveness like "l%"', 'liveness like "x"'),
);
export const { filter: filterArb } = fc.letrec<{ filter: string }>(tie => ({
  filter: fc.oneof(
    { depthSize: 'small' },
    atomArb,
    join(word('('), tie('filter'), word('and'), tie('filter'), word(')')),
    join(word('('), tie('filter'), word('or'), tie('filter'), word(')')),
    join(word('not ('), tie('filter'), word(')')),
  ),
}));

/** Fields to group by; null for none. */
export const byArb = fc.option(
  fc.oneof(
    plainFieldArb,
    valueFieldArb.filter(name => !name.includes('*')),
    fc.constantFrom('tag', 'state', 'firmware', 'liveness', 'fault.code', 'fault.parameter'),
  ),
);

/** Fields to sort by. */
export const sortArb = fc.oneof(
  plainFieldArb,
  valueFieldArb.filter(name => !name.includes('*')),
  numberArb,
  versionFieldArb,
  timeFieldArb,
  fc.constantFrom('tag', 'state', 'liveness', 'online', 'late', 'unfinished', 'restart'),
  fc.constantFrom('faults', 'faultCode', 'fault.cause', 'fault.parameter'),
);

/** Fields to count by. */
const facetArb = sortArb.filter(name => !['lastInform', 'lastBoot', 'created'].includes(name));
/** Fields of one question. */
export const facetsArb = fc.uniqueArray(facetArb, { minLength: 1, maxLength: 4 });
