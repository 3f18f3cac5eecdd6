// The ledger of events not yet reported to the ACS: pure changes of the agent's facts by the event table (TR-069 3.7.1.5 Table 8).
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

/** Events that are delivered by the answer to a request of their own, not by InformResponse. */
const byOwnAnswer = (code: string): boolean => eventSpec(code).deliveredBy !== 'Inform';
/** Events that are retried until the next reboot only, or not at all. */
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
 * Notes an event. A single event is noted once however often it happens, and once more when the first is already on its way (`inFlight`);
 * an M event is noted each time.
 */
export function happened(facts: AgentFacts, code: string, commandKey = '', inFlight: readonly EventEntry[] = []): void {
  const entry = { EventCode: code, CommandKey: commandKey };
  if (!isMultiple(code) && without(facts.events, inFlight).some(other => same(entry, other))) return;
  facts.events.push(entry);
}

/**
 * Notes that the unit started. Events that are retried only until a reboot are dropped; a new software version is reported even so, for
 * no ACS has seen it.
 * @param versionPath path of DeviceInfo.SoftwareVersion
 */
export function booted(facts: AgentFacts, softwareVersion: string, versionPath: string): void {
  facts.events = facts.events.filter(entry => !endsAtBoot(entry.EventCode));
  const bootstrap = facts.events.findIndex(entry => entry.EventCode === BOOTSTRAP);
  facts.events.splice(bootstrap + 1, 0, { EventCode: BOOT, CommandKey: '' });
  facts.changed = facts.reportedVersion !== '' && facts.reportedVersion !== softwareVersion ? [versionPath] : [];
}

/** @returns whether 0 BOOTSTRAP is due and not yet noted: first contact, or the first since the ACS URL changed */
export function bootstrapDue(facts: Readonly<AgentFacts>, url: string): boolean {
  return url !== facts.bootstrapped && !facts.events.some(entry => entry.EventCode === BOOTSTRAP);
}

/**
 * Notes 0 BOOTSTRAP. All other undelivered events are discarded with it, finished transfers too; the boot of this run stays,
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
 * Composes the Event array of the next Inform: single events once, then as many M events as fit; 4 VALUE CHANGE where parameters changed.
 * Events of one pair (7 with its M Download, 3 with its M ScheduleInform) stay together, for a single event is never left out.
 * @param connectionRequested an accepted connection request, which is reported once and never kept
 */
export function eventsToReport(facts: Readonly<AgentFacts>, connectionRequested: boolean): EventEntry[] {
  const singles: EventEntry[] = [];
  for (const entry of facts.events) {
    if (!isMultiple(entry.EventCode) && !singles.some(other => same(entry, other))) singles.push({ ...entry });
  }
  if (connectionRequested) singles.push({ EventCode: CONNECTION_REQUEST, CommandKey: '' });
  const change = facts.changed.length > 0 ? [{ EventCode: VALUE_CHANGE, CommandKey: '' }] : [];
  const multiple = facts.events.filter(entry => isMultiple(entry.EventCode)).map(entry => ({ ...entry }));
  return [...singles, ...multiple.slice(0, MAX_EVENTS - singles.length - change.length), ...change];
}

/** The content of one Inform, removed from the ledger by its answer. */
export interface ReportedInform {
  url: string;
  events: readonly EventEntry[];
  changed: readonly string[];
  softwareVersion: string;
}

/**
 * Removes the events that InformResponse delivers: all but those that wait for an answer of their own.
 * @param changedAgain paths that changed once more while the Inform was under way
 */
export function delivered(facts: AgentFacts, reported: ReportedInform, changedAgain: ReadonlySet<string>): void {
  facts.events = without(
    facts.events,
    reported.events.filter(entry => !byOwnAnswer(entry.EventCode)),
  );
  facts.changed = facts.changed.filter(path => !reported.changed.includes(path) || changedAgain.has(path));
  facts.bootstrapped = reported.url;
  facts.reportedVersion = reported.softwareVersion;
}

/** Autonomous transfers whose end is kept for an ACS that cannot be reached; the oldest beyond these are dropped. Our choice. */
const MAX_AUTONOMOUS = 16;

/** Drops an autonomous transfer that ended and is not reported. */
export function transferDropped(facts: AgentFacts, id: string): void {
  facts.transfers = facts.transfers.filter(transfer => transfer.id !== id);
}

/** Notes the end of a transfer: it is reported until TransferCompleteResponse. */
export function transferEnded(
  facts: AgentFacts,
  id: string,
  outcome: { fault?: { code: number; message: string }; completeTime: string },
  inFlight: readonly EventEntry[],
): void {
  const transfer = facts.transfers.find(candidate => candidate.id === id);
  if (!transfer || transfer.state === 'ended') return;
  transfer.state = 'ended';
  transfer.completeTime = outcome.completeTime;
  if (outcome.fault) transfer.fault = outcome.fault;
  if (transfer.kind === 'Autonomous') {
    const unreported = facts.transfers.filter(({ kind, state }) => kind === 'Autonomous' && state === 'ended');
    if (unreported.length > MAX_AUTONOMOUS) facts.transfers = facts.transfers.filter(other => other !== unreported[0]);
    happened(facts, AUTONOMOUS_TRANSFER_COMPLETE, '', inFlight);
    return;
  }
  happened(facts, TRANSFER_COMPLETE, '', inFlight);
  happened(facts, `M ${transfer.kind}`, transfer.commandKey);
}

/** Transfers that a session may complete whose Inform carried `events`: each needs its own M event in the Inform; autonomous ones share one. */
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

/** Removes a transfer and its events: TransferCompleteResponse came. */
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

/** Files that the unit may ask for at once: our choice, so that the state stays bounded. */
const MAX_DOWNLOAD_REQUESTS = 16;

/** Notes a file that the unit wants: reported by 9 REQUEST DOWNLOAD, and kept over reboots until RequestDownloadResponse (our choice). */
export function downloadRequested(facts: AgentFacts, request: DownloadRequest, inFlight: readonly EventEntry[]): void {
  facts.wishes = [...(facts.wishes ?? []), request].slice(-MAX_DOWNLOAD_REQUESTS);
  happened(facts, REQUEST_DOWNLOAD, '', inFlight);
}

/** Removes a request: RequestDownloadResponse came, or the ACS does not know the method. */
export function downloadRequestAnswered(facts: AgentFacts, request: DownloadRequest): void {
  const left = (facts.wishes ?? []).filter(other => other !== request);
  if (left.length > 0) {
    facts.wishes = left;
    return;
  }
  delete facts.wishes;
  facts.events = facts.events.filter(entry => entry.EventCode !== REQUEST_DOWNLOAD);
}

/** Notes ScheduleInforms whose time has come: 3 SCHEDULED with an M ScheduleInform for each. */
export function scheduledDue(facts: AgentFacts, now: number, inFlight: readonly EventEntry[]): void {
  const due = facts.scheduled.filter(({ at }) => at <= now);
  if (due.length === 0) return;
  facts.scheduled = facts.scheduled.filter(({ at }) => at > now);
  happened(facts, SCHEDULED, '', inFlight);
  for (const { commandKey } of due) happened(facts, 'M ScheduleInform', commandKey);
}
