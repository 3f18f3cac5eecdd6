// Imports of devices, line by line: whatever their number, only a group of them is in memory.
import { UserError } from '../../errors.ts';
import type { DeviceInput } from '../../fleet/devices/device-input.ts';
import { bothFilters, devicesWithIds } from '../../query/filter.ts';
import { ownText } from '../csv.ts';
import type { CallContext, IncomingBytes, OperationInput, OperationOutput } from '../operation.ts';
import { type DeviceLine, deviceLines } from './device-csv.ts';
import { withText } from './kept-text.ts';
import { groupsOf } from './preview.ts';

export interface Failed {
  line: number;
  reason: string;
}

/** Lines that are carried out at a time. */
const AT_ONCE = 64;
/** Devices, and refused lines, that an answer names. */
const MOST_NAMED = 100_000;
/** Ids that are counted by one search. */
const COUNTED = 1000;

export const isCsvOf = ({ contentType }: OperationInput): boolean => /csv/i.test(contentType);

/**
 * Reads the lines of a request as often as `work` asks. Those of a CSV are read to the end first: one that cannot be read is refused before
 * anything changes.
 * @param items in the place of a CSV
 */
export async function withLines(
  { body }: OperationInput,
  { store, fleet, clock }: CallContext,
  work: (read: () => AsyncIterable<DeviceLine>) => Promise<OperationOutput>,
  items?: readonly DeviceLine[],
): Promise<OperationOutput> {
  if (items) return await work(() => each(items));
  const keeping = { store, name: fleet.secrets.password(), now: clock.now() };
  return await withText(body as IncomingBytes | string, keeping, async text => {
    for await (const _line of deviceLines(text));
    return await work(() => deviceLines(text));
  });
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

/** The outcome of the lines; `more…` count those that are not named. */
interface Imported {
  done: string[];
  failed: Failed[];
  moreDone?: number;
  moreFailed?: number;
}

type Device = { id: string } & DeviceInput;
type Read = { line: number; device: Device } | Failed;

/** @param carryOut returns the id of the device @throws what it throws, unless it is a refusal */
export async function importAll(
  lines: AsyncIterable<DeviceLine>,
  carryOut: (device: Device, line: number) => Promise<string>,
): Promise<Imported> {
  const imported: Imported = { done: [], failed: [] };
  const one = async (read: Read): Promise<string | Failed> => {
    if ('reason' in read) return read;
    const { line, device } = read;
    try {
      return await carryOut(device, line);
    } catch (error) {
      return refusal(line, error);
    }
  };
  for await (const group of apart(lines))
    for (const outcome of await Promise.all(group.map(one))) note(imported, outcome);
  return imported;
}

/** The lines in groups that may be carried out at a time: no two of a group are about the same device or user name. */
async function* apart(lines: AsyncIterable<DeviceLine>): AsyncGenerator<Read[]> {
  let group: Read[] = [];
  const keys = new Set<string>();
  for await (const line of lines) {
    const read = readLine(line);
    const own = 'reason' in read ? [] : keysOf(read.device);
    if (group.length >= AT_ONCE || own.some(key => keys.has(key))) {
      yield group;
      group = [];
      keys.clear();
    }
    group.push(read);
    for (const key of own) keys.add(key);
  }
  if (group.length > 0) yield group;
}

const keysOf = ({ id, credentials }: Device): string[] => [id, ...(credentials ? [`\0${credentials.username}`] : [])];

function readLine({ line, device }: DeviceLine): Read {
  try {
    return { line, device: device() };
  } catch (error) {
    return refusal(line, error);
  }
}

/** @throws the error where it is none */
function refusal(line: number, error: unknown): Failed {
  if (!(error instanceof UserError)) throw error;
  return { line, reason: error.message };
}

function note(imported: Imported, outcome: string | Failed): void {
  if (typeof outcome === 'string') {
    if (imported.done.length < MOST_NAMED) imported.done.push(ownText(outcome));
    else imported.moreDone = (imported.moreDone ?? 0) + 1;
  } else if (imported.failed.length < MOST_NAMED) imported.failed.push({ ...outcome, reason: ownText(outcome.reason) });
  else imported.moreFailed = (imported.moreFailed ?? 0) + 1;
}

/** The number of devices of the lines that are there and that the caller reaches. */
export async function countSeen(
  lines: AsyncIterable<DeviceLine>,
  { store, clock, caller }: Pick<CallContext, 'store' | 'clock' | 'caller'>,
): Promise<number> {
  let count = 0;
  for await (const group of groupsOf(lines, COUNTED)) {
    const filter = bothFilters(devicesWithIds(group.flatMap(idOf)), caller.within);
    count += await store.countDevices(filter, clock.now());
  }
  return count;
}

/** None for a line that makes no sense. */
function idOf(line: DeviceLine): string[] {
  const read = readLine(line);
  return 'reason' in read ? [] : [read.device.id];
}
