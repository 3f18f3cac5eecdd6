// Devices: their ids, what is known of them, what an operator may change by hand.
import { UserError } from '../../../shared/errors.ts';
import type { Drift, WantedValue } from '../../device/desired-state.ts';
import { type Liveness, livenessOf } from '../../device/liveness.ts';
import type { DevicePatch } from '../../device/operation-types.ts';
import type { KnownValue } from '../../device/parameter.ts';
import type { RolloutPosition } from '../../device/rollout-position.ts';
import type { DeviceIdentity, DeviceRow } from '../../device/row.ts';
import { parseFilter } from '../../query/parser.ts';
import type { FleetContext } from '../common/context.ts';
import type { Models } from '../common/models.ts';
import { openedText, sealedText } from '../common/secrets.ts';
import { wantedValue } from '../presets/preset.ts';
import { checkText } from '../presets/validation.ts';

/** TR-069 3.4.4: all but letters, digits and underscore is percent-encoded in each part. */
const encodePart = (text: string): string => (/\W/.test(text) ? percentEncoded(text) : text);

const percentEncoded = (text: string): string =>
  [...Buffer.from(text, 'utf8')]
    .map(byte =>
      /\w/.test(String.fromCharCode(byte)) && byte < 128
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('');

const decodePart = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    // A stray percent sign: not an id of ours, and the caller says so.
    throw new UserError(400, 'bad-device-id', `'${text}' is not percent-encoded text`);
  }
};

/** `OUI-ProductClass-Serial`, or `OUI-Serial` where the product class is empty (TR-069 3.4.4). */
export function deviceId(identity: Pick<DeviceIdentity, 'oui' | 'productClass' | 'serialNumber'>): string {
  const parts = [identity.oui, ...(identity.productClass ? [identity.productClass] : []), identity.serialNumber];
  return parts.map(encodePart).join('-');
}

/** @throws UserError 400 */
export function parseDeviceId(id: string): DeviceIdentity {
  const parts = id.split('-');
  const [oui, second, third] = parts;
  if (!oui || !/^[0-9A-F]{6}$/.test(oui) || !second || parts.length > 3) {
    throw new UserError(400, 'bad-device-id', `'${id}' is not OUI-ProductClass-Serial or OUI-Serial`);
  }
  return third === undefined
    ? { manufacturer: '', oui, productClass: '', serialNumber: decodePart(second) }
    : { manufacturer: '', oui, productClass: decodePart(second), serialNumber: decodePart(third) };
}

/** An id with too many hyphens was most likely decoded once too often on its way. */
const unknownDevice = (id: string): UserError =>
  new UserError(
    404,
    'no-such-device',
    `no device ${id}${id.split('-').length > 3 ? ' (in a URL the id is percent-encoded again: %2D becomes %252D)' : ''}`,
  );

/** What of a device goes out: no sealed text, liveness added. */
export interface DeviceView {
  id: string;
  manufacturer: string;
  oui: string;
  productClass: string;
  serialNumber: string;
  state: string;
  /** Why it is held, if it is. */
  hold: { reason: string; since: string; detail: string } | null;
  online: boolean;
  /** `online`, `late` or `lost`, by its own interval; null for one that never informed. */
  liveness: Liveness | null;
  created: string;
  lastInform: string | null;
  lastBoot: string | null;
  lastBootstrap: string | null;
  lastEvents: string[];
  address: string;
  softwareVersion: string;
  hardwareVersion: string;
  provisioningCode: string;
  parameterKey: string;
  wantedRevision: string | null;
  username: string | null;
  connectionRequestUrl: string;
  tags: string[];
  site: Record<string, string>;
  overrides: Record<string, WantedValue>;
  applied: Record<string, string>;
  openTasks: number;
  rollout: { id: string; wave: number; state: string; reason?: string } | null;
  faults: DeviceRow['faults'];
  drift: Drift[];
  restart: DeviceRow['restart'] | null;
  move: DeviceRow['move'] | null;
}

