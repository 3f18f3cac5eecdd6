// The table of everything an operator can do: name, input, answers, role and what runs. REST and its description derive from it.
import { isAbort, UserError } from '../../shared/errors.ts';
import type { DeviceInput, DeviceView } from '../fleet/devices.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { ladder } from '../fleet/ladder.ts';
import type { Wake } from '../fleet/ports.ts';
import type { Preset } from '../fleet/presets.ts';
import { isSecretName } from '../fleet/secrets.ts';
import type { TaskInput } from '../fleet/tasks.ts';
import type { DeviceRow } from '../store/store.ts';
import { parseCsv } from './csv.ts';
import { describe } from './openapi.ts';
import type { Operation, OperationContext, OperationInput, OperationOutput } from './operation.ts';
import * as schemas from './schemas.ts';
import {
  auditView,
  deviceView,
  dryRunView,
  faultView,
  fileView,
  keptNowhere,
  knockView,
  MASK,
  parameterView,
  presetView,
  taskView,
  traceView,
  unmasked,
} from './views.ts';

const { answers } = schemas;
const ok = (body: unknown): OperationOutput => ({ body });
const none: OperationOutput = { status: 204 };
const param = ({ params }: OperationInput, name = 'id'): string => params[name] ?? '';
const noDevice = { 404: 'No such device' };

async function addTask(input: OperationInput, { fleet, wake }: OperationContext): Promise<OperationOutput> {
  const id = param(input);
  const task = await fleet.tasks.add(id, input.body as TaskInput);
  const wait = input.query.wait as number | undefined;
  if (wait === undefined) return { status: 201, body: taskView(task) };
  // The device may come by itself while it is being called, and a call may take longer than the caller waits.
  const giveUp = new AbortController();
  const calling = fleet.visits.isVisiting(id) ? undefined : call(wake, await fleet.devices.row(id), giveUp.signal);
  const after = await fleet.tasks.outcome(task.id, wait * 1000);
  giveUp.abort();
  const woken = await calling;
  const ended = after.state === 'done' || after.state === 'failed' || after.state === 'cancelled';
  const unheard = woken && !woken.accepted && !ended ? { connectionRequest: woken.reason } : {};
  return { status: ended ? 200 : 202, body: { ...taskView(after), ...unheard } };
}

async function call(wake: Wake, device: DeviceRow, signal: AbortSignal): ReturnType<Wake> {
  try {
    return await wake(device, signal);
  } catch (error) {
    if (isAbort(error)) return { accepted: false, reason: 'the device has not answered yet' };
    throw error;
  }
}

