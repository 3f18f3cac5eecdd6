// What happened and was not yet told to the ACS: pure changes of the agent's facts by the event table (TR-069 3.7.1.5 Table 8).
import { eventSpec, MAX_EVENTS } from '../../shared/cwmp/events.ts';
import type { EventEntry } from '../../shared/cwmp/methods.ts';
import type { AgentFacts, DownloadRequest, Transfer } from '../state/facts.ts';

export const BOOTSTRAP = '0 BOOTSTRAP';
export const BOOT = '1 BOOT';
export const PERIODIC = '2 PERIODIC';
export const SCHEDULED = '3 SCHEDULED';
export const VALUE_CHANGE = '4 VALUE CHANGE';
export const CONNECTION_REQUEST = '6 CONNECTION REQUEST';
export const TRANSFER_COMPLETE = '7 TRANSFER COMPLETE';
export const REQUEST_DOWNLOAD = '9 REQUEST DOWNLOAD';
export const AUTONOMOUS_TRANSFER_COMPLETE = '10 AUTONOMOUS TRANSFER COMPLETE';

/** Delivered by the answer to a request of their own, not by InformResponse. */
const byOwnAnswer = (code: string): boolean => eventSpec(code).deliveredBy !== 'Inform';
/** Retried until the next reboot only, or not at all. */
const endsAtBoot = (code: string): boolean => eventSpec(code).keep !== 'always';
const isMultiple = (code: string): boolean => eventSpec(code).cumulative === 'multiple';
const same = (a: EventEntry, b: EventEntry): boolean => a.EventCode === b.EventCode && a.CommandKey === b.CommandKey;