const iso = (time: number | undefined): string | null => (time === undefined ? null : new Date(time).toISOString());

export function viewOf(row: DeviceRow, now: number): DeviceView {
  return {
    id: row.id,
    manufacturer: row.manufacturer,
    oui: row.oui,
    productClass: row.productClass,
    serialNumber: row.serialNumber,
    state: row.state,
    hold: row.hold
      ? { reason: row.hold.reason, since: new Date(row.hold.since).toISOString(), detail: row.hold.detail }
      : null,
    online: livenessOf(row, now) === 'online',
    liveness: livenessOf(row, now) ?? null,
    created: new Date(row.created).toISOString(),
    lastInform: iso(row.lastInform),
    lastBoot: iso(row.lastBoot),
    lastBootstrap: iso(row.lastBootstrap),
    lastEvents: row.lastEvents,
    address: row.address,
    softwareVersion: row.softwareVersion,
    hardwareVersion: row.hardwareVersion,
    provisioningCode: row.provisioningCode,
    parameterKey: row.parameterKey,
    wantedRevision: row.reconciled?.revision ?? null,
    username: row.credentials?.next?.username ?? row.credentials?.username ?? null,
    connectionRequestUrl: row.connectionRequest.url,
    tags: row.tags,
    site: row.site,
    overrides: row.overrides,
    applied: row.applied,
    openTasks: row.tasks.length,
    rollout: row.rollout ? rolloutOf(row.rollout) : null,
    faults: row.faults,
    drift: row.drift ?? [],
    restart: row.restart ?? null,
    move: row.move ?? null,
  };
}

const rolloutOf = ({ id, wave, state, reason }: RolloutPosition): NonNullable<DeviceView['rollout']> => ({
  id,
  wave,
  state,
  ...(reason === undefined ? {} : { reason }),
});

/** What an operator writes of a device; secrets go in plain and are sealed here. */
export interface DeviceInput {
  tags?: string[];
  /** Those that are named; the others stay. `null` removes one. */
  site?: Record<string, string | null>;
  overrides?: Record<string, string | number | boolean | WantedValue | null>;
  credentials?: { username: string; password: string };
  connectionRequest?: { username: string; password: string };
}

export interface Devices {
  view(id: string): Promise<DeviceView>;
  row(id: string): Promise<DeviceRow>;
  list(query: {
    filter?: string;
    sort?: string;
    limit?: number;
    cursor?: string;
  }): Promise<{ items: DeviceView[]; next: string | null }>;
  announce(id: string, input: DeviceInput): Promise<DeviceView>;
  /** `guard` is asked when the input is found good, before anything changes. */
  patch(id: string, input: DeviceInput, guard?: () => Promise<void>): Promise<DeviceView>;
  remove(id: string): Promise<void>;
  parameters(id: string, path: string): Promise<KnownValue[]>;
}

