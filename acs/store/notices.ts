// Notices of changes of devices for webhooks: pure, from the row before and after, so that a store keeps them in the commit of the change
// itself. Without a webhook this costs one comparison.
import { createHash } from 'node:crypto';
import type { DeviceFault } from '../device/fault.ts';
import type { DeviceRow } from '../device/row.ts';
import type { Task } from '../device/task.ts';
import { parseFilter } from '../query/parser.ts';
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
  /** @param row of the device that the notices are about: the filter of a webhook is over it */
  address(notices: readonly Notice[], row: DeviceRow | undefined, now: number): Addressed[];
}

interface Subscriber {
  name: string;
  events: ReadonlySet<string>;
  fits: Predicate | undefined;
}

/** @param documents the webhooks in the store */
export function subscribersOf(documents: readonly { name: string; body: Subscription }[]): Subscribers {
  const all: Subscriber[] = documents
    .filter(({ body }) => !body.paused)
    .map(({ name, body }) => ({
      name,
      events: new Set(body.events),
      fits: body.filter === undefined ? undefined : predicateOf(body.filter),
    }));
  const wants = (subscriber: Subscriber, notice: Notice, row: DeviceRow | undefined, now: number): boolean => {
    if (notice.to) return notice.to.includes(subscriber.name);
    if (!subscriber.events.has(notice.type)) return false;
    return !row || !subscriber.fits || subscriber.fits(row, now);
  };
  return {
    any: all.length > 0,
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

/** The same id for the same fact, so that a receiver recognises a repetition. */
export const noticeId = (type: NoticeType | 'ping', ...facts: (string | number)[]): string =>
  createHash('sha256')
    .update(JSON.stringify([type, ...facts]))
    .digest('hex')
    .slice(0, 24);

/** @param now time of the change, where it is known */
export function noticesOf(
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

const taskNotice = ({ id, device, method, state, origin, fault, created, ended }: Task): Notice => ({
  id: noticeId('task', id, state),
  type: 'task',
  device,
  time: ended ?? created,
  // Without its arguments and results: they may hold secrets, and can be read through the API.
  data: { id, method, state, origin, ...(fault ? { fault } : {}) },
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
