// Notices of changes of devices for webhooks: pure, from the row before and after, so that a store keeps them in the commit of the change
// itself. Without a webhook this costs one comparison.
import { createHash } from 'node:crypto';
import type { DeviceFault } from '../device/fault.ts';
import { informValues } from '../device/inform.ts';
import type { DeviceOperation, DeviceOperations } from '../device/operation-types.ts';
import type { DeviceRow } from '../device/row.ts';
import type { Task } from '../device/task.ts';
import { parseFilter } from '../query/parser.ts';
import { pathRule } from '../query/path-rule.ts';
import { type Predicate, toPredicate } from '../query/predicate.ts';
import type { Notice, NoticeType, Subscription } from './records.ts';

/** A notice and the webhooks that receive it. */
export interface Addressed {
  notice: Notice;
  webhooks: string[];
}

/** The webhooks and the notices that each receives. */
export interface Subscribers {
  /** There is at least one webhook. */
  any: boolean;
  /** At least one receives Informs. */
  informs: boolean;
  /** @param row of the device that the notices are about: the filter of a webhook is over it */
  address(notices: readonly Notice[], row: DeviceRow | undefined, now: number): Addressed[];
}

interface Subscriber {
  name: string;
  events: ReadonlySet<string>;
  fits: Predicate | undefined;
  /** Time after which it receives nothing, milliseconds. */
  until: number;
  /** A test of a notice of the type `inform`. */
  fitsInform: (data: InformData) => boolean;
}

/** The data of a notice of an Inform. */
interface InformData {
  /** Its event codes. */
  events: readonly string[];
  address: string;
  softwareVersion: string;
  /** Paths of the parameters whose values differ from those of earlier Informs. Values may be secret, and are read through the API. */
  changed: readonly string[];
}

/** Most paths in one notice. */
const MAX_CHANGED = 128;

/** @param documents the webhooks in the store */
export function subscribersOf(documents: readonly { name: string; body: Subscription }[]): Subscribers {
  const all: Subscriber[] = documents
    .filter(({ body }) => !body.paused)
    .map(({ name, body }) => ({
      name,
      events: new Set(body.events),
      fits: body.filter === undefined ? undefined : predicateOf(body.filter),
      until: body.until ?? Number.POSITIVE_INFINITY,
      fitsInform: informTest(body),
    }));
  const wants = (subscriber: Subscriber, notice: Notice, row: DeviceRow | undefined, now: number): boolean => {
    if (notice.time > subscriber.until) return false;
    if (notice.to) return notice.to.includes(subscriber.name);
    if (!subscriber.events.has(notice.type)) return false;
    if (notice.type === 'inform' && !subscriber.fitsInform(notice.data as unknown as InformData)) return false;
    return !row || !subscriber.fits || subscriber.fits(row, now);
  };
  return {
    any: all.length > 0,
    informs: all.some(({ events }) => events.has('inform')),
    address: (notices, row, now) =>
      notices.flatMap(notice => {
        const webhooks = all.filter(subscriber => wants(subscriber, notice, row, now)).map(({ name }) => name);
        return webhooks.length > 0 ? [{ notice, webhooks }] : [];
      }),
  };
}

/** A filter that cannot be read any more excludes nothing: one notice too many is better than a change that fails. */
function predicateOf(text: string): Predicate | undefined {
  try {
    return toPredicate(parseFilter(text));
  } catch {
    return undefined;
  }
}

function informTest({ eventCodes, parameters }: Subscription): Subscriber['fitsInform'] {
  const codes = eventCodes && new Set(eventCodes);
  const rule = parameters && pathRule(parameters);
  return ({ events, changed }) =>
    (!codes || events.some(code => codes.has(code))) && (!rule || changed.some(path => rule.fits(path)));
}

/** The notices of an operation on a device, with the webhooks that receive them. */
export function addressedNotices(
  subscribers: Subscribers,
  before: DeviceRow | undefined,
  { row, ended }: { row: DeviceRow | undefined; ended: readonly Task[] },
  args: DeviceOperations[DeviceOperation]['args'],
): Addressed[] {
  const now = 'now' in args ? args.now : undefined;
  const notices = noticesOf(before, row, ended, now);
  if (subscribers.informs && row && row !== before && 'report' in args) notices.push(informNotice(before, row, args));
  return notices.length > 0 ? subscribers.address(notices, row ?? before, now ?? 0) : [];
}

