// The input of operators for a device: it is checked, and sealed into a patch of its row.

import type { DevicePatch, TagChange } from '../../device/operation-types.ts';
import { mergedSite, tagsAfter } from '../../device/operations/registration.ts';
import type { Override } from '../../device/override.ts';
import type { DeviceRow } from '../../device/row.ts';
import { UserError } from '../../errors.ts';
import type { FleetContext } from '../common/context.ts';
import { openedText, type Secrets, sealedText } from '../common/secrets.ts';
import { laterTime } from '../common/time-window.ts';
import { checkText, type WrittenValue, wantedValue } from '../common/wanted-values.ts';
import { Judgement, type Judges } from '../models/judge.ts';
import type { Product } from '../models/learned-model.ts';
import type { ProductModels } from '../models/product-models.ts';

/** An override as operators write it. */
export type WrittenOverride = WrittenValue | LaterValue;

/** A value that does not hold before a time. */
interface LaterValue {
  value: string;
  type?: string;
  /** ISO 8601. */
  notBefore?: string;
  /** A connection request is sent at that time. */
  wake?: boolean;
}

/** Secrets are in plain text here. */
export interface DeviceInput {
  /** A list replaces all. */
  tags?: string[] | TagChange;
  /** Fields that are not named stay; `null` removes a field. */
  site?: Record<string, string | null>;
  overrides?: Record<string, WrittenOverride | null>;
  credentials?: { username: string; password: string };
  connectionRequest?: { username: string; password: string };
}

/**
 * @returns warnings: overrides with names that the device is not known to have
 * @throws UserError 400; 409 for a user name of another device, because the two could not be told apart
 */
export async function checkDeviceInput(
  { store, clock, secrets, enrolment }: FleetContext,
  models: ProductModels,
  { id, product }: { id: string; product: () => Promise<Product> },
  { credentials, overrides = {}, site = {} }: DeviceInput,
): Promise<string[]> {
  const written = Object.entries(overrides).flatMap(([path, value]) => (value === null ? [] : [{ path, value }]));
  for (const { path, value } of written) checkLater(`overrides: ${path}`, value, clock.now());
  const warnings = written.length > 0 ? checkOverrides(await models.ofDevice(await product()), written) : [];
  // A site field that was read comes back sealed; it is opened, which fails for a seal of another server.
  for (const [name, text] of Object.entries(site))
    if (text !== null) checkText(`site: ${name}`, undefined, openedText(secrets, text));
  if (!credentials) return warnings;
  const other = await store.deviceByUsername(credentials.username);
  const isShared = enrolment?.username === credentials.username;
  if (isShared || (other && other.id !== id))
    throw new UserError(
      409,
      'username-taken',
      // The other device may be out of the rights of the caller, which finds it by the filter where it is not.
      `user name '${credentials.username}' is that of ${isShared ? 'the enrolment credential' : 'another device: see the filter username = "…"'}`,
    );
  return warnings;
}

/** A parameter that the device is not known to have is left to it. @returns warnings @throws UserError 400 */
function checkOverrides(judges: Judges, overrides: readonly { path: string; value: WrittenOverride }[]): string[] {
  const judgement = new Judgement({ ...judges, isVague: true });
  for (const { path, value } of overrides) {
    const place = `overrides: ${path}`;
    if (!/^(?:Device|InternetGatewayDevice)\.(?!\.)\S*[^\s.]$/.test(path))
      throw new UserError(400, 'bad-path', `${place}: not the full path of a parameter`);
    const wanted = overrideOf(value);
    judgement.value({ place, path, wanted, texts: () => [wanted.value] });
  }
  return judgement.warnings;
}

/** @throws UserError 400 `bad-time` */
function checkLater(place: string, written: WrittenOverride, now: number): void {
  const { notBefore, wake } = typeof written === 'object' ? (written as LaterValue) : {};
  if (notBefore !== undefined) laterTime(`${place}: notBefore`, notBefore, now);
  else if (wake) throw new UserError(400, 'bad-input', `${place}: wake is for an override with notBefore`);
}

/** The times at which devices with these overrides are to be sent a connection request, milliseconds. */
export const wakeTimes = ({ overrides = {} }: DeviceInput): number[] => [
  ...new Set(
    Object.values(overrides).flatMap(written => {
      const { notBefore, wake } = typeof written === 'object' ? ((written ?? {}) as Partial<LaterValue>) : {};
      return wake && notBefore !== undefined ? [Date.parse(notBefore)] : [];
    }),
  ),
];

/** The input with each override as if its time had come. */
export function atOnce(input: DeviceInput): DeviceInput {
  if (!input.overrides) return input;
  const overrides = mapValues(input.overrides, (_path, written) => {
    if (typeof written !== 'object' || written === null) return written;
    const { value, type } = written;
    return { value, ...(type === undefined ? {} : { type }) };
  });
  return { ...input, overrides };
}

function overrideOf(written: WrittenOverride): Override {
  if (typeof written !== 'object') return wantedValue(written);
  const { value, type, notBefore } = written as LaterValue;
  return {
    value,
    ...(type === undefined ? {} : { type }),
    ...(notBefore === undefined ? {} : { notBefore: Date.parse(notBefore) }),
  };
}

/** The device as the input would make it. */
export function withInput(row: DeviceRow, { overrides = {}, tags, site }: DeviceInput): DeviceRow {
  const patched = { ...row, overrides: { ...row.overrides }, tags: tags ? tagsAfter(row.tags, tags) : row.tags };
  patched.site = mergedSite(row.site, site ?? {});
  for (const [path, value] of Object.entries(overrides)) {
    if (value === null) delete patched.overrides[path];
    else patched.overrides[path] = overrideOf(value);
  }
  return patched;
}

/** The patch of a checked input. */
export function devicePatch(secrets: Secrets, input: DeviceInput): DevicePatch {
  const patch: DevicePatch = {};
  if (input.tags) patch.tags = input.tags;
  if (input.site) patch.site = mapValues(input.site, (name, text) => text && sealedText(secrets, name, text));
  if (input.overrides)
    patch.overrides = mapValues(input.overrides, (path, value) =>
      value === null ? null : sealedValue(secrets, path, value),
    );
  if (input.credentials) patch.credentials = sealedLogin(secrets, input.credentials);
  if (input.connectionRequest) patch.connectionRequest = sealedLogin(secrets, input.connectionRequest);
  return patch;
}

/** Seals overrides from a version that did not seal secrets. @returns those that are in plain text */
export const sealOldOverrides = (
  secrets: Secrets,
  overrides: Readonly<Record<string, Override>>,
): Record<string, Override> =>
  Object.fromEntries(
    Object.entries(overrides)
      .filter(([path, { value }]) => sealedText(secrets, path, value) !== value)
      .map(([path, override]) => [path, { ...override, value: sealedText(secrets, path, override.value) }]),
  );

function sealedValue(secrets: Secrets, path: string, written: WrittenOverride): Override {
  const wanted = overrideOf(written);
  return { ...wanted, value: sealedText(secrets, path, wanted.value) };
}

const sealedLogin = (
  secrets: Secrets,
  { username, password }: { username: string; password: string },
): NonNullable<DevicePatch['credentials']> => ({ username, password: secrets.seal(password) });

const mapValues = <T, R>(record: Record<string, T>, map: (key: string, value: T) => R): Record<string, R> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(key, value)]));
