// The table of everything an operator can do: name, input, role and what runs. REST and its description derive from it.
import { type Static, type TObject, Type } from 'typebox';
import type { Clock } from '../../shared/clock.ts';
import { UserError } from '../../shared/errors.ts';
import type { DeviceInput } from '../fleet/devices.ts';
import { fileTypes } from '../fleet/files.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Wake } from '../fleet/ports.ts';
import type { Preset } from '../fleet/presets.ts';
import type { DeviceFault, Store, Task } from '../store/store.ts';
import { parseCsv } from './csv.ts';

export interface OperationContext {
  fleet: Fleet;
  store: Store;
  wake: Wake;
  clock: Clock;
}

/** Who may call: each role may do what the ones before it may. */
export type Role = 'viewer' | 'operator' | 'admin';

export interface Operation {
  name: string;
  summary: string;
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below /api/v1; `:id` names a path parameter. */
  path: string;
  role: Role;
  query?: TObject;
  /** Schema of a JSON body; `bytes` for a raw one. */
  body?: TObject | 'bytes' | 'json-or-csv';
  run(input: OperationInput, context: OperationContext): Promise<OperationOutput>;
}

export interface OperationInput {
  params: Record<string, string>;
  query: Record<string, unknown>;
  body: unknown;
  contentType: string;
}

/** `status` 200 unless told; `body` undefined is an empty answer. */
export interface OperationOutput {
  status?: number;
  body?: unknown;
  headers?: Record<string, string>;
}

const ok = (body: unknown): OperationOutput => ({ body });
const none: OperationOutput = { status: 204 };
const text = (description: string): ReturnType<typeof Type.String> => Type.String({ description });
const optional = Type.Optional;

const wantedValue = Type.Union([
  Type.String(),
  Type.Number(),
  Type.Boolean(),
  Type.Object({ value: Type.String(), type: optional(Type.String()) }, { additionalProperties: false }),
]);

const deviceFields = {
  tags: optional(Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 100 })),
  site: optional(Type.Record(Type.String(), Type.String())),
  overrides: optional(Type.Record(Type.String(), Type.Union([wantedValue, Type.Null()]))),
  credentials: optional(
    Type.Object(
      {
        username: Type.String({ minLength: 1, maxLength: 256 }),
        password: Type.String({ minLength: 1, maxLength: 256 }),
      },
      { additionalProperties: false },
    ),
  ),
  connectionRequest: optional(
    Type.Object(
      { username: Type.String({ maxLength: 256 }), password: Type.String({ maxLength: 256 }) },
      { additionalProperties: false },
    ),
  ),
};
const devicePatch = Type.Object(deviceFields, { additionalProperties: false });

const taskBody = Type.Object(
  {
    method: text('An RPC of TR-069 Annex A that an ACS calls'),
    args: optional(Type.Record(Type.String(), Type.Unknown())),
    file: optional(text('A stored file: what Download fetches, or where Upload puts it')),
    expiresIn: optional(
      Type.Number({ minimum: 1, description: 'Seconds after which a task that is still queued fails' }),
    ),
  },
  { additionalProperties: false },
);

const objects = Type.Record(
  Type.String(),
  Type.Object(
    {
      keys: Type.Array(Type.String(), { minItems: 1 }),
      rows: Type.Array(Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()]))),
      exclusive: optional(Type.Boolean()),
    },
    { additionalProperties: false },
  ),
);

const presetBody = Type.Object(
  {
    when: optional(text('Filter over what a device durably is')),
    weight: optional(Type.Number()),
    set: optional(Type.Record(Type.String(), wantedValue)),
    objects: optional(objects),
    certificates: optional(Type.Array(Type.String())),
    script: optional(Type.String()),
    firmware: optional(Type.String()),
    restart: optional(Type.Union([Type.Literal('now'), Type.Literal('never')])),
  },
  { additionalProperties: false },
);

const page = { limit: optional(Type.Integer({ minimum: 1, maximum: 500 })), cursor: optional(Type.String()) };

