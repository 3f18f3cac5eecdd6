// Devices: known, met, approved, changed, called.
import { UserError } from '../../errors.ts';
import { isSecretName } from '../../fleet/common/secrets.ts';
import type { DeviceInput, DeviceView } from '../../fleet/devices/devices.ts';
import { parseCsv } from '../csv.ts';
import type { Operation, OperationContext, OperationInput, OperationOutput } from '../operation.ts';
import { noDevice, none, ok, param } from '../operation.ts';
import * as schemas from '../schemas/core.ts';
import { forceQuery } from '../schemas/preflight.ts';
import { deviceView, keptNowhere, MASK, parameterView, unknownCpeView } from '../views/core.ts';

const { answers } = schemas;

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

const AT_ONCE = 64;

/** Site fields, tags and logins of devices that are known already; what is not named stays. */
async function update(
  { query, body, contentType }: OperationInput,
  { fleet }: OperationContext,
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
      const guard = query.force ? undefined : () => fleet.guard.device(id, patch);
      updated.push((await fleet.devices.patch(id, patch, guard)).id);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      failed.push({ line, reason: error.message });
    }
  };
  for (let at = 0; at < changes.length; at += AT_ONCE) await Promise.all(changes.slice(at, at + AT_ONCE).map(one));
  return { status: failed.length ? 207 : 200, body: { updated, failed: failed.sort((a, b) => a.line - b.line) } };
}

/** Masked secrets that come back mean those that are there. */
function keptSecrets(input: DeviceInput, device: DeviceView): DeviceInput {
  return keptOverrides(input.site ? { ...input, site: keptSite(input.site, device) } : input, device);
}

const keptSite = (site: Record<string, string | null>, device: DeviceView): Record<string, string | null> =>
  Object.fromEntries(
    Object.entries(site).map(([name, text]) => {
      if (text !== MASK || !isSecretName(name)) return [name, text];
      const kept = device.site[name];
      if (kept === undefined) throw keptNowhere(`site: ${name}`);
      return [name, kept];
    }),
  );

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

export const devices: readonly Operation[] = [
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
    name: 'updateDevices',
    summary: 'Changes many known devices by one CSV or list; site fields and what else is not named stay as they are',
    method: 'PATCH',
    path: '/devices',
    role: 'operator',
    query: forceQuery,
    body: {
      json: schemas.devicesUpdate,
      csv: `As announceDevices takes it; an empty field leaves what is there. Columns of ${CSV_COLUMNS}`,
    },
    answers: { 200: answers.updated, 207: answers.updated },
    run: update,
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
    summary:
      'Changes tags, site fields, overrides or credentials; what is not named stays, null removes a site field or an override',
    method: 'PATCH',
    path: '/devices/:id',
    role: 'operator',
    query: forceQuery,
    body: { json: schemas.devicePatch },
    answers: { 200: answers.device },
    problems: { ...noDevice, 409: 'The user name is that of another device, or the device would lose the ACS' },
    run: async (input, { fleet }) => {
      const id = param(input);
      const patch = keptSecrets(input.body as DeviceInput, await fleet.devices.view(id));
      const guard = input.query.force ? undefined : () => fleet.guard.device(id, patch);
      return ok(deviceView(await fleet.devices.patch(id, patch, guard)));
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
    summary: 'Lets a device leave quarantine or what held it, or one that was heard knocking come in once',
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
    run: async (_input, { fleet }) => ok({ items: (await fleet.clusterMemory.knocking()).map(unknownCpeView) }),
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
    run: async (input, { fleet, sendConnectionRequest }) => {
      const outcome = await sendConnectionRequest(await fleet.devices.row(param(input)));
      if (!outcome.accepted) throw new UserError(504, 'not-woken', outcome.reason);
      return ok({ accepted: true });
    },
  },
];
