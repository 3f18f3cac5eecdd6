// The events that open a session (TR-069 3.7.1.5 Table 8), as data: the CPE's ledger of undelivered events follows it.
import type { AcsMethod } from './methods.ts';

interface EventSpec {
  readonly code: string;
  /** single: at most once in the list however often it happened; multiple: one entry for each, with its CommandKey. */
  readonly cumulative: 'single' | 'multiple';
  /** The request whose answer delivers it. */
  readonly deliveredBy: AcsMethod;
  /** always: until delivered, over reboots; untilReboot: retried until then; once: not retried after a failed session. */
  readonly keep: 'always' | 'untilReboot' | 'once';
  /** Adding it discards all undelivered events. */
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

/** For 5, 9, 13 and 14 the retention is our reading: the standard's wording could not be confirmed. */
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

/** The rules of a vendor's event are unknown: it is kept until an Inform delivers it, once for each occurrence if `M …`. */
export function eventSpec(code: string): EventSpec {
  return byCode.get(code) ?? event(code, code.startsWith('M ') ? 'multiple' : 'single', 'Inform', 'always');
}

/** TR-069 A.3.3.1: most events of one Inform. */
export const MAX_EVENTS = 64;