export function createDevices(context: FleetContext, models: Models): Devices {
  const { store, clock, secrets, events } = context;
  const now = (): number => clock.now();
  const row = async (id: string): Promise<DeviceRow> => {
    const found = await store.device(id);
    if (!found) throw unknownDevice(id);
    return found;
  };
  /** @throws UserError 400 for a value that the data model refuses; what no model knows is the device's to judge */
  const checkOverride = async (path: string, wanted: WantedValue): Promise<void> => {
    const place = `overrides: ${path}`;
    if (!/^(Device|InternetGatewayDevice)\.(\S+\.)*[^\s.]+$/.test(path))
      throw new UserError(400, 'bad-path', `${place}: not the full path of a parameter`);
    const def = await models.lookup(path);
    if (def && !def.writable) throw new UserError(400, 'read-only', `${place}: read-only`);
    checkText(place, def, wanted.value, wanted.type);
  };
  /** Two devices that authenticate with one user name could not be told apart. @throws UserError 400, 409 */
  const check = async (id: string, { credentials, overrides = {}, site = {} }: DeviceInput): Promise<void> => {
    for (const [path, wanted] of Object.entries(overrides))
      if (wanted !== null) await checkOverride(path, wantedValue(wanted));
    // What is kept comes back sealed; a seal that is not ours does not open.
    for (const [name, text] of Object.entries(site))
      if (text !== null) checkText(`site: ${name}`, undefined, openedText(secrets, text));
    if (!credentials) return;
    const other = await store.deviceByUsername(credentials.username);
    const shared = context.enrolment?.username === credentials.username;
    if (shared || (other && other.id !== id))
      throw new UserError(
        409,
        'username-taken',
        `user name '${credentials.username}' is that of ${shared ? 'the enrolment credential' : other?.id}`,
      );
  };
  const seal = (name: string, text: string): string => sealedText(secrets, name, text);
  const sealedTexts = (texts: Record<string, string | null>): Record<string, string | null> =>
    Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, text === null ? null : seal(name, text)]));
  const sealedOne = (path: string, value: string | number | boolean | WantedValue): WantedValue => {
    const wanted = wantedValue(value);
    return { ...wanted, value: seal(path, wanted.value) };
  };
  /** Secrets of before they were sealed are sealed with the next change. */
  const sealingPatch = async (id: string, input: DeviceInput): Promise<DevicePatch> => {
    const patch = patchOf(input);
    const { overrides } = await row(id);
    const plain = Object.entries(overrides).filter(([path, { value }]) => sealedText(secrets, path, value) !== value);
    if (plain.length === 0) return patch;
    const sealed = Object.fromEntries(plain.map(([path, wanted]) => [path, sealedOne(path, wanted)]));
    return { ...patch, overrides: { ...sealed, ...patch.overrides } };
  };
  const patchOf = (input: DeviceInput): DevicePatch => {
    const patch: DevicePatch = {};
    if (input.tags) patch.tags = [...new Set(input.tags)];
    if (input.site) patch.site = sealedTexts(input.site);
    if (input.overrides)
      patch.overrides = Object.fromEntries(
        Object.entries(input.overrides).map(([path, value]) => [path, value === null ? null : sealedOne(path, value)]),
      );
    if (input.credentials)
      patch.credentials = { username: input.credentials.username, password: secrets.seal(input.credentials.password) };
    if (input.connectionRequest) {
      patch.connectionRequest = {
        username: input.connectionRequest.username,
        password: secrets.seal(input.connectionRequest.password),
      };
    }
    return patch;
  };
  return {
    row,
    view: async id => viewOf(await row(id), now()),
    list: async query => {
      const page = await store.devices({
        ...(query.filter ? { filter: parseFilter(query.filter) } : {}),
        ...(query.sort ? { sort: query.sort } : {}),
        ...(query.cursor ? { cursor: query.cursor } : {}),
        limit: query.limit ?? 50,
        now: now(),
      });
      return { items: page.items.map(item => viewOf(item, now())), next: page.next ?? null };
    },
    announce: async (id, input) => {
      const identity = parseDeviceId(id);
      if (deviceId(identity) !== id)
        throw new UserError(400, 'bad-device-id', `'${id}' is spelled '${deviceId(identity)}'`);
      await check(id, input);
      const patch = patchOf(input);
      return viewOf(await store.apply(id, 'announced', { identity, now: now(), patch }), now());
    },
    patch: async (id, input, guard) => {
      await check(id, input);
      await guard?.();
      return viewOf(await store.apply(id, 'patched', { patch: await sealingPatch(id, input) }), now());
    },
    remove: async id => {
      if (!(await store.apply(id, 'removed', {}))) throw unknownDevice(id);
      events.emit('removed', { device: id });
    },
    parameters: async (id, path) => {
      await row(id);
      return await store.parameters(id, path);
    },
  };
}