/** A task as it goes out: times as dateTime, arguments that hold secrets masked. */
export function taskView(task: Task): Record<string, unknown> {
  const iso = (time: number | undefined): string | undefined =>
    time === undefined ? undefined : new Date(time).toISOString();
  const mask = (value: unknown): unknown => (typeof value === 'string' && value !== '' ? '***' : value);
  const args = Object.fromEntries(
    Object.entries(task.args).map(([name, value]) => [name, /password/i.test(name) ? mask(value) : maskList(value)]),
  );
  return {
    id: task.id,
    device: task.device,
    method: task.method,
    args,
    state: task.state,
    origin: task.origin,
    ...(task.file ? { file: task.file } : {}),
    ...(task.result ? { result: task.result } : {}),
    ...(task.fault ? { fault: task.fault } : {}),
    created: iso(task.created),
    ...(task.started ? { started: iso(task.started) } : {}),
    ...(task.ended ? { ended: iso(task.ended) } : {}),
  };
}

function maskList(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.map((entry: unknown) => {
    const named = entry as { Name?: unknown; Value?: unknown };
    return typeof named?.Name === 'string' && /password|secret/i.test(named.Name) ? { ...named, Value: '***' } : entry;
  });
}

const faultView = (fault: DeviceFault): Record<string, unknown> => ({
  ...fault,
  first: new Date(fault.first).toISOString(),
  last: new Date(fault.last).toISOString(),
  retryAt: new Date(fault.retryAt).toISOString(),
});

async function addTask(
  { params, query, body }: OperationInput,
  { fleet, wake }: OperationContext,
): Promise<OperationOutput> {
  const id = params.id!;
  const input = body as Static<typeof taskBody>;
  const task = await fleet.tasks.add(id, input);
  const wait = query.wait as number | undefined;
  if (wait === undefined) return { status: 201, body: taskView(task) };
  let woken: Awaited<ReturnType<Wake>> | undefined;
  if (!fleet.visits.isVisiting(id)) woken = await wake(await fleet.devices.row(id));
  const after = await fleet.tasks.outcome(task.id, wait * 1000);
  const ended = after.state === 'done' || after.state === 'failed' || after.state === 'cancelled';
  const connectionRequest = woken && !woken.accepted ? { connectionRequest: woken.reason } : {};
  return { status: ended ? 200 : 202, body: { ...taskView(after), ...connectionRequest } };
}

async function announceDevices(
  { body, contentType }: OperationInput,
  { fleet }: OperationContext,
): Promise<OperationOutput> {
  if (!/csv/i.test(contentType)) {
    const { id, ...input } = body as { id: string } & DeviceInput;
    return { status: 201, body: await fleet.devices.announce(id, input) };
  }
  const created: string[] = [];
  const failed: { line: number; reason: string }[] = [];
  for (const { line, row } of parseCsv(String(body))) {
    try {
      const { id, ...input } = deviceOfRow(row);
      created.push((await fleet.devices.announce(id, input)).id);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      failed.push({ line, reason: error.message });
    }
  }
  return { status: failed.length ? 207 : 201, body: { created, failed } };
}

/** Columns: id, username, password, tags (separated by blanks), site.NAME. */
function deviceOfRow(row: Record<string, string>): { id: string } & DeviceInput {
  const { id, username, password, tags } = row;
  if (!id) throw new UserError(400, 'id-missing', 'no id');
  const site = Object.fromEntries(
    Object.entries(row).flatMap(([name, value]) => (name.startsWith('site.') && value ? [[name.slice(5), value]] : [])),
  );
  return {
    id,
    ...(username && password ? { credentials: { username, password } } : {}),
    ...(tags ? { tags: tags.split(/\s+/) } : {}),
    ...(Object.keys(site).length ? { site } : {}),
  };
}

