// Operations on devices: register, read, change, approve, call.
import { UserError } from '../../errors.ts';
import { type DeviceInput, wakeTimes, withInput } from '../../fleet/devices/device-input.ts';
import { unknownDevice } from '../../fleet/devices/devices.ts';
import { assertCount } from '../../fleet/jobs/creation.ts';
import { assertTrials } from '../../fleet/presets/preset-rights.ts';
import { CSV_COLUMNS, type DeviceLine } from '../imports/device-csv.ts';
import { countSeen, type Failed, importAll, isCsvOf, withLines } from '../imports/import.ts';
import { type Preview, previewOf } from '../imports/preview.ts';
import { type DeviceListQuery, deviceList } from '../lists/devices.ts';
import { deviceFacets, type FacetInput } from '../lists/facets.ts';
import { knockingPage, knockingRanges } from '../lists/knocking.ts';
import { answerList } from '../lists/list.ts';
import { type ParameterListQuery, parameterList } from '../lists/parameters.ts';
import type { CallContext, Operation, OperationInput, OperationOutput } from '../operation.ts';
import { noDevice, none, ok, param } from '../operation.ts';
import { forceQuery } from '../schemas/common.ts';
import * as schemas from '../schemas/devices.ts';
import { keepDeviceSecrets } from '../secret-mask.ts';
import { deviceView, removalView, unknownCpeView } from '../views/core.ts';

const { answers } = schemas;

const one = (item: unknown): DeviceLine => ({ line: 1, device: () => item as { id: string } & DeviceInput });

async function announce(input: OperationInput, context: CallContext): Promise<OperationOutput> {
  const { fleet, caller, show } = context;
  const { body, query } = input;
  const isCsv = isCsvOf(input);
  if (query.dryRun) {
    const lines = isCsv ? undefined : [one(body)];
    return await withLines(input, context, async read => await dryRun(read(), previewNew(context)), lines);
  }
  if (!isCsv) {
    const { id, ...device } = body as { id: string } & DeviceInput;
    await assertWrites(device, context);
    return { status: 201, body: deviceView(await fleet.devices.announce(id, device, caller), show) };
  }
  return await withLines(input, context, async read => {
    const { done, failed, moreDone, ...more } = await importAll(read(), async ({ id, ...about }) => {
      await assertWrites(about, context);
      return (await fleet.devices.announce(id, about, caller)).id;
    });
    const created = { created: done, ...(moreDone ? { moreCreated: moreDone } : {}) };
    return { status: failed.length ? 207 : 201, body: { ...created, failed, ...more } };
  });
}

async function dryRun(
  lines: AsyncIterable<DeviceLine>,
  preview: (id: string, input: DeviceInput) => Promise<Preview>,
): Promise<OperationOutput> {
  const report = await previewOf(lines, async ({ device }) => {
    const { id, ...input } = device();
    return await preview(id, input);
  });
  return ok(report);
}

const previewNew =
  ({ fleet, caller, show }: CallContext) =>
  async (id: string, input: DeviceInput): Promise<Preview> => {
    await assertWrites(input, { fleet, caller });
    const { after } = await fleet.devices.previewNew(id, input, caller);
    const { tags, site, overrides } = deviceView(after, show);
    return {
      id,
      after: { tags, site, overrides, ...(input.credentials ? { username: input.credentials.username } : {}) },
    };
  };

const previewChange =
  (context: CallContext, isForced: boolean) =>
  async (id: string, patch: DeviceInput): Promise<Preview> => {
    const { fleet, caller, show } = context;
    if (caller.isScoped && !(await caller.sees(id))) throw unknownDevice(id);
    const { before, after, isChanged } = await fleet.devices.previewChange(id, patch);
    await changeGuard({ id, patch, isForced }, context)();
    return { id, after: deviceView(after, show), isChanged, ...(before ? { before: deviceView(before, show) } : {}) };
  };

