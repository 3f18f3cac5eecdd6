// Evidence for the outcome of an RPC whose effect comes later: events of an Inform, silence over whole sessions, time.
import type { InformFacts } from './operation-types.ts';
import type { Task } from './task.ts';

/** Open tasks after something was learned, and those that it ended. */
interface Judged {
  tasks: Task[];
  ended: Task[];
}

/** Whole sessions without evidence of a sent RPC, after which its outcome counts as unknown. */
const MAX_SILENT_SESSIONS = 3;

export const isSent = (task: Task): boolean => task.state === 'sent' || task.state === 'waiting';

/** RPCs whose end a TransferComplete reports (TR-069 A.3.2.8, A.4.1.5, A.4.1.8). */
export const isTransfer = ({ method }: { method: string }): boolean =>
  method === 'Download' || method === 'Upload' || method === 'ScheduleDownload';

function endedAs(task: Task, now: number, fault?: Task['fault']): Task {
  return fault ? { ...task, state: 'failed', fault, ended: now } : { ...task, state: 'done', ended: now };
}

const unknownOutcome = (why: string): NonNullable<Task['fault']> => ({
  code: 'outcome-unknown',
  message: `outcome unknown: ${why}`,
});

/** Sorts tasks by a verdict on each: the ended task, a changed one, or the same. */
function applyVerdicts(tasks: Task[], verdict: (task: Task) => Task): Judged {
  const judged = tasks.map(verdict);
  // The same list without a change, so that nothing is stored.
  if (judged.every((task, at) => task === tasks[at])) return { tasks, ended: [] };
  return {
    tasks: judged.filter(task => task.ended === undefined),
    ended: judged.filter(task => task.ended !== undefined),
  };
}

/** Fails tasks that are past their expiry, if they are queued or wait for evidence. */
export const withoutExpired = (tasks: Task[], now: number): Judged =>
  applyVerdicts(tasks, task => expiredBy(task, now));

function expiredBy(task: Task, now: number): Task {
  if (task.state === 'sent' || task.expires === undefined || task.expires > now) return task;
  const message =
    task.state === 'queued' ? 'expired before it could be sent' : 'expired without a report of its outcome';
  return endedAs(task, now, { code: 'expired', message });
}

/**
 * The tasks after an Inform (TR-069 3.7.1.5): `M Reboot` ends the oldest sent Reboot with its CommandKey, `0 BOOTSTRAP` every
 * FactoryReset. No further evidence comes of a transfer after `0 BOOTSTRAP`, nor after `1 BOOT` of an RPC without a response.
 */
export function afterInform(tasks: Task[], facts: InformFacts): Judged {
  if (tasks.length === 0) return { tasks, ended: [] };
  const codes = new Set(facts.events.map(event => event.EventCode));
  const proved = provedReboots(tasks, facts.events);
  const announcedKeys = transferKeys(facts.events);
  return applyVerdicts(tasks, task => {
    if (!isSent(task)) return expiredBy(task, facts.now);
    if (proved.has(task.id)) return endedAs(task, facts.now);
    if (isTransfer(task) && announcedKeys.has(String(task.args.CommandKey))) return task;
    if (task.method === 'FactoryReset' && codes.has('0 BOOTSTRAP')) return endedAs(task, facts.now);
    if (task.state === 'waiting' && isTransfer(task) && isForgotten(codes))
      return endedAs(task, facts.now, unknownOutcome('the device was reset before it reported the transfer'));
    if (!codes.has('1 BOOT')) return expiredBy(task, facts.now);
    // It accepted the Reboot and has booted: not every CPE adds M Reboot.
    if (task.method === 'Reboot' && task.state === 'waiting' && !codes.has('M Reboot')) return endedAs(task, facts.now);
    if (task.state !== 'sent') return expiredBy(task, facts.now);
    return endedAs(task, facts.now, unknownOutcome('the device booted before it answered'));
  });
}

/** TR-069 3.7.1.5 Table 8: with `0 BOOTSTRAP` a CPE discards all undelivered events, so no TransferComplete follows. */
const isForgotten = (codes: ReadonlySet<string>): boolean =>
  codes.has('0 BOOTSTRAP') && !codes.has('7 TRANSFER COMPLETE');

/** One task for each `M Reboot`: the oldest sent Reboot with that CommandKey. */
function provedReboots(tasks: readonly Task[], events: InformFacts['events']): Set<string> {
  const proved = new Set<string>();
  for (const { EventCode, CommandKey } of events) {
    if (EventCode !== 'M Reboot') continue;
    const task = tasks.find(
      ({ id, method, args, state }) =>
        method === 'Reboot' &&
        (state === 'sent' || state === 'waiting') &&
        !proved.has(id) &&
        String(args.CommandKey ?? '') === CommandKey,
    );
    if (task) proved.add(task.id);
  }
  return proved;
}

/** CommandKeys of transfers that the Inform announces the end of: their TransferComplete follows in this session. */
function transferKeys(events: InformFacts['events']): Set<string> {
  const codes = new Set(['M Download', 'M Upload', 'M ScheduleDownload']);
  return new Set(events.filter(event => codes.has(event.EventCode)).map(event => event.CommandKey));
}

/**
 * The tasks after a session that ended well: those sent in an earlier one had no evidence in it. A transfer that the CPE accepted, and a
 * diagnostic that it has started, may take any time: they end by its report, or by their own expiry.
 * @param token of the session that ends
 */
export function afterSession(tasks: Task[], token: number, now: number): Judged {
  return applyVerdicts(tasks, task => {
    if (!isSent(task) || task.sentBy === token) return task;
    if (task.state === 'waiting' && (isTransfer(task) || task.diagnostic)) return task;
    const silentSessions = (task.silentSessions ?? 0) + 1;
    if (silentSessions < MAX_SILENT_SESSIONS) return { ...task, silentSessions };
    return endedAs({ ...task, silentSessions }, now, unknownOutcome(`no report of it in ${silentSessions} sessions`));
  });
}