export const operations: readonly Operation[] = [
  {
    name: 'listDevices',
    summary: 'Devices, filtered, sorted, by pages',
    method: 'GET',
    path: '/devices',
    role: 'viewer',
    query: Type.Object(
      { filter: optional(Type.String()), sort: optional(Type.String()), ...page },
      { additionalProperties: false },
    ),
    run: async ({ query }, { fleet }) => ok(await fleet.devices.list(query)),
  },
  {
    name: 'announceDevices',
    summary: 'Makes devices known before first contact, one by JSON or many by CSV',
    method: 'POST',
    path: '/devices',
    role: 'operator',
    body: 'json-or-csv',
    run: announceDevices,
  },
  {
    name: 'getDevice',
    summary: 'One device',
    method: 'GET',
    path: '/devices/:id',
    role: 'viewer',
    run: async ({ params }, { fleet }) => ok(await fleet.devices.view(params.id!)),
  },
  {
    name: 'patchDevice',
    summary: 'Changes tags, site, overrides or credentials; null removes an override',
    method: 'PATCH',
    path: '/devices/:id',
    role: 'operator',
    body: devicePatch,
    run: async ({ params, body }, { fleet }) => ok(await fleet.devices.patch(params.id!, body as DeviceInput)),
  },
  {
    name: 'deleteDevice',
    summary: 'Forgets a device',
    method: 'DELETE',
    path: '/devices/:id',
    role: 'operator',
    run: async ({ params }, { fleet }) => {
      await fleet.devices.remove(params.id!);
      return none;
    },
  },
  {
    name: 'approveDevice',
    summary: 'Lets a device leave quarantine, or one that was heard knocking come in once',
    method: 'POST',
    path: '/devices/:id/approve',
    role: 'operator',
    run: async ({ params }, { fleet }) => ok(await fleet.enrolment.approve(params.id!)),
  },
  {
    name: 'listKnocking',
    summary: 'CPEs heard without good credentials; unverified',
    method: 'GET',
    path: '/knocking',
    role: 'viewer',
    run: async (_input, { fleet }) => ok({ items: fleet.enrolment.knocking() }),
  },
  {
    name: 'getParameters',
    summary: 'Known values at or below a path',
    method: 'GET',
    path: '/devices/:id/parameters',
    role: 'viewer',
    query: Type.Object({ path: optional(Type.String()) }, { additionalProperties: false }),
    run: async ({ params, query }, { fleet }) => {
      const values = await fleet.devices.parameters(params.id!, String(query.path ?? ''));
      return ok({ items: values.map(value => ({ ...value, time: new Date(value.time).toISOString() })) });
    },
  },
  {
    name: 'addTask',
    summary: 'Queues any RPC for a device; with wait, asks the device to connect and answers with the outcome',
    method: 'POST',
    path: '/devices/:id/tasks',
    role: 'operator',
    query: Type.Object({ wait: optional(Type.Number({ minimum: 0, maximum: 600 })) }, { additionalProperties: false }),
    body: taskBody,
    run: addTask,
  },
  {
    name: 'listTasks',
    summary: 'Tasks, newest first',
    method: 'GET',
    path: '/tasks',
    role: 'viewer',
    query: Type.Object(
      { device: optional(Type.String()), limit: optional(Type.Integer({ minimum: 1, maximum: 500 })) },
      { additionalProperties: false },
    ),
    run: async ({ query }, { fleet }) => {
      const tasks = await fleet.tasks.list({
        ...(query.device ? { device: String(query.device) } : {}),
        limit: Number(query.limit ?? 100),
      });
      return ok({ items: tasks.map(taskView) });
    },
  },
  {
    name: 'getTask',
    summary: 'One task',
    method: 'GET',
    path: '/tasks/:id',
    role: 'viewer',
    run: async ({ params }, { fleet }) => ok(taskView(await fleet.tasks.get(params.id!))),
  },
  {
    name: 'cancelTask',
    summary: 'Cancels a task that was not sent yet',
    method: 'DELETE',
    path: '/tasks/:id',
    role: 'operator',
    run: async ({ params }, { fleet }) => ok(taskView(await fleet.tasks.cancel(params.id!))),
  },
  {
    name: 'connectionRequest',
    summary: 'Asks a device to open a session now',
    method: 'POST',
    path: '/devices/:id/connection-request',
    role: 'operator',
    run: async ({ params }, { fleet, wake }) => {
      const outcome = await wake(await fleet.devices.row(params.id!));
      if (!outcome.accepted) throw new UserError(504, 'not-woken', outcome.reason);
      return ok({ accepted: true });
    },
  },
  {
    name: 'listPresets',
    summary: 'Presets',
    method: 'GET',
    path: '/presets',
    role: 'viewer',
    run: async (_input, { fleet }) => ok({ items: await fleet.presets.list() }),
  },
  {
    name: 'getPreset',
    summary: 'One preset',
    method: 'GET',
    path: '/presets/:name',
    role: 'viewer',
    run: async ({ params }, { fleet }) => ok(await fleet.presets.get(params.name!)),
  },
  {
    name: 'putPreset',
    summary: 'Writes a preset, checked against the data models',
    method: 'PUT',
    path: '/presets/:name',
    role: 'operator',
    body: presetBody,
    run: async ({ params, body }, { fleet }) => {
      await fleet.presets.put(params.name!, body as Preset);
      return ok({ name: params.name, ...(body as Preset) });
    },
  },
  {
    name: 'deletePreset',
    summary: 'Deletes a preset',
    method: 'DELETE',
    path: '/presets/:name',
    role: 'operator',
    run: async ({ params }, { fleet }) => {
      await fleet.presets.remove(params.name!);
      return none;
    },
  },
  {
    name: 'dryRunPreset',
    summary: 'Who would change, and how, if the preset stood as given (or as stored, without a body)',
    method: 'POST',
    path: '/presets/:name/dry-run',
    role: 'viewer',
    query: Type.Object(
      { limit: optional(Type.Integer({ minimum: 1, maximum: 500 })) },
      { additionalProperties: false },
    ),
    body: presetBody,
    run: async ({ params, query, body }, { fleet }) =>
      ok(await fleet.presets.dryRun(params.name!, body as Preset, Number(query.limit ?? 50))),
  },
  {
    name: 'listFiles',
    summary: 'Stored files',
    method: 'GET',
    path: '/files',
    role: 'viewer',
    run: async (_input, { fleet }) => ok({ items: await fleet.files.list() }),
  },
  {
    name: 'putFile',
    summary: 'Stores a file: bytes in',
    method: 'PUT',
    path: '/files/:name',
    role: 'operator',
    query: Type.Object(
      {
        type: Type.Union(fileTypes.map(type => Type.Literal(type))),
        version: optional(Type.String()),
        productClass: optional(Type.String()),
      },
      { additionalProperties: false },
    ),
    body: 'bytes',
    run: async ({ params, query, body }, { fleet }) => {
      const about = query as unknown as Parameters<Fleet['files']['put']>[2];
      return { status: 201, body: await fleet.files.put(params.name!, body as Buffer, about) };
    },
  },
  {
    name: 'getFile',
    summary: 'A stored file: bytes out',
    method: 'GET',
    path: '/files/:name',
    role: 'operator',
    run: async ({ params }, { fleet }) => {
      const about = await fleet.files.about(params.name!);
      return {
        body: await fleet.files.bytes(params.name!),
        headers: { 'content-type': 'application/octet-stream', 'x-file-type': about.type },
      };
    },
  },
  {
    name: 'deleteFile',
    summary: 'Deletes a stored file',
    method: 'DELETE',
    path: '/files/:name',
    role: 'operator',
    run: async ({ params }, { fleet }) => {
      await fleet.files.remove(params.name!);
      return none;
    },
  },
  {
    name: 'listFaults',
    summary: 'What keeps devices from what is wanted',
    method: 'GET',
    path: '/faults',
    role: 'viewer',
    run: async (_input, { store }) => ok({ items: (await store.faults(500)).map(faultView) }),
  },
  {
    name: 'deleteFault',
    summary: 'Clears a fault, so that it is tried again at the next session',
    method: 'DELETE',
    path: '/faults/:id',
    role: 'operator',
    run: async ({ params }, { store }) => {
      const fault = (await store.faults(10_000)).find(entry => entry.id === params.id);
      if (!fault) throw new UserError(404, 'no-such-fault', `no fault '${params.id}'`);
      await store.apply(fault.device, 'faultCleared', { id: fault.id });
      return none;
    },
  },
];