/** Changes known devices; omitted fields keep their value. */
async function update(input: OperationInput, context: CallContext): Promise<OperationOutput> {
  const { fleet, caller } = context;
  const { query, body } = input;
  const isForced = query.force === true;
  const change = async (read: () => AsyncIterable<DeviceLine>): Promise<OperationOutput> => {
    if (query.expect !== undefined) assertCount(await countSeen(read(), context), Number(query.expect));
    if (query.dryRun) return await dryRun(read(), previewChange(context, isForced));
    const warned: Failed[] = [];
    const { done, failed, moreDone, ...more } = await importAll(read(), async ({ id, ...patch }, line) => {
      if (caller.isScoped && !(await caller.sees(id))) throw unknownDevice(id);
      const guard = changeGuard({ id, patch, isForced }, { fleet, caller });
      const { id: changed } = await fleet.devices.patch(id, patch, guard);
      for (const reason of await wakeLater(id, patch, fleet)) warned.push({ line, reason });
      return changed;
    });
    const wrong = [...failed, ...warned].sort((a, b) => a.line - b.line);
    const updated = { updated: done, ...(moreDone ? { moreUpdated: moreDone } : {}) };
    return { status: wrong.length ? 207 : 200, body: { ...updated, failed: wrong, ...more } };
  };
  if (isCsvOf(input)) return await withLines(input, context, change);
  const { items } = body as { items: unknown[] };
  const lines = items.map((item, at) => ({ ...one(item), line: at + 1 }));
  return await withLines(input, context, change, lines);
}

/** @param id of a device that is there @throws UserError 403 for parameters out of the rights, also those of a preset that is tried */
async function assertWrites(
  { overrides = {}, tags = [] }: DeviceInput,
  { fleet, caller }: Pick<CallContext, 'fleet' | 'caller'>,
  id?: string,
): Promise<void> {
  caller.assertSets(Object.keys(overrides));
  if (caller.setsAll) return;
  const had = id === undefined ? [] : (await fleet.devices.row(id)).tags;
  await assertTrials(caller, { tags: Array.isArray(tags) ? tags : (tags.add ?? []), had }, fleet.presets);
}

/** The checks of a change, once its input is: what the caller may, and what the device would lose. */
const changeGuard =
  (
    { id, patch, isForced }: { id: string; patch: DeviceInput; isForced: boolean },
    { fleet, caller }: Pick<CallContext, 'fleet' | 'caller'>,
  ) =>
  async (): Promise<void> => {
    await assertWrites(patch, { fleet, caller }, id);
    if (caller.isScoped) await caller.assertKeeps(withInput(await fleet.devices.row(id), patch));
    if (!isForced) await fleet.guard.device(id, patch);
  };

/** Notes the times at which the device is asked to connect for overrides that begin later. @returns why some cannot be noted */
async function wakeLater(id: string, patch: DeviceInput, { requestRetries }: CallContext['fleet']): Promise<string[]> {
  try {
    for (const time of wakeTimes(patch)) await requestRetries.requestAt(id, time);
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [`wake: ${error.message}`];
  }
}

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
    run: async (input, context) => await answerList(input, await deviceList(input.query as DeviceListQuery, context)),
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
    query: schemas.announceQuery,
    body: {
      json: schemas.deviceAnnounce,
      csv: `A header line with some of the columns ${CSV_COLUMNS}; the answer lists the created devices`,
    },
    answers: { 200: answers.dryRun, 201: answers.announcedAll, 207: answers.announced },
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
    query: schemas.updateQuery,
    body: {
      json: schemas.devicesUpdate,
      csv: `As for announceDevices; an empty field keeps the current value. Columns: ${CSV_COLUMNS}`,
    },
    answers: { 200: answers.updatedOrDry, 207: answers.updated },
    problems: { 409: 'The number of devices has moved from `expect`' },
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
      const changed = await fleet.devices.patch(id, patch, guard, edit);
      const warnings = [...(changed.warnings ?? []), ...(await wakeLater(id, patch, fleet))];
      return ok(deviceView({ ...changed, ...(warnings.length > 0 ? { warnings } : {}) }, show));
    },
  },
  {
    name: 'deleteDevice',
    summary: 'Deletes a device; its open tasks are cancelled. With dryRun it says what would go',
    method: 'DELETE',
    path: '/devices/:id',
    role: 'operator',
    scope: 'device',
    parameters: 'none',
    entity: { kind: 'device' },
    query: schemas.deleteQuery,
    answers: { 200: answers.removal, 204: 'nothing' },
    problems: noDevice,
    run: async (input, { fleet, edit }) => {
      if (input.query.dryRun === true) return ok(removalView(await fleet.devices.view(param(input))));
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
