// The shapes of the API: what operators send and what they get, as JSON Schema.
import { type TProperties, type TSchema, Type } from 'typebox';
import { fileTypes } from '../../fleet/files/stored-file.ts';
import { force, links, report } from './preflight.ts';

export const { Optional: optional } = Type;
export const text = (description: string): ReturnType<typeof Type.String> => Type.String({ description });
export const closed = <P extends TProperties>(properties: P): ReturnType<typeof Type.Object<P>> =>
  Type.Object(properties, { additionalProperties: false });
export const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
export const time = Type.String({ format: 'date-time' });
const texts = Type.Array(Type.String());
const byName = Type.Record(Type.String(), Type.String());
const page = { limit: optional(Type.Integer({ minimum: 1, maximum: 500 })), cursor: optional(Type.String()) };

const typedValue = closed({ value: Type.String(), type: optional(text('xsd:…; that of the data model unless told')) });
const plainValue = Type.Union([Type.String(), Type.Number(), Type.Boolean()]);
const wantedValue = Type.Union([Type.String(), Type.Number(), Type.Boolean(), typedValue]);
const login = closed({
  username: Type.String({ minLength: 1, maxLength: 256 }),
  password: Type.String({ minLength: 1, maxLength: 256 }),
});

/** U+0001 marks what is sealed; XML could not carry it anyway. */
const siteText = Type.String({ pattern: '^[^\\u0001]*$' });

const deviceFields = {
  tags: optional(Type.Array(Type.String({ pattern: '^\\S{1,64}$' }), { maxItems: 100 })),
  overrides: optional(
    Type.Record(Type.String(), Type.Union([wantedValue, Type.Null()]), {
      description: 'Values for this device alone, by path; null removes one',
    }),
  ),
  credentials: optional(login),
  connectionRequest: optional(login),
};