async function announce({ body, contentType }: OperationInput, { fleet }: OperationContext): Promise<OperationOutput> {
  if (!/csv/i.test(contentType)) {
    const { id, ...input } = body as { id: string } & DeviceInput;
    return { status: 201, body: deviceView(await fleet.devices.announce(id, input)) };
  }
  const created: string[] = [];
  const failed: { line: number; reason: string }[] = [];
  const records = parseCsv(String(body));
  checkColumns(Object.keys(records[0]?.row ?? {}));
  for (const { line, row } of records) {
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

const CSV_COLUMNS = 'id, username, password, tags (separated by blanks), site.NAME';

/** @throws UserError 400 */
function checkColumns(names: string[]): void {
  const stray = names.find(name => !/^(id|username|password|tags|site\..+)$/.test(name));
  if (stray !== undefined)
    throw new UserError(400, 'bad-csv', `column '${stray}' is not expected (known: ${CSV_COLUMNS})`);
}

/** @throws UserError 400 */
function deviceOfRow(row: Record<string, string>): { id: string } & DeviceInput {
  const { id, username = '', password = '', tags, ...rest } = row;
  if (!id) throw new UserError(400, 'id-missing', 'no id');
  if (!username !== !password) throw new UserError(400, 'half-credentials', 'username and password go together');
  const site = Object.entries(rest).flatMap(([name, value]) => (value ? [[name.slice(5), value]] : []));
  return {
    id,
    ...(username ? { credentials: { username, password } } : {}),
    ...(tags ? { tags: tags.split(/\s+/) } : {}),
    ...(site.length ? { site: Object.fromEntries(site) } : {}),
  };
}

/** A masked override that comes back means the one that is there. */
function keptOverrides(input: DeviceInput, device: DeviceView): DeviceInput {
  if (!input.overrides) return input;
  const given = Object.entries(input.overrides).filter(([path, wanted]) => {
    const text = typeof wanted === 'object' ? wanted?.value : wanted;
    if (text !== MASK || !isSecretName(path)) return true;
    if (!device.overrides[path]) throw keptNowhere(`overrides: ${path}`);
    return false;
  });
  return { ...input, overrides: Object.fromEntries(given) };
}

/** The stored preset of that name, if there is one. */
const storedPreset = async (fleet: Fleet, name: string): Promise<Preset | undefined> =>
  (await fleet.presets.list()).find(preset => preset.name === name);

async function putFile({ params, query, body }: OperationInput, { fleet }: OperationContext): Promise<OperationOutput> {
  const { name = '' } = params;
  const about = query as unknown as Parameters<Fleet['files']['put']>[2];
  const before = (await fleet.files.list()).find(file => file.name === name);
  if (before && before.type !== about.type) await refuseUsed(fleet, name, `stay a ${before.type} file`);
  return { status: before ? 200 : 201, body: fileView(await fleet.files.put(name, body as Buffer, about)) };
}

/** @throws UserError 409 when presets want the file */
async function refuseUsed(fleet: Fleet, name: string, must: string): Promise<void> {
  const users = await fleet.presets.usersOf(name);
  if (users.length)
    throw new UserError(409, 'file-in-use', `'${name}' must ${must}: preset ${users.join(', ')} wants it`, { users });
}

const devices: readonly Operation[] = [
  {
    name: 'listDevices',
    summary: 'Devices, filtered, sorted, by pages',
    method: 'GET',
    path: '/devices',
    role: 'viewer',
    query: schemas.deviceQuery,
    answers: { 200: answers.devices },
    run: async ({ query }, { fleet }) => {
      const { items, next } = await fleet.devices.list(query);
      return ok({ items: items.map(deviceView), next });
    },
  },
  {
    name: 'announceDevices',
    summary: 'Makes devices known before first contact, one by JSON or many by CSV',
    method: 'POST',
    path: '/devices',
    role: 'operator',
    body: {
      json: schemas.deviceAnnounce,
      csv: `A header line with columns of ${CSV_COLUMNS}; answered with what was made`,
    },
    answers: { 201: answers.announcedAll, 207: answers.announced },
    problems: { 409: 'The device or its user name is known already' },
    run: announce,
  },
  {
    name: 'getDevice',
    summary: 'One device',
    method: 'GET',
    path: '/devices/:id',
    role: 'viewer',
    answers: { 200: answers.device },
    problems: noDevice,
    run: async (input, { fleet }) => ok(deviceView(await fleet.devices.view(param(input)))),
  },
  {
    name: 'patchDevice',
    summary: 'Changes tags, site, overrides or credentials; null removes an override',
    method: 'PATCH',
    path: '/devices/:id',
    role: 'operator',
    body: { json: schemas.devicePatch },
    answers: { 200: answers.device },
    problems: { ...noDevice, 409: 'The user name is that of another device' },
    run: async (input, { fleet }) => {
      const id = param(input);
      const patch = keptOverrides(input.body as DeviceInput, await fleet.devices.view(id));
      return ok(deviceView(await fleet.devices.patch(id, patch)));
    },
  },
  {
    name: 'deleteDevice',
    summary: 'Forgets a device; its open tasks end cancelled',
    method: 'DELETE',
    path: '/devices/:id',
    role: 'operator',
    answers: { 204: 'nothing' },
    problems: noDevice,
    run: async (input, { fleet }) => {
      await fleet.devices.remove(param(input));
      return none;
    },
  },
  {
    name: 'approveDevice',
    summary: 'Lets a device leave quarantine, or one that was heard knocking come in once',
    method: 'POST',
    path: '/devices/:id/approve',
    role: 'operator',
    answers: { 200: answers.device },
    problems: { 404: 'No such device, and none was heard knocking' },
    run: async (input, { fleet }) => ok(deviceView(await fleet.enrolment.approve(param(input)))),
  },
  {
    name: 'listKnocking',
    summary: 'CPEs heard without good credentials; unverified',
    method: 'GET',
    path: '/knocking',
    role: 'viewer',
    answers: { 200: answers.knocking },
    run: async (_input, { fleet }) => ok({ items: fleet.enrolment.knocking().map(knockView) }),
  },
  {
    name: 'getParameters',
    summary: 'Known values at or below a path',
    method: 'GET',
    path: '/devices/:id/parameters',
    role: 'viewer',
    query: schemas.parameterQuery,
    answers: { 200: answers.parameters },
    problems: noDevice,
    run: async (input, { fleet }) => {
      const values = await fleet.devices.parameters(param(input), String(input.query.path ?? ''));
      return ok({ items: values.map(parameterView) });
    },
  },
  {
    name: 'connectionRequest',
    summary: 'Asks a device to open a session now',
    method: 'POST',
    path: '/devices/:id/connection-request',
    role: 'operator',
    answers: { 200: answers.accepted },
    problems: { ...noDevice, 504: 'The device did not accept; the detail says why' },
    run: async (input, { fleet, wake }) => {
      const outcome = await wake(await fleet.devices.row(param(input)));
      if (!outcome.accepted) throw new UserError(504, 'not-woken', outcome.reason);
      return ok({ accepted: true });
    },
  },
];

const tasks: readonly Operation[] = [
  {
    name: 'addTask',
    summary: 'Queues any RPC for a device; with wait, asks the device to connect and answers with the outcome',
    method: 'POST',
    path: '/devices/:id/tasks',
    role: 'operator',
    query: schemas.waitQuery,
    body: { json: schemas.taskInput },
    answers: { 200: answers.task, 201: answers.task, 202: answers.task },
    problems: { ...noDevice, 409: 'A task with that CommandKey is open', 429: 'Too many tasks are open' },
    run: addTask,
  },
  {
    name: 'listTasks',
    summary: 'Tasks, newest first',
    method: 'GET',
    path: '/tasks',
    role: 'viewer',
    query: schemas.taskQuery,
    answers: { 200: answers.tasks },
    run: async ({ query }, { fleet }) => {
      const { device, limit = 100 } = query as { device?: string; limit?: number };
      return ok({ items: (await fleet.tasks.list({ ...(device ? { device } : {}), limit })).map(taskView) });
    },
  },
  {
    name: 'getTask',
    summary: 'One task',
    method: 'GET',
    path: '/tasks/:id',
    role: 'viewer',
    answers: { 200: answers.task },
    problems: { 404: 'No such task' },
    run: async (input, { fleet }) => ok(taskView(await fleet.tasks.get(param(input)))),
  },
  {
    name: 'cancelTask',
    summary: 'Cancels a task that was not sent yet, or waits no longer for one that the device has put off',
    method: 'DELETE',
    path: '/tasks/:id',
    role: 'operator',
    answers: { 200: answers.task },
    problems: { 404: 'No such task', 409: 'It was sent, or has ended' },
    run: async (input, { fleet }) => ok(taskView(await fleet.tasks.cancel(param(input)))),
  },
];

const presets: readonly Operation[] = [
  {
    name: 'listPresets',
    summary: 'Presets',
    method: 'GET',
    path: '/presets',
    role: 'viewer',
    answers: { 200: answers.presets },
    run: async (_input, { fleet }) =>
      ok({ items: (await fleet.presets.list()).map(({ name, ...preset }) => presetView(name, preset)) }),
  },
  {
    name: 'getPreset',
    summary: 'One preset',
    method: 'GET',
    path: '/presets/:name',
    role: 'viewer',
    answers: { 200: answers.preset },
    problems: { 404: 'No such preset' },
    run: async ({ params: { name = '' } }, { fleet }) => ok(presetView(name, await fleet.presets.get(name))),
  },
  {
    name: 'putPreset',
    summary: 'Writes a preset, checked against the data models and the stored files',
    method: 'PUT',
    path: '/presets/:name',
    role: 'operator',
    body: { json: schemas.presetInput },
    answers: { 200: answers.preset, 201: answers.preset },
    run: async ({ params: { name = '' }, body }, { fleet }) => {
      const stored = await storedPreset(fleet, name);
      const preset = unmasked(body as Preset, stored);
      await fleet.presets.put(name, preset);
      return { status: stored ? 200 : 201, body: presetView(name, preset) };
    },
  },
  {
    name: 'deletePreset',
    summary: 'Deletes a preset; what it had set stays set',
    method: 'DELETE',
    path: '/presets/:name',
    role: 'operator',
    answers: { 204: 'nothing' },
    problems: { 404: 'No such preset' },
    run: async (input, { fleet }) => {
      await fleet.presets.remove(param(input, 'name'));
      return none;
    },
  },
  {
    name: 'dryRunPreset',
    summary: 'Who would change, and how, if the preset stood as given; without a body, by the stored one',
    method: 'POST',
    path: '/presets/:name/dry-run',
    role: 'viewer',
    query: schemas.dryRunQuery,
    body: { json: schemas.presetInput, optional: true },
    answers: { 200: answers.dryRun },
    problems: { 404: 'No such preset, and none was given' },
    run: async ({ params: { name = '' }, query, body }, { fleet }) => {
      const stored = body ? await storedPreset(fleet, name) : await fleet.presets.get(name);
      const preset = body ? unmasked(body as Preset, stored) : undefined;
      return ok(dryRunView(await fleet.presets.dryRun(name, preset, Number(query.limit ?? 50))));
    },
  },
];

const files: readonly Operation[] = [
  {
    name: 'listFiles',
    summary: 'Stored files',
    method: 'GET',
    path: '/files',
    role: 'viewer',
    answers: { 200: answers.files },
    run: async (_input, { fleet }) => ok({ items: (await fleet.files.list()).map(fileView) }),
  },
  {
    name: 'putFile',
    summary: 'Stores a file: bytes in',
    method: 'PUT',
    path: '/files/:name',
    role: 'operator',
    query: schemas.fileQuery,
    body: 'bytes',
    answers: { 200: answers.file, 201: answers.file },
    problems: { 409: 'Presets want it as the type that it has' },
    run: putFile,
  },
  {
    name: 'getFile',
    summary: 'A stored file: bytes out',
    method: 'GET',
    path: '/files/:name',
    role: 'operator',
    answers: { 200: 'bytes' },
    problems: { 404: 'No such file' },
    run: async ({ params: { name = '' } }, { fleet }) => {
      const { type, sha256 } = await fleet.files.about(name);
      const headers = { 'content-type': 'application/octet-stream', 'x-file-type': type, etag: `"${sha256}"` };
      return { body: await fleet.files.bytes(name), headers };
    },
  },
  {
    name: 'deleteFile',
    summary: 'Deletes a stored file that no preset wants',
    method: 'DELETE',
    path: '/files/:name',
    role: 'operator',
    answers: { 204: 'nothing' },
    problems: { 404: 'No such file', 409: 'A preset wants it' },
    run: async ({ params: { name = '' } }, { fleet }) => {
      await refuseUsed(fleet, name, 'stay');
      await fleet.files.remove(name);
      return none;
    },
  },
];

const others: readonly Operation[] = [
  {
    name: 'listFaults',
    summary: 'What keeps devices from what is wanted',
    method: 'GET',
    path: '/faults',
    role: 'viewer',
    answers: { 200: answers.faults },
    run: async (_input, { store }) => ok({ items: (await store.faults(500)).map(faultView) }),
  },
  {
    name: 'deleteFault',
    summary: 'Clears a fault, so that it is tried again at the next session',
    method: 'DELETE',
    path: '/faults/:id',
    role: 'operator',
    answers: { 204: 'nothing' },
    problems: { 404: 'No such fault' },
    run: async (input, { store }) => {
      const fault = (await store.faults(100_000)).find(entry => entry.id === param(input));
      if (!fault) throw new UserError(404, 'no-such-fault', `no fault '${param(input)}'`);
      await store.apply(fault.device, 'faultCleared', { id: fault.id });
      return none;
    },
  },
  {
    name: 'listAudit',
    summary: 'Who changed what by the API, newest first: every call that could change something, also refused ones',
    method: 'GET',
    path: '/audit',
    role: 'admin',
    query: schemas.auditQuery,
    answers: { 200: answers.audit },
    run: async ({ query }, { store }) => {
      const { limit = 100, cursor } = query as { limit?: number; cursor?: string };
      const { items, next } = await store.audit({ limit, ...(cursor === undefined ? {} : { cursor }) });
      return ok({ items: items.map(auditView), next: next ?? null });
    },
  },
  {
    name: 'getDescription',
    summary: 'This description',
    method: 'GET',
    path: '/openapi.json',
    role: 'viewer',
    answers: { 200: answers.anything },
    run: async () => ok(describe(operations)),
  },
];

const traces: readonly Operation[] = [
  {
    name: 'traceDevice',
    summary: 'Begins or ends keeping the sessions of a device, message by message, in memory',
    method: 'PUT',
    path: '/devices/:id/trace',
    role: 'operator',
    body: { json: schemas.traceInput },
    answers: { 200: answers.tracing },
    problems: { ...noDevice, 409: 'Too many devices are traced' },
    run: async (input, { fleet }) => {
      const { id } = await fleet.devices.row(param(input));
      const { on } = input.body as { on: boolean };
      fleet.traces.set(id, on);
      return ok({ device: id, on });
    },
  },
  {
    name: 'getTrace',
    summary: 'The last sessions of a traced device, oldest first, with the XML, secrets masked',
    method: 'GET',
    path: '/devices/:id/trace',
    role: 'operator',
    answers: { 200: answers.trace },
    problems: noDevice,
    run: async (input, { fleet }) => {
      const { id } = await fleet.devices.row(param(input));
      return ok(traceView(id, fleet.traces.of(id)));
    },
  },
  {
    name: 'getTraceLadder',
    summary: 'The last sessions of a traced device as text: a ladder a session, an arrow a message',
    method: 'GET',
    path: '/devices/:id/trace/ladder',
    role: 'operator',
    answers: { 200: 'bytes' },
    problems: noDevice,
    run: async (input, { fleet }) => {
      const { id } = await fleet.devices.row(param(input));
      const headers = { 'content-type': 'text/plain; charset=utf-8' };
      return { body: Buffer.from(ladder(id, fleet.traces.of(id).sessions)), headers };
    },
  },
  {
    name: 'deleteTrace',
    summary: 'Forgets the kept sessions of a device and keeps no more',
    method: 'DELETE',
    path: '/devices/:id/trace',
    role: 'operator',
    answers: { 204: 'nothing' },
    problems: noDevice,
    run: async (input, { fleet }) => {
      fleet.traces.clear((await fleet.devices.row(param(input))).id);
      return none;
    },
  },
];

export const operations: readonly Operation[] = [...devices, ...tasks, ...presets, ...files, ...others, ...traces];
