// The events that open a session (TR-069 3.7.1.5 Table 8) and the rules of the list of undelivered ones, as pure functions.
import type { AcsMethod, EventEntry } from './methods.ts';

export interface EventSpec {
  readonly code: string;
  /** single: at most once in the list however often it happened; multiple: one entry for each, with its CommandKey. */
  readonly cumulative: 'single' | 'multiple';
  /** The request whose answer delivers it. */
  readonly deliveredBy: AcsMethod;
  /** always: until delivered, over reboots; untilReboot: retried until then; once: not retried after a failed session. */
  readonly keep: 'always' | 'untilReboot' | 'once';
  /** Adding it discards all that is undelivered. */
  readonly discardsOthers?: true;
  /** Sent in an Inform of its own (Annex O). */
  readonly alone?: true;
}

const event = (
  code: string,
  cumulative: EventSpec['cumulative'],
  deliveredBy: AcsMethod,
  keep: EventSpec['keep'],
  more: Partial<EventSpec> = {},
): EventSpec => ({ code, cumulative, deliveredBy, keep, ...more });

/** For 5, 9, 13 and 14 what is kept is our reading: the standard's wording could not be confirmed. */
export const events: readonly EventSpec[] = [
  event('0 BOOTSTRAP', 'single', 'Inform', 'always', { discardsOthers: true }),
  event('1 BOOT', 'single', 'Inform', 'untilReboot'),
  event('2 PERIODIC', 'single', 'Inform', 'always'),
  event('3 SCHEDULED', 'single', 'Inform', 'always'),
  event('4 VALUE CHANGE', 'single', 'Inform', 'untilReboot'),
  event('5 KICKED', 'single', 'Kicked', 'always'),
  event('6 CONNECTION REQUEST', 'single', 'Inform', 'once'),
  event('7 TRANSFER COMPLETE', 'single', 'TransferComplete', 'always'),
  event('8 DIAGNOSTICS COMPLETE', 'single', 'Inform', 'untilReboot'),
  event('9 REQUEST DOWNLOAD', 'single', 'RequestDownload', 'always'),
  event('10 AUTONOMOUS TRANSFER COMPLETE', 'single', 'AutonomousTransferComplete', 'always'),
  event('11 DU STATE CHANGE COMPLETE', 'single', 'DUStateChangeComplete', 'always'),
  event('12 AUTONOMOUS DU STATE CHANGE COMPLETE', 'single', 'AutonomousDUStateChangeComplete', 'always'),
  event('13 WAKEUP', 'single', 'Inform', 'untilReboot'),
  event('14 HEARTBEAT', 'single', 'Inform', 'once', { alone: true }),
  event('M Reboot', 'multiple', 'Inform', 'always'),
  event('M ScheduleInform', 'multiple', 'Inform', 'always'),
  event('M Download', 'multiple', 'TransferComplete', 'always'),
  event('M ScheduleDownload', 'multiple', 'TransferComplete', 'always'),
  event('M Upload', 'multiple', 'TransferComplete', 'always'),
  event('M ChangeDUState', 'multiple', 'DUStateChangeComplete', 'always'),
];

const byCode: ReadonlyMap<string, EventSpec> = new Map(events.map(spec => [spec.code, spec]));

/** Of a vendor's event nobody knows the rules: kept until an Inform delivers it, once for each occurrence if `M …`. */
export function eventSpec(code: string): EventSpec {
  return byCode.get(code) ?? event(code, code.startsWith('M ') ? 'multiple' : 'single', 'Inform', 'always');
}

/** TR-069 A.3.3.1: no more fit into one Inform. */
export const MAX_EVENTS = 64;

type Events = readonly EventEntry[];

/**
 * The list with one more event. A second single one changes nothing, except that a new `1 BOOT` takes the old one's
 * place; `0 BOOTSTRAP` empties the list first. When it is full, the oldest `M …` entry gives way.
 */
export function addEvent(pending: Events, code: string, commandKey = ''): EventEntry[] {
  const spec = eventSpec(code);
  const entry: EventEntry = { EventCode: code, CommandKey: commandKey };
  if (spec.discardsOthers) return [entry];
  const rest = code === '1 BOOT' ? pending.filter(({ EventCode }) => EventCode !== code) : [...pending];
  if (spec.cumulative === 'single' && rest.some(({ EventCode }) => EventCode === code)) return rest;
  if (rest.length >= MAX_EVENTS) {
    const oldest = rest.findIndex(({ EventCode }) => eventSpec(EventCode).cumulative === 'multiple');
    rest.splice(Math.max(0, oldest), 1);
  }
  rest.push(entry);
  return rest;
}

/** What the next Inform lists: all of it, but a heartbeat goes alone. */
export function eventsToSend(pending: Events): EventEntry[] {
  const alone = pending.find(({ EventCode }) => eventSpec(EventCode).alone);
  return alone ? [alone] : pending.slice(0, MAX_EVENTS);
}

/** What is left after the power went or a reboot was asked for. */
export function afterReboot(pending: Events): EventEntry[] {
  return pending.filter(({ EventCode }) => eventSpec(EventCode).keep === 'always');
}

/** What is left of the list after a session that listed `sent` failed: what is not retried goes. */
export function afterFailure(pending: Events, sent: Events): EventEntry[] {
  return without(
    pending,
    sent.filter(({ EventCode }) => eventSpec(EventCode).keep === 'once'),
  );
}

/** What is left when the Inform that listed `sent` was answered; what happened since then stays. */
export function afterInform(pending: Events, sent: Events): EventEntry[] {
  return without(
    pending,
    sent.filter(({ EventCode }) => eventSpec(EventCode).deliveredBy === 'Inform'),
  );
}

/**
 * What is left when another request of the CPE was answered: of the `M …` entries that it delivers one with this
 * CommandKey, and its single event when no such entry remains (`7 TRANSFER COMPLETE` stands for several transfers).
 */
export function afterAnswer(pending: Events, method: Exclude<AcsMethod, 'Inform'>, commandKey = ''): EventEntry[] {
  const delivers = ({ EventCode }: EventEntry): boolean => eventSpec(EventCode).deliveredBy === method;
  const multiple = (entry: EventEntry): boolean =>
    delivers(entry) && eventSpec(entry.EventCode).cumulative === 'multiple';
  const done = pending.findIndex(entry => multiple(entry) && entry.CommandKey === commandKey);
  const left = pending.filter((_, at) => at !== done);
  return left.some(multiple) ? left : left.filter(entry => !delivers(entry));
}

function without(pending: Events, gone: Events): EventEntry[] {
  const left = [...pending];
  for (const { EventCode, CommandKey } of gone) {
    const at = left.findIndex(entry => entry.EventCode === EventCode && entry.CommandKey === CommandKey);
    if (at >= 0) left.splice(at, 1);
  }
  return left;
}
