// Shapes of devices.
import { Type } from 'typebox';
import { logins } from '../../device/credentials.ts';
import { deviceStates } from '../../device/row.ts';
import { MAX_OFFSET } from '../../store/paging.ts';
import {
  byName,
  choice,
  closed,
  dryRunWish,
  force,
  listOf,
  listQuery,
  nullable,
  optional,
  page,
  text,
  texts,
  time,
} from './common.ts';
import { fault } from './faults.ts';
import { givenOverride, override, restartWish } from './values.ts';

const login = closed({
  username: Type.String({ minLength: 1, maxLength: 256 }),
  password: Type.String({ minLength: 1, maxLength: 256 }),
});

/** U+0001 marks sealed text; XML could not carry it anyway. */
const siteText = Type.String({ pattern: '^[^\\u0001]*$' });

const tags = Type.Array(Type.String({ pattern: '^\\S{1,64}$' }), { maxItems: 100 });

const deviceFields = {
  tags: optional(tags),
  overrides: optional(
    Type.Record(Type.String(), Type.Union([givenOverride, Type.Null()]), {
      description: 'Values for this device only, by path; null removes an override',
    }),
  ),
  credentials: optional(login),
  connectionRequest: optional(login),
};

export const tagChange = closed({ add: optional(tags), remove: optional(tags) });

const changedFields = {
  ...deviceFields,
  tags: optional(
    Type.Union([tags, tagChange], {
      description: 'A list replaces all tags; `{add, remove}` leaves the others',
    }),
  ),
  site: optional(
    Type.Record(Type.String(), Type.Union([siteText, Type.Null()]), {
      description: 'Site fields; omitted fields keep their value, null removes a field',
    }),
  ),
};

export const devicePatch = closed(changedFields);
export const devicesUpdate = closed({
  items: Type.Array(closed({ id: Type.String(), ...changedFields }), { maxItems: 100_000 }),
});
export const deviceAnnounce = closed({
  id: text('OUI-ProductClass-Serial, or OUI-Serial'),
  ...deviceFields,
  site: optional(Type.Record(Type.String(), siteText)),
});
export const knockingQuery = closed(page);
export const deviceQuery = listQuery({
  filter: optional(text('For example: productClass = "4102S" and firmware < "49.2" and not online')),
  sort: optional(text('A field, site.NAME or the path of a parameter; with - in front for descending order')),
  offset: optional(Type.Integer({ minimum: 0, maximum: MAX_OFFSET, description: 'Skips so many devices' })),
  at: optional(text('Begins at the first device whose sorted field is this text, or comes after it')),
});
export const facetQuery = closed({
  filter: deviceQuery.properties.filter,
  by: text('Fields of filters, site.NAME or paths of parameters, separated by commas: firmware,site.name,tag,fault'),
  top: optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'Most values of each; default: 8' })),
});
export const parameterQuery = listQuery({
  path: optional(text('A parameter, or a partial path that ends with a dot')),
  prefix: optional(text('The beginning of paths')),
  find: optional(text('A text anywhere in path or value, in any case')),
  show: optional(
    text('Only these: writable, wanted (a preset or an override decides it), changed (drift); several by commas'),
  ),
  sort: optional(choice(['path', '-path', 'time', '-time'], 'Default: path')),
});

export const drift = Type.Object({
  path: text('A parameter, or a table with its final dot'),
  preset: Type.String(),
  wanted: Type.String(),
  found: Type.String(),
  state: choice(
    ['corrected', 'reported', 'fight'],
    'corrected: the wanted value was set again; reported: the preset asks only for a report; fight: the value was corrected too often and is left as it is',
  ),
  since: time,
  last: time,
  count: Type.Integer(),
  corrections: Type.Array(time),
});
export const restartPending = Type.Object({
  services: Type.Array(Type.String(), { description: 'The services to restart; empty: the whole unit' }),
  wish: restartWish,
  preset: optional(Type.String()),
  since: time,
  waits: optional(text('The reason why the restart is still pending')),
  asked: optional(time),
});
const move = Type.Object({
  url: Type.String(),
  from: text('URL of the previous ACS'),
  since: time,
  until: Type.String({ format: 'date-time', description: 'When the device returns by itself' }),
  state: choice(['waiting', 'moving', 'confirmed', 'returned']),
  task: optional(text('The Download that returns the device')),
  heard: optional(time),
});
export const device = Type.Object({
  id: Type.String(),
  manufacturer: Type.String(),
  oui: Type.String(),
  productClass: Type.String(),
  serialNumber: Type.String(),
  serial: text('The same as serialNumber, by its name in filters'),
  state: choice(deviceStates),
  hold: nullable(
    Type.Object({
      reason: choice(['certificate-changed', 'cloned', 'operator']),
      since: time,
      detail: text('The observation, and the steps to resolve it'),
      sightings: optional(
        Type.Array(
          Type.Object({
            time,
            address: Type.String(),
            connectionRequestUrl: Type.String(),
            softwareVersion: Type.String(),
            certificate: optional(text('SHA-256')),
          }),
          { description: 'The Inform before, and the one that led to the hold' },
        ),
      ),
    }),
  ),
  replacedBy: nullable(
    Type.Object(
      { id: Type.String(), since: time },
      { description: 'The device that has taken its place: this one is refused' },
    ),
  ),
  replaces: nullable(Type.Object({ id: Type.String(), since: time }, { description: 'The device whose place it has' })),
  online: Type.Boolean(),
  liveness: nullable(choice(['online', 'late', 'lost'])),
  unfinished: nullable(
    Type.Object(
      { sessions: Type.Integer(), since: time, error: text('The end of the last of them') },
      { description: 'Sessions that were lost since the last one that ended well' },
    ),
  ),
  created: time,
  lastInform: nullable(time),
  informInterval: nullable(Type.Integer({ description: 'Seconds between periodic Informs, as far as it is known' })),
  nextInform: nullable(time),
  lastBoot: nullable(time),
  lastBootstrap: nullable(time),
  lastEvents: texts,
  address: Type.String(),
  softwareVersion: Type.String(),
  firmware: text('The same as softwareVersion'),
  hardwareVersion: Type.String(),
  hardware: text('The same as hardwareVersion'),
  provisioningCode: Type.String(),
  parameterKey: Type.String(),
  wantedRevision: nullable(Type.String()),
  username: nullable(Type.String({ description: 'The name of its own login, from when it was offered or given' })),
  login: nullable(
    choice(logins, 'The login of its last Inform: its own, a client certificate, the enrolment credential, or none'),
  ),
  unusedLogins: Type.Integer({ description: 'Logins of its own that it accepted in a row and has not used' }),
  connectionRequestUrl: Type.String(),
  tags: texts,
  site: byName,
  overrides: Type.Record(Type.String(), override),
  applied: Type.Record(Type.String(), Type.String(), {
    description: 'Files that the device has applied: SHA-256 by name',
  }),
  openTasks: Type.Integer(),
  rollout: nullable(
    Type.Object({
      id: Type.String(),
      wave: Type.Integer(),
      state: Type.String(),
      reason: optional(Type.String()),
    }),
  ),
  faults: Type.Array(fault),
  drift: Type.Array(drift),
  restart: nullable(restartPending),
  move: nullable(move),
  warnings: optional(
    Type.Array(Type.String(), {
      description: 'Only in the answer to a change: overrides that the device is not known to have',
    }),
  ),
});

