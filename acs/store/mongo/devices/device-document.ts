// The document of a device in MongoDB, and the keys that make the plain order of a server that of the filter language.

import type { DeviceFault } from '../../../device/fault.ts';
import { informValues } from '../../../device/inform.ts';
import { dueAt, isUnfinished, lateUntil, onlineUntil } from '../../../device/liveness.ts';
import type { RolloutPosition } from '../../../device/rollout-position.ts';
import type { DeviceRow } from '../../../device/row.ts';
import type { Task } from '../../../device/task.ts';
import { UserError } from '../../../errors.ts';
import { usernameOf } from '../../../query/predicate.ts';
import { versionKey } from '../../../query/version-key.ts';
import { checkedText, jsonOf } from '../../text-checks.ts';
import type { DeviceDocument, EndedTask, FaultEntry, HeldDocument, Pair } from '../collections.ts';

const HIGH = /[\ud800-\uffff]/;

/**
 * A text that sorts and compares by code points on every server, whether that compares bytes or UTF-16 units: a character at or above
 * U+E000, where the two orders differ, becomes six of sixteen characters of the private use area. Equal texts have equal keys.
 */
export function textKey(text: string): string {
  if (!HIGH.test(text)) return text;
  let key = '';
  for (const char of text) {
    const point = char.codePointAt(0) ?? 0;
    if (point < 0xd800) key += char;
    // A lone surrogate is no character: as UTF-8 it is U+FFFD.
    else key += digitsOf(point < 0xe000 ? 0xfffd : point);
  }
  return key;
}

const digitsOf = (point: number): string =>
  String.fromCharCode(...[20, 16, 12, 8, 4, 0].map(shift => 0xe000 + ((point >> shift) & 15)));

/** The text that has this key; a lone surrogate comes back as U+FFFD. */
export const textOfKey = (key: string): string =>
  key.replace(/[\ue000-\ue00f]{6}/g, digits =>
    String.fromCodePoint([...digits].reduce((point, digit) => point * 16 + (digit.charCodeAt(0) & 15), 0)),
  );

/** Sorts by time, then by id. */
export const orderKey = (time: number, id: string): string => `${padded(time)}/${textKey(id)}`;
const padded = (time: number): string => String(Math.max(0, Math.floor(time))).padStart(16, '0');

const pairsOf = (map: Record<string, string>): Pair[] =>
  Object.entries(map).map(([k, v]) => ({ k: textKey(k), v: textKey(v) }));
const last = (keys: string[]): string | undefined => keys.sort().at(-1);
/** The id with reversed digits: of two faults at the same time the one with the smaller id is listed first. */
const fallingId = (id: string): string =>
  id.replace(/[0-9a-f]/g, digit => (15 - Number.parseInt(digit, 16)).toString(16));

/**
 * The fields that a row is found and sorted by.
 * @param beside another row: `values` are left out where they are the same in both, since making them is costly
 */
export function columnsOf(row: DeviceRow, beside?: DeviceRow): Omit<DeviceDocument, keyof HeldDocument> {
  const username = row.credentials?.username;
  const nextUsername = row.credentials?.next?.username;
  const newestTask = last(row.tasks.map(task => orderKey(task.created, task.id)));
  const latestFault = last(row.faults.map(fault => orderKey(fault.last, fallingId(fault.id))));
  return {
    ...(username ? { username } : {}),
    ...(nextUsername === undefined ? {} : { nextUsername }),
    oui: textKey(row.oui),
    productClass: textKey(row.productClass),
    serial: textKey(row.serialNumber),
    manufacturer: textKey(row.manufacturer),
    firmware: textKey(row.softwareVersion),
    firmwareKey: versionKey(row.softwareVersion),
    hardware: textKey(row.hardwareVersion),
    hardwareKey: versionKey(row.hardwareVersion),
    address: textKey(row.address),
    provisioningCode: textKey(row.provisioningCode),
    login: textKey(usernameOf(row)),
    state: row.state,
    created: row.created,
    lastInform: row.lastInform ?? 0,
    lastBoot: row.lastBoot ?? 0,
    onlineUntil: onlineUntil(row),
    lateUntil: lateUntil(row),
    due: dueAt(row),
    ...(isUnfinished(row) ? { unfinished: true as const } : {}),
    ...(row.restart ? { restart: true as const } : {}),
    openTasks: row.tasks.length,
    drift: row.drift?.length ?? 0,
    ...(row.rollout ? rolloutColumns(row.rollout) : noRollout),
    // Some servers try a pattern on an empty array as if it were a text.
    ...(row.tags.length > 0 ? { tags: row.tags.map(textKey) } : {}),
    site: pairsOf(row.site),
    ...(row.told === beside?.told ? {} : { values: pairsOf(informValues(row)) }),
    ...(row.tasks.length > 0 ? { tasks: row.tasks.map(task => task.id) } : {}),
    ...(newestTask === undefined ? {} : { newestTask }),
    ...(latestFault === undefined ? {} : { latestFault, faults: row.faults.map(faultEntry) }),
  };
}

const faultEntry = ({ id, cause, code, parameter = '', first, last, count }: DeviceFault): FaultEntry => ({
  id,
  cause: textKey(cause),
  code: textKey(String(code)),
  parameter: textKey(parameter),
  first,
  last,
  count,
});

/** The fields of a document that its next write needs. */
export const heldFields = Object.fromEntries(
  ['op', 'past', 'tree', 'gone', 'row', 'known', 'chunks', 'replaced', 'outbox', 'notices'].map(name => [name, 1]),
);

/** Those of them that a position in a rollout makes. */
export const rolloutColumns = ({ id, state, zone, wave, due = 0 }: RolloutPosition): typeof noRollout => ({
  rollout: textKey(id),
  rolloutState: state,
  rolloutZone: textKey(zone),
  rolloutWave: wave,
  rolloutDue: due,
});
const noRollout = { rollout: '', rolloutState: '', rolloutZone: '', rolloutWave: 0, rolloutDue: 0 };

export const rowOf = (document: Pick<DeviceDocument, 'row'> | null | undefined): DeviceRow | undefined =>
  document?.row === undefined ? undefined : (JSON.parse(document.row) as DeviceRow);

/** @throws UserError 400 for a NUL in it */
export function endedTaskOf(task: Task): EndedTask {
  const { sentBy: _by, ...kept } = task;
  return {
    id: checkedText(task.id),
    device: task.device,
    created: task.created,
    ended: task.ended ?? task.created,
    state: task.state,
    method: task.method,
    body: jsonOf(kept),
  };
}

/** Most bytes of text in one document: MongoDB takes 16 MiB in all. */
const MAX_BYTES = 15 * 1024 * 1024;

/** @throws UserError 413 for texts that together do not fit into one document */
export function checkSize(what: string, texts: readonly string[]): void {
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (bytes > MAX_BYTES)
    throw new UserError(
      413,
      'too-large-to-store',
      `${what} takes ${bytes} bytes; this store keeps at most ${MAX_BYTES}`,
    );
}
