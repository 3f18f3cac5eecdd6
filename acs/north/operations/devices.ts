// Operations on devices: register, read, change, approve, call.
import { UserError } from '../../errors.ts';
import { type DeviceInput, withInput } from '../../fleet/devices/device-input.ts';
import { unknownDevice } from '../../fleet/devices/devices.ts';
import { parseCsv } from '../csv.ts';
import { type DeviceInput as DeviceSearchInput, deviceList } from '../lists/devices.ts';
import { deviceFacets, type FacetInput } from '../lists/facets.ts';
import { knockingPage, knockingRanges } from '../lists/knocking.ts';
import { answerList } from '../lists/list.ts';
import { type ParameterListQuery, parameterList } from '../lists/parameters.ts';
import type { CallContext, Operation, OperationInput, OperationOutput } from '../operation.ts';
import { noDevice, none, ok, param } from '../operation.ts';
import { forceQuery } from '../schemas/common.ts';
import * as schemas from '../schemas/devices.ts';
import { keepDeviceSecrets } from '../secret-mask.ts';
import { deviceView, unknownCpeView } from '../views/core.ts';

const { answers } = schemas;

async function announce(
  { body, contentType }: OperationInput,
  { fleet, caller, show }: CallContext,
): Promise<OperationOutput> {
  if (!/csv/i.test(contentType)) {
    const { id, ...input } = body as { id: string } & DeviceInput;
    caller.assertSets(Object.keys(input.overrides ?? {}));
    return { status: 201, body: deviceView(await fleet.devices.announce(id, input, caller), show) };
  }
  const created: string[] = [];
  const failed: { line: number; reason: string }[] = [];
  const records = parseCsv(String(body));
  checkColumns(Object.keys(records[0]?.row ?? {}));
  for (const { line, row } of records) {
    try {
      const { id, ...input } = deviceOfRow(row);
      created.push((await fleet.devices.announce(id, input, caller)).id);
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
  if (stray !== undefined) throw new UserError(400, 'bad-csv', `unknown column '${stray}' (known: ${CSV_COLUMNS})`);
}

/** @throws UserError 400 */
function deviceOfRow(row: Record<string, string>): { id: string } & DeviceInput {
  const { id, username = '', password = '', tags, ...rest } = row;
  if (!id) throw new UserError(400, 'id-missing', 'the device id is missing');
  if (!username !== !password)
    throw new UserError(400, 'half-credentials', 'username and password must be given together');
  const site = Object.entries(rest).flatMap(([name, value]) => (value ? [[name.slice(5), value]] : []));
  return {
    id,
    ...(username ? { credentials: { username, password } } : {}),
    ...(tags ? { tags: tags.split(/\s+/) } : {}),
    ...(site.length ? { site: Object.fromEntries(site) } : {}),
  };
}

const AT_ONCE = 64;

/** Changes known devices; omitted fields keep their value. */
async function update(
  { query, body, contentType }: OperationInput,
  { fleet, caller }: CallContext,
): Promise<OperationOutput> {
  let changes: { line: number; device: () => { id: string } & DeviceInput }[];
  if (/csv/i.test(contentType)) {
    const records = parseCsv(String(body));
    checkColumns(Object.keys(records[0]?.row ?? {}));
    changes = records.map(({ line, row }) => ({ line, device: () => deviceOfRow(row) }));
  } else {
    const { items } = body as { items: ({ id: string } & DeviceInput)[] };
    changes = items.map((item, index) => ({ line: index + 1, device: () => item }));
  }
  const updated: string[] = [];
  const failed: { line: number; reason: string }[] = [];
  const one = async ({ line, device }: (typeof changes)[number]): Promise<void> => {
    try {
      const { id, ...patch } = device();
      if (caller.isScoped && !(await caller.sees(id))) throw unknownDevice(id);
      const guard = changeGuard({ id, patch, isForced: query.force === true }, { fleet, caller });
      updated.push((await fleet.devices.patch(id, patch, guard)).id);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      failed.push({ line, reason: error.message });
    }
  };
  for (let at = 0; at < changes.length; at += AT_ONCE) await Promise.all(changes.slice(at, at + AT_ONCE).map(one));
  return { status: failed.length ? 207 : 200, body: { updated, failed: failed.sort((a, b) => a.line - b.line) } };
}

/** The checks of a change, once its input is: what the caller may, and what the device would lose. */
const changeGuard =
  (
    { id, patch, isForced }: { id: string; patch: DeviceInput; isForced: boolean },
    { fleet, caller }: Pick<CallContext, 'fleet' | 'caller'>,
  ) =>
  async (): Promise<void> => {
    caller.assertSets(Object.keys(patch.overrides ?? {}));
    if (caller.isScoped) await caller.assertKeeps(withInput(await fleet.devices.row(id), patch));
    if (!isForced) await fleet.guard.device(id, patch);
  };

export const devices: readonly Operation[] = [
  {
    name: 'listDevices',
    summary: 'Lists devices, filtered, sorted and in pages',
    method: 'GET',
    path: '/devices',
    role: 'viewer',
    scope: 'devices',
    parameters: 'checked',
    query: schemas.deviceQuery,
    answers: { 200: answers.devices },
    csv: true,
    run: async (input, context) => await answerList(input, await deviceList(input.query as DeviceSearchInput, context)),
  },
  {
    name: 'countFacets',
    summary: 'Counts the devices that a filter fits by the values of fields, those with the most devices first',
    method: 'GET',
    path: '/devices/facets',
    role: 'viewer',
    scope: 'devices',
    parameters: 'checked',
    query: schemas.facetQuery,
    answers: { 200: answers.facets },
    run: async ({ query }, context) => ok(await deviceFacets(query as unknown as FacetInput, context)),
  },
  {
    name: 'announceDevices',
    summary: 'Pre-registers devices before their first contact: one as JSON, or many as CSV',
    method: 'POST',
    path: '/devices',
    role: 'operator',
    scope: 'devices',
    parameters: 'checked',
    body: {
      json: schemas.deviceAnnounce,
      csv: `A header line with some of the columns ${CSV_COLUMNS}; the answer lists the created devices`,
    },
    answers: { 201: answers.announcedAll, 207: answers.announced },
    problems: { 409: 'The device exists already, or its user name is taken' },
    run: announce,
  },
  {
    name: 'updateDevices',
    summary: 'Changes many devices with one CSV or list; omitted fields keep their value',
    method: 'PATCH',
    path: '/devices',
    role: 'operator',
    scope: 'devices',
    parameters: 'checked',
    query: forceQuery,
    body: {
      json: schemas.devicesUpdate,
      csv: `As for announceDevices; an empty field keeps the current value. Columns: ${CSV_COLUMNS}`,
    },
    answers: { 200: answers.updated, 207: answers.updated },
    run: update,
  },
  {
    name: 'getDevice',
    summary: 'Reads a device',
    method: 'GET',
    path: '/devices/:id',
    role: 'viewer',
    scope: 'device',
    parameters: 'checked',
    entity: { kind: 'device' },
    answers: { 200: answers.device },
    problems: noDevice,
    run: async (input, { fleet, show }) => ok(deviceView(await fleet.devices.view(param(input)), show)),
  },
  {
    name: 'patchDevice',
    summary:
      'Changes tags, site fields, overrides or credentials; omitted fields keep their value, null removes a site field or an override',
    method: 'PATCH',
    path: '/devices/:id',
    role: 'operator',
    scope: 'device',
    parameters: 'checked',
    entity: { kind: 'device' },
    query: forceQuery,
    body: { json: schemas.devicePatch },
    answers: { 200: answers.device },
    problems: { ...noDevice, 409: 'Another device has the user name, or the device would lose the ACS' },
    run: async (input, { fleet, caller, show, edit }) => {
      const id = param(input);
      const patch = keepDeviceSecrets(fleet.secrets, input.body as DeviceInput, await fleet.devices.view(id));
      const guard = changeGuard({ id, patch, isForced: input.query.force === true }, { fleet, caller });
      return ok(deviceView(await fleet.devices.patch(id, patch, guard, edit), show));
    },
  },
  {
    name: 'deleteDevice',
    summary: 'Deletes a device; its open tasks are cancelled',
    method: 'DELETE',
    path: '/devices/:id',
    role: 'operator',
    scope: 'device',
    parameters: 'none',
    entity: { kind: 'device' },
    answers: { 204: 'nothing' },
    problems: noDevice,
    run: async (input, { fleet, edit }) => {
      await fleet.devices.remove(param(input), edit);
      return none;
    },
  },
  {
    name: 'approveDevice',
    summary: 'Approves a device: it leaves quarantine or hold. An unknown CPE may enrol once',
    method: 'POST',
    path: '/devices/:id/approve',
    role: 'operator',
    scope: 'device',
    parameters: 'checked',
    answers: { 200: answers.device },
    problems: { 404: 'No such device, neither stored nor heard' },
    run: async (input, { fleet, show }) => ok(deviceView(await fleet.enrolment.approve(param(input)), show)),
  },
  {
    name: 'listKnocking',
    summary: 'Lists CPEs that came without valid credentials; their data is unverified',
    method: 'GET',
    path: '/knocking',
    role: 'viewer',
    scope: 'devices',
    parameters: 'none',
    query: schemas.knockingQuery,
    answers: { 200: answers.knocking },
    run: async ({ query }, { fleet, caller }) => {
      const heard = await caller.seenOf(await fleet.clusterMemory.unknownCpes(), ({ device }) => device);
      const { page, next } = knockingPage(heard, query);
      return ok({ items: page.map(unknownCpeView), total: heard.length, ranges: knockingRanges(heard), next });
    },
  },
  {
    name: 'getParameters',
    summary: 'Lists the known values of a device by path: read, set, or told by Informs',
    method: 'GET',
    path: '/devices/:id/parameters',
    role: 'viewer',
    scope: 'device',
    parameters: 'checked',
    query: schemas.parameterQuery,
    answers: { 200: answers.parameters },
    problems: noDevice,
    csv: true,
    run: async (input, context) =>
      await answerList(input, await parameterList(param(input), input.query as ParameterListQuery, context)),
  },
  {
    name: 'connectionRequest',
    summary: 'Sends a connection request: asks a device to open a session now',
    method: 'POST',
    path: '/devices/:id/connection-request',
    role: 'operator',
    scope: 'device',
    parameters: 'none',
    audit: 'answer',
    answers: { 200: answers.accepted },
    problems: { ...noDevice, 504: 'The device did not accept; `detail` holds the reason' },
    run: async (input, { fleet, sendConnectionRequest }) => {
      const outcome = await sendConnectionRequest(await fleet.devices.row(param(input)));
      if (!outcome.accepted) throw new UserError(504, 'not-woken', outcome.reason);
      return ok({ accepted: true });
    },
  },
];