export const deleteQuery = closed({ dryRun: dryRunWish });
export const announceQuery = closed({ dryRun: dryRunWish });
export const updateQuery = closed({
  force,
  dryRun: dryRunWish,
  expect: optional(
    Type.Integer({
      minimum: 0,
      description: 'Refuse the change if the number of these devices that are there has moved from this by over 1 %',
    }),
  ),
});

const shownFields = Type.Record(Type.String(), Type.Unknown());
const importReport = Type.Object({
  dryRun: Type.Literal(true),
  new: Type.Integer(),
  changed: Type.Integer(),
  same: Type.Integer(),
  wrong: Type.Array(Type.Object({ line: Type.Integer(), why: Type.String() }), { description: 'The first 1,000' }),
  moreWrong: Type.Integer({ description: 'Wrong lines beyond these' }),
  sample: Type.Array(
    Type.Object({ line: Type.Integer(), id: Type.String(), before: shownFields, after: shownFields }),
    { description: 'The first changes: the fields that differ, secrets masked' },
  ),
});

const more = (what: string) => optional(Type.Integer({ description: `${what} beyond those that are named` }));

const announced = Type.Object({
  created: Type.Array(Type.String(), { description: 'At most 100,000' }),
  moreCreated: more('Devices'),
  failed: Type.Array(Type.Object({ line: Type.Integer(), reason: Type.String() })),
  moreFailed: more('Refused lines'),
});

const updated = Type.Object({
  updated: Type.Array(Type.String(), { description: 'At most 100,000' }),
  moreUpdated: more('Devices'),
  moreFailed: more('Refused lines'),
  failed: Type.Array(
    Type.Object({
      line: Type.Integer({ description: 'Line of the CSV, or position in the list, counted from 1' }),
      reason: Type.String(),
    }),
  ),
});

export const answers = {
  device,
  devices: listOf(device),
  facets: Type.Object({
    total: Type.Integer({ description: 'Devices that the filter fits' }),
    exact: Type.Boolean(),
    countedAt: time,
    facets: Type.Record(
      Type.String(),
      Type.Object({
        values: Type.Array(Type.Object({ value: Type.String(), count: Type.Integer() })),
        others: Type.Integer({ description: 'The sum over all other values' }),
        missing: Type.Integer({ description: 'Devices without a value' }),
      }),
      { description: 'By the names that were asked for. A device with several tags or faults counts in each' },
    ),
  }),
  dryRun: importReport,
  removal: Type.Object({
    dryRun: Type.Literal(true),
    id: Type.String(),
    state: choice(deviceStates),
    liveness: nullable(choice(['online', 'late', 'lost'])),
    lastInform: nullable(time),
    openTasks: Type.Integer({ description: 'Tasks that would be cancelled' }),
    rollout: nullable(Type.String({ description: 'The rollout that would lose it' })),
  }),
  announced,
  announcedAll: Type.Union([device, announced]),
  updated,
  updatedOrDry: Type.Union([updated, importReport]),
  knocking: Type.Object({
    items: Type.Array(
      Type.Object({
        device: Type.String(),
        address: Type.String(),
        first: time,
        last: time,
        count: Type.Integer(),
        reason: text('missing, wrong, …: the judgement of its login; the first request of a session has none'),
      }),
    ),
    total: Type.Integer(),
    ranges: Type.Array(
      Type.Object({ range: Type.String(), cpes: Type.Integer(), count: Type.Integer({ description: 'Requests' }) }),
      { description: 'By network of 256 addresses, or IPv6 site of /48: those with most CPEs, at most 20' },
    ),
    next: nullable(Type.String()),
  }),
  parameters: listOf(
    Type.Object({
      path: Type.String(),
      value: Type.String(),
      type: text('Empty where nothing but an Inform has told the value'),
      writable: optional(Type.Boolean()),
      notification: optional(Type.Integer()),
      time,
      decidedBy: optional(text('The preset that decides the value, or override')),
    }),
  ),
  accepted: Type.Object({ accepted: Type.Literal(true) }),
} as const;