const changedFields = {
  ...deviceFields,
  site: optional(
    Type.Record(Type.String(), Type.Union([siteText, Type.Null()]), {
      description: 'Fields of the site; those that are not named stay, null removes one',
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
export const deviceQuery = closed({
  filter: optional(text('productClass = "4102S" and firmware < "49.2" and not online')),
  sort: optional(text('A field; - in front for descending')),
  ...page,
});
export const parameterQuery = closed({ path: optional(text('A parameter, or a partial path with its final dot')) });

export const taskInput = closed({
  method: text('An RPC of TR-069 Annex A that an ACS calls'),
  args: optional(
    Type.Record(Type.String(), Type.Unknown(), {
      description: 'Arguments by their standard names; ParameterList may be an object {path: value}',
    }),
  ),
  file: optional(text('A stored file: what Download fetches, or where Upload puts it')),
  expiresIn: optional(Type.Number({ minimum: 1, description: 'Seconds after which it fails if it is still queued' })),
});
export const waitQuery = closed({ wait: optional(Type.Number({ minimum: 0, maximum: 600 })) });
export const taskQuery = closed({
  device: optional(Type.String()),
  limit: optional(Type.Integer({ minimum: 1, maximum: 500 })),
});

const objects = Type.Record(
  Type.String(),
  closed({
    keys: Type.Array(Type.String(), { minItems: 1 }),
    rows: Type.Array(Type.Record(Type.String(), plainValue)),
    exclusive: optional(Type.Boolean({ description: 'Rows that are not listed are deleted' })),
  }),
);
const restartWish = Type.Union([Type.Literal('now'), Type.Literal('idle'), Type.Literal('never')], {
  description: 'When to restart what settings wait for: at once, when no call is up, never',
});
const presetFields = {
  when: optional(text('Filter over what a device durably is; absent: every device')),
  weight: optional(Type.Number({ description: 'Higher wins' })),
  set: optional(Type.Record(Type.String(), wantedValue)),
  objects: optional(objects),
  certificates: optional(texts),
  script: optional(Type.String()),
  firmware: optional(Type.String()),
  restart: optional(restartWish),
  drift: optional(
    Type.Union([Type.Literal('correct'), Type.Literal('report')], {
      description: 'What to do where a value is found otherwise than wanted; correct unless told',
    }),
  ),
  acsMove: optional(
    closed({
      force: optional(Type.Boolean({ description: 'Also where no ACS answers, or the device has no way back' })),
      returnAfter: optional(text('When the device comes back unless its arrival is confirmed: 30m unless told')),
    }),
  ),
  audit: optional(
    text('How often it is looked after whether all still holds: 30m, 24h, 7d; absent: when there is reason to'),
  ),
};
export const presetInput = closed(presetFields);
export const auditQuery = closed(page);
export const dryRunQuery = closed({ limit: optional(Type.Integer({ minimum: 1, maximum: 500 })) });
const fileType = Type.Union(fileTypes.map(type => Type.Literal(type)));
export const fileQuery = closed({
  type: fileType,
  version: optional(text('Of firmware: what the device reports once it runs it')),
  productClass: optional(Type.String()),
  force,
});

const faultCode = Type.Union([Type.Integer(), Type.String()]);
const fault = Type.Object({
  id: Type.String(),
  device: Type.String(),
  cause: text('preset:NAME, override:PATH, task:ID, reconcile, restart, move, drift:PRESET or fight:PATH'),
  code: faultCode,
  message: Type.String(),
  parameter: optional(Type.String()),
  file: optional(text('The stored file that was taken without its effect')),
  hint: text('What can be done about it'),
  first: time,
  last: time,
  count: Type.Integer(),
  retryAt: time,
});
const drift = Type.Object({
  path: text('A parameter, or a table with its final dot'),
  preset: Type.String(),
  wanted: Type.String(),
  found: Type.String(),
  state: Type.Union(
    (['corrected', 'reported', 'fight'] as const).map(state => Type.Literal(state)),
    { description: 'Set right; left as its preset asks; or left because it was set right in vain too often' },
  ),
  since: time,
  last: time,
  count: Type.Integer(),
  corrections: Type.Array(time),
});
const restartPending = Type.Object({
  services: Type.Array(Type.String(), { description: 'Empty: the whole unit' }),
  wish: restartWish,
  preset: optional(Type.String()),
  since: time,
  waits: optional(text('Why it was not restarted yet')),
  asked: optional(time),
});
const device = Type.Object({
  id: Type.String(),
  manufacturer: Type.String(),
  oui: Type.String(),
  productClass: Type.String(),
  serialNumber: Type.String(),
  state: Type.Union((['known', 'quarantine', 'enrolled', 'held'] as const).map(state => Type.Literal(state))),
  hold: nullable(
    Type.Object({
      reason: Type.Union([Type.Literal('certificate-changed'), Type.Literal('cloned')]),
      since: time,
      detail: text('What was seen, and what to do'),
    }),
  ),
  online: Type.Boolean(),
  liveness: nullable(Type.Union((['online', 'late', 'lost'] as const).map(state => Type.Literal(state)))),
  created: time,
  lastInform: nullable(time),
  lastBoot: nullable(time),
  lastBootstrap: nullable(time),
  lastEvents: texts,
  address: Type.String(),
  softwareVersion: Type.String(),
  hardwareVersion: Type.String(),
  provisioningCode: Type.String(),
  parameterKey: Type.String(),
  wantedRevision: nullable(Type.String()),
  username: nullable(Type.String()),
  connectionRequestUrl: Type.String(),
  tags: texts,
  site: byName,
  overrides: Type.Record(Type.String(), typedValue),
  applied: Type.Record(Type.String(), Type.String(), { description: 'Files taken with success: SHA-256 by name' }),
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
  move: nullable(
    Type.Object({
      url: Type.String(),
      from: text('The ACS that it had'),
      since: time,
      until: Type.String({ format: 'date-time', description: 'When it comes back by itself' }),
      state: Type.Union((['waiting', 'moving', 'confirmed', 'returned'] as const).map(state => Type.Literal(state))),
      task: optional(text('The Download that leads it back')),
      heard: optional(time),
    }),
  ),
});
const task = Type.Object({
  id: Type.String(),
  device: Type.String(),
  method: Type.String(),
  args: Type.Record(Type.String(), Type.Unknown()),
  state: Type.Union(
    (['queued', 'sent', 'waiting', 'done', 'failed', 'cancelled'] as const).map(state => Type.Literal(state)),
  ),
  origin: Type.Union([Type.Literal('operator'), Type.Literal('reconcile')]),
  file: optional(Type.String()),
  result: optional(Type.Record(Type.String(), Type.Unknown())),
  fault: optional(
    Type.Object({
      code: faultCode,
      message: Type.String(),
      parameters: optional(
        Type.Array(Type.Object({ name: Type.String(), code: Type.Integer(), message: Type.String() })),
      ),
    }),
  ),
  created: time,
  expires: optional(time),
  started: optional(time),
  ended: optional(time),
  connectionRequest: optional(text('Why the device could not be asked to connect')),
});
const preset = Type.Object({ name: Type.String(), ...presetFields });
const file = Type.Object({
  name: Type.String(),
  type: fileType,
  version: optional(Type.String()),
  productClass: optional(Type.String()),
  size: Type.Integer(),
  sha256: Type.String(),
  time,
});

const lost = Type.Array(
  Type.Object({ preset: Type.String(), why: text('Why it lost'), value: optional(text('What it would have been')) }),
);
const wanted = Type.Object({
  device: Type.String(),
  revision: text('What the ParameterKey is to be; empty where nothing is wanted'),
  reported: text('The ParameterKey that the device reported last'),
  set: Type.Array(
    Type.Object({
      path: Type.String(),
      value: Type.String(),
      type: optional(Type.String()),
      preset: text("The preset that won; override: the device's own value"),
      known: nullable(Type.String()),
      lost,
    }),
  ),
  objects: Type.Array(
    Type.Object({
      table: Type.String(),
      preset: Type.String(),
      keys: texts,
      rows: Type.Array(byName),
      exclusive: optional(Type.Boolean()),
      lost,
    }),
  ),
  files: Type.Array(
    Type.Object({
      kind: Type.String(),
      name: Type.String(),
      version: optional(Type.String()),
      sha256: Type.String(),
      preset: Type.String(),
      applied: Type.Boolean(),
      lost,
    }),
  ),
  restart: Type.Object({ wish: restartWish, preset: optional(Type.String()), lost, pending: nullable(restartPending) }),
  drift: Type.Array(drift),
  auditAt: nullable(time),
  presets: Type.Array(
    Type.Object({
      name: Type.String(),
      weight: Type.Number(),
      fits: Type.Boolean(),
      blockedBy: optional(fault),
      refused: optional(text('Why it cannot be made out for this device')),
    }),
  ),
});

/** Shapes that more than one operation answers with, by the names that the description gives them. */
export const shared: Readonly<Record<string, TSchema>> = {
  Device: device,
  Task: task,
  Fault: fault,
  Preset: preset,
  File: file,
};

export const list = (items: TSchema) => Type.Object({ items: Type.Array(items) });

const announced = Type.Object({
  created: texts,
  failed: Type.Array(Type.Object({ line: Type.Integer(), reason: Type.String() })),
});

export const traceInput = closed({ on: Type.Boolean() });
const tracedMessage = Type.Object({
  time,
  from: Type.Union([Type.Literal('cpe'), Type.Literal('acs')]),
  what: text('Inform (1 BOOT), RebootResponse, Fault 9003, (empty), 401'),
  status: optional(Type.Integer()),
  headers: byName,
  length: Type.Integer({ description: 'Of the envelope as it was' }),
  xml: optional(Type.String()),
  note: optional(text('Why there is no XML, or not all of it')),
});
const trace = Type.Object({
  device: Type.String(),
  on: Type.Boolean(),
  sessions: Type.Array(
    Type.Object({
      started: time,
      ended: optional(time),
      address: Type.String(),
      outcome: optional(Type.String()),
      error: optional(Type.String()),
      messages: Type.Array(tracedMessage),
      omitted: optional(Type.Integer()),
    }),
  ),
});

export const answers = {
  device,
  task,
  preset,
  file,
  devices: Type.Object({ items: Type.Array(device), next: nullable(Type.String()) }),
  announced,
  updated: Type.Object({
    updated: texts,
    failed: Type.Array(
      Type.Object({
        line: Type.Integer({ description: 'Of the CSV, or place in the list from 1' }),
        reason: Type.String(),
      }),
    ),
  }),
  announcedAll: Type.Union([device, announced]),
  knocking: list(
    Type.Object({ device: Type.String(), address: Type.String(), first: time, last: time, count: Type.Integer() }),
  ),
  parameters: list(
    Type.Object({
      path: Type.String(),
      value: Type.String(),
      type: Type.String(),
      writable: optional(Type.Boolean()),
      notification: optional(Type.Integer()),
      time,
    }),
  ),
  tasks: list(task),
  accepted: Type.Object({ accepted: Type.Literal(true) }),
  presets: list(preset),
  wanted,
  dryRun: Type.Object({
    matched: Type.Integer({ description: 'Enrolled devices that would change' }),
    fits: Type.Integer({ description: 'Enrolled devices that the preset fits' }),
    refused: Type.Integer({ description: 'Of these: for which it cannot be made out, as a variable lacks' }),
    faults: Type.Array(
      Type.Object({
        device: Type.String(),
        code: faultCode,
        message: Type.String(),
        parameter: optional(Type.String()),
      }),
    ),
    devices: Type.Array(
      Type.Object({
        device: Type.String(),
        revision: Type.Object({ before: Type.String(), after: Type.String() }),
        set: Type.Array(Type.Object({ path: Type.String(), known: nullable(Type.String()), wanted: Type.String() })),
        files: texts,
        links,
      }),
    ),
    preflight: report,
  }),
  files: list(file),
  faults: list(fault),
  audit: Type.Object({
    items: Type.Array(
      Type.Object({
        id: Type.String(),
        time,
        who: text('A user, or admin'),
        what: text('Name of the operation'),
        target: text('A device, preset, file, …; empty for many or none'),
        status: Type.Integer({ description: 'What it was answered with' }),
      }),
    ),
    next: nullable(Type.String()),
  }),
  tracing: Type.Object({ device: Type.String(), on: Type.Boolean() }),
  trace,
  anything: Type.Object({}),
} as const;