/** Copies `list` without one entry for each of `gone`. */
function without(list: readonly EventEntry[], gone: readonly EventEntry[]): EventEntry[] {
  const left = [...gone];
  return list.filter(entry => {
    const at = left.findIndex(other => same(entry, other));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

/**
 * Notes an event. A single one is noted once however often it happens, but once more when the first is already on its way (`telling`),
 * for then it is news again; an M event always.
 */
export function happened(facts: AgentFacts, code: string, commandKey = '', telling: readonly EventEntry[] = []): void {
  const entry = { EventCode: code, CommandKey: commandKey };
  if (!isMultiple(code) && without(facts.events, telling).some(other => same(entry, other))) return;
  facts.events.push(entry);
}

/**
 * The unit started. What is retried only until a reboot is forgotten; a new software version is told even so, for no ACS has seen it.
 * @param versionPath path of DeviceInfo.SoftwareVersion
 */
export function booted(facts: AgentFacts, softwareVersion: string, versionPath: string): void {
  facts.events = facts.events.filter(entry => !endsAtBoot(entry.EventCode));
  const bootstrap = facts.events.findIndex(entry => entry.EventCode === BOOTSTRAP);
  facts.events.splice(bootstrap + 1, 0, { EventCode: BOOT, CommandKey: '' });
  facts.changed = facts.reportedVersion !== '' && facts.reportedVersion !== softwareVersion ? [versionPath] : [];
}

/** 0 BOOTSTRAP: first contact, or first since the ACS URL changed. @returns whether that just became so */
export function bootstrapDue(facts: Readonly<AgentFacts>, url: string): boolean {
  return url !== facts.bootstrapped && !facts.events.some(entry => entry.EventCode === BOOTSTRAP);
}

/**
 * Notes 0 BOOTSTRAP. All other undelivered events are discarded with it, finished transfers too; the boot that goes with it stays,
 * and so does a reboot that this very session ordered (`restarting`).
 */
export function bootstrapped(facts: AgentFacts, restarting = false): void {
  const stays = (code: string): boolean => code === BOOT || (restarting && code === 'M Reboot');
  facts.events = facts.events.filter(entry => stays(entry.EventCode));
  facts.events.unshift({ EventCode: BOOTSTRAP, CommandKey: '' });
  facts.changed = [];
  facts.transfers = facts.transfers.filter(transfer => transfer.state !== 'ended');
  delete facts.wishes;
}

/**
 * The Event array of the next Inform: single events once, then as many M events as fit; 4 VALUE CHANGE follows from what changed.
 * Events of one pair (7 with its M Download, 3 with its M ScheduleInform) stay together, for a single one is never left out.
 * @param knocked an accepted connection request, which is told once and never kept
 */
export function eventsToReport(facts: Readonly<AgentFacts>, knocked: boolean): EventEntry[] {
  const singles: EventEntry[] = [];
  for (const entry of facts.events) {
    if (!isMultiple(entry.EventCode) && !singles.some(other => same(entry, other))) singles.push({ ...entry });
  }
  if (knocked) singles.push({ EventCode: CONNECTION_REQUEST, CommandKey: '' });
  const change = facts.changed.length > 0 ? [{ EventCode: VALUE_CHANGE, CommandKey: '' }] : [];
  const multiple = facts.events.filter(entry => isMultiple(entry.EventCode)).map(entry => ({ ...entry }));
  return [...singles, ...multiple.slice(0, MAX_EVENTS - singles.length - change.length), ...change];
}

/** What one Inform said, to be struck off when its answer is there. */
export interface ReportedInform {
  url: string;
  events: readonly EventEntry[];
  changed: readonly string[];
  softwareVersion: string;
}

/**
 * InformResponse came: its events are delivered, but for those that wait for an answer of their own.
 * @param changedAgain paths that changed once more while the Inform was under way
 */
export function delivered(facts: AgentFacts, told: ReportedInform, changedAgain: ReadonlySet<string>): void {
  facts.events = without(
    facts.events,
    told.events.filter(entry => !byOwnAnswer(entry.EventCode)),
  );
  facts.changed = facts.changed.filter(path => !told.changed.includes(path) || changedAgain.has(path));
  facts.bootstrapped = told.url;
  facts.reportedVersion = told.softwareVersion;
}

/** Autonomous transfers whose end is kept for an ACS that cannot be reached; of more, the oldest go. Our choice. */
const MAX_AUTONOMOUS = 16;

/** An autonomous transfer ended whose end nobody wants to hear of. */
export function transferDropped(facts: AgentFacts, id: string): void {
  facts.transfers = facts.transfers.filter(transfer => transfer.id !== id);
}

/** A transfer came to its end: from now on it is news until TransferCompleteResponse. */
export function transferEnded(
  facts: AgentFacts,
  id: string,
  outcome: { fault?: { code: number; message: string }; completeTime: string },
  telling: readonly EventEntry[],
): void {
  const transfer = facts.transfers.find(candidate => candidate.id === id);
  if (!transfer || transfer.state === 'ended') return;
  transfer.state = 'ended';
  transfer.completeTime = outcome.completeTime;
  if (outcome.fault) transfer.fault = outcome.fault;
  if (transfer.kind === 'Autonomous') {
    const untold = facts.transfers.filter(({ kind, state }) => kind === 'Autonomous' && state === 'ended');
    if (untold.length > MAX_AUTONOMOUS) facts.transfers = facts.transfers.filter(other => other !== untold[0]);
    happened(facts, AUTONOMOUS_TRANSFER_COMPLETE, '', telling);
    return;
  }
  happened(facts, TRANSFER_COMPLETE, '', telling);
  happened(facts, `M ${transfer.kind}`, transfer.commandKey);
}

/** Transfers whose TransferComplete the session may send that told `events`: each needs its own M event in the Inform; autonomous ones share one. */
export function transfersToReport(facts: Readonly<AgentFacts>, events: readonly EventEntry[]): Transfer[] {
  const left = [...events];
  const autonomous = left.some(entry => entry.EventCode === AUTONOMOUS_TRANSFER_COMPLETE);
  return facts.transfers.filter(transfer => {
    if (transfer.kind === 'Autonomous') return autonomous && transfer.state === 'ended';
    const entry = { EventCode: `M ${transfer.kind}`, CommandKey: transfer.commandKey };
    const at = transfer.state === 'ended' ? left.findIndex(other => same(entry, other)) : -1;
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}

/** TransferCompleteResponse came: the transfer and its events are done with. */
export function transferReported(facts: AgentFacts, id: string): void {
  const transfer = facts.transfers.find(candidate => candidate.id === id);
  if (!transfer) return;
  facts.transfers = facts.transfers.filter(other => other !== transfer);
  const autonomous = transfer.kind === 'Autonomous';
  if (!autonomous) {
    facts.events = without(facts.events, [{ EventCode: `M ${transfer.kind}`, CommandKey: transfer.commandKey }]);
  }
  if (facts.transfers.some(({ kind, state }) => state === 'ended' && (kind === 'Autonomous') === autonomous)) return;
  const event = autonomous ? AUTONOMOUS_TRANSFER_COMPLETE : TRANSFER_COMPLETE;
  facts.events = facts.events.filter(entry => entry.EventCode !== event);
}

/** Wishes that may be pending at once: our choice, so that the state stays bounded. */
const MAX_WISHES = 16;

/** The unit wants a file: told by 9 REQUEST DOWNLOAD, and kept over reboots until RequestDownloadResponse (our choice). */
export function downloadRequested(facts: AgentFacts, wish: DownloadRequest, telling: readonly EventEntry[]): void {
  facts.wishes = [...(facts.wishes ?? []), wish].slice(-MAX_WISHES);
  happened(facts, REQUEST_DOWNLOAD, '', telling);
}

/** RequestDownloadResponse came, or the ACS does not know the method. */
export function downloadRequestAnswered(facts: AgentFacts, wish: DownloadRequest): void {
  const left = (facts.wishes ?? []).filter(other => other !== wish);
  if (left.length > 0) {
    facts.wishes = left;
    return;
  }
  delete facts.wishes;
  facts.events = facts.events.filter(entry => entry.EventCode !== REQUEST_DOWNLOAD);
}

/** ScheduleInforms whose time has come: 3 SCHEDULED with an M ScheduleInform for each. */
export function scheduledDue(facts: AgentFacts, now: number, telling: readonly EventEntry[]): void {
  const due = facts.scheduled.filter(({ at }) => at <= now);
  if (due.length === 0) return;
  facts.scheduled = facts.scheduled.filter(({ at }) => at > now);
  happened(facts, SCHEDULED, '', telling);
  for (const { commandKey } of due) happened(facts, 'M ScheduleInform', commandKey);
}