/** The same id for the same fact, so that a receiver recognises a repetition. */
export const noticeId = (type: NoticeType | 'ping', ...facts: (string | number)[]): string =>
  createHash('sha256')
    .update(JSON.stringify([type, ...facts]))
    .digest('hex')
    .slice(0, 24);

/** @param now time of the change, where it is known */
function noticesOf(
  before: DeviceRow | undefined,
  row: DeviceRow | undefined,
  ended: readonly Task[],
  now: number | undefined,
): Notice[] {
  const device = row?.id ?? before?.id;
  if (device === undefined) return [];
  const time = now ?? row?.lastInform ?? before?.lastInform ?? 0;
  const notices = ended.map(taskNotice);
  if (!row)
    return [
      ...notices,
      { id: noticeId('removed', device, before?.fence ?? 0), type: 'removed', device, time, data: {} },
    ];
  if (before?.state !== row.state && row.state !== 'known')
    notices.push({
      id: noticeId('enrolled', device, row.state, row.fence, row.created),
      type: 'enrolled',
      device,
      time,
      data: { state: row.state, was: before?.state ?? null },
    });
  if (before && before.absence !== row.absence) notices.push(absenceNotice(before, row, time));
  if (before?.faults !== row.faults) notices.push(...faultNotices(before?.faults ?? [], row.faults, time));
  return notices;
}

function informNotice(
  before: DeviceRow | undefined,
  row: DeviceRow,
  { events, now }: DeviceOperations['informed']['args'],
): Notice {
  const data: InformData = {
    events: events.map(({ EventCode }) => EventCode),
    address: row.address,
    softwareVersion: row.softwareVersion,
    changed: changedPaths(before, row),
  };
  return {
    id: noticeId('inform', row.id, row.fence, now),
    type: 'inform',
    device: row.id,
    time: now,
    data: { ...data },
  };
}

function changedPaths(before: DeviceRow | undefined, row: DeviceRow): string[] {
  if (before?.told === row.told) return [];
  const known = before ? informValues(before) : {};
  return Object.entries(informValues(row))
    .filter(([path, value]) => !Object.hasOwn(known, path) || known[path] !== value)
    .map(([path]) => path)
    .slice(0, MAX_CHANGED);
}

const taskNotice = ({ id, device, method, state, origin, handle, fault, created, ended }: Task): Notice => ({
  id: noticeId('task', id, state),
  type: 'task',
  device,
  time: ended ?? created,
  // Without its arguments and results: they may hold secrets, and can be read through the API.
  data: { id, method, state, origin, ...(handle === undefined ? {} : { handle }), ...(fault ? { fault } : {}) },
});

function absenceNotice(before: DeviceRow, row: DeviceRow, time: number): Notice {
  const type = row.absence ?? 'back';
  const lastInform = new Date((row.absence ? row : before).lastInform ?? 0).toISOString();
  const data = { lastInform, ...(before.absence ? { was: before.absence } : {}) };
  return { id: noticeId(type, row.id, row.lastInform ?? 0), type, device: row.id, time, data };
}

/** A retry that fails in the same way makes no notice. */
function faultNotices(before: readonly DeviceFault[], after: readonly DeviceFault[], time: number): Notice[] {
  const known = new Map(before.map(fault => [fault.id, fault]));
  const present = new Set(after.map(fault => fault.id));
  const raised = after.filter(fault => {
    const old = known.get(fault.id);
    return old?.code !== fault.code || old.message !== fault.message;
  });
  return [
    ...raised.map(fault => faultNotice('fault', fault, fault.last)),
    ...before.filter(fault => !present.has(fault.id)).map(fault => faultNotice('faultCleared', fault, time)),
  ];
}

const faultNotice = (type: 'fault' | 'faultCleared', fault: DeviceFault, time: number): Notice => ({
  id: noticeId(type, fault.id, fault.first, fault.count),
  type,
  device: fault.device,
  time,
  data: { id: fault.id, cause: fault.cause, code: fault.code, message: fault.message, count: fault.count },
});
