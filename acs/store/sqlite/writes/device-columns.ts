// The columns of the narrow `devices` table: what a row is found and sorted by.
import { dueAt, isUnfinished, onlineUntil } from '../../../device/liveness.ts';
import type { DeviceRow } from '../../../device/row.ts';
import { versionKey } from '../../../query/version-key.ts';

export type Columns = Record<string, string | number | null>;

export const columnsOf = (row: DeviceRow): Columns => ({
  username: row.credentials?.username || null,
  next_username: row.credentials?.next?.username ?? null,
  oui: row.oui,
  product_class: row.productClass,
  serial: row.serialNumber,
  manufacturer: row.manufacturer,
  firmware: row.softwareVersion,
  firmware_key: versionKey(row.softwareVersion),
  hardware: row.hardwareVersion,
  address: row.address,
  provisioning_code: row.provisioningCode,
  state: row.state,
  created: row.created,
  last_inform: row.lastInform ?? 0,
  last_boot: row.lastBoot ?? 0,
  online_until: onlineUntil(row),
  due: dueAt(row),
  unfinished: isUnfinished(row) ? 1 : 0,
  restart: row.restart ? 1 : 0,
  drift: row.drift?.length ?? 0,
  ...rolloutColumns(row.rollout),
});

/** Those of a position in a rollout, or of none. */
export const rolloutColumns = (position: DeviceRow['rollout']): Columns => ({
  rollout: position?.id ?? '',
  rollout_state: position?.state ?? '',
  rollout_zone: position?.zone ?? '',
  rollout_wave: position?.wave ?? 0,
  rollout_due: position?.due ?? 0,
});

/** The columns that differ, and their new values. */
export const differing = (before: DeviceRow, row: DeviceRow): [string, string | number | null][] => {
  const isMoved = isSteadyBesideRollout(before, row) && isSameTime(before, row);
  const old = isMoved ? rolloutColumns(before.rollout) : columnsOf(before);
  const fresh = isMoved ? rolloutColumns(row.rollout) : columnsOf(row);
  return Object.entries(fresh).filter(([name, value]) => old[name] !== value);
};

/** True when all columns but those of an Inform's time are the same: nearly always so, and cheaper than making the columns. */
export const isSteady = (before: DeviceRow, row: DeviceRow): boolean =>
  before.rollout === row.rollout && isSteadyBesideRollout(before, row);

const isSteadyBesideRollout = (before: DeviceRow, row: DeviceRow): boolean =>
  before.credentials === row.credentials &&
  before.softwareVersion === row.softwareVersion &&
  before.hardwareVersion === row.hardwareVersion &&
  before.address === row.address &&
  before.provisioningCode === row.provisioningCode &&
  before.state === row.state &&
  before.unfinished === row.unfinished &&
  before.restart === row.restart &&
  before.drift === row.drift &&
  before.manufacturer === row.manufacturer &&
  before.oui === row.oui &&
  before.productClass === row.productClass &&
  before.serialNumber === row.serialNumber &&
  before.created === row.created;

/** True when the columns of an Inform's time are the same, provided that `isSteady` holds. */
export const isSameTime = (before: DeviceRow, row: DeviceRow): boolean =>
  before.lastInform === row.lastInform &&
  before.absence === row.absence &&
  before.informInterval === row.informInterval;
