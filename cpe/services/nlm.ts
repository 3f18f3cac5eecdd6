// Notifications and Logging Manager: two gates (the service's MinSeverity, a row of Nlm.Events), then syslog or local log.
import { messageOf } from '../../shared/errors.ts';
import { withoutUrlSecrets } from '../../shared/model/secret-names.ts';
import { createSyslog, type Syslog } from '../../shared/syslog.ts';
import {
  type FactsOf,
  type NotificationName,
  notifications,
  notificationText,
  type Severity,
} from '../notifications.ts';
import { captureCommands, captureValues, stopCapture } from './capture/packet-capture.ts';
import { matchesCriteria, parseCriteria, severities } from './common/criteria.ts';
import { hasLogFiles, LogFiles } from './common/log-files.ts';
import { profileName } from './common/product.ts';
import {
  cell,
  dgwPath,
  hostPort,
  localOf,
  offsetOf,
  peekSlot,
  rowsOf,
  type Service,
  showTime,
  slotOf,
  type Unit,
  X,
} from './service.ts';

interface Entry {
  index: number;
  time: string;
  service: string;
  serviceId: number;
  id: number;
  severity: Severity;
  message: string;
}

/** A notification that its service lets through. */
export type ReportedNotification = Omit<Entry, 'index'>;
type Listener = (notification: ReportedNotification) => void;

interface NlmState {
  entries: Entry[];
  next: number;
  files?: LogFiles;
  listeners?: readonly Listener[];
  sender?: { target: string; syslog: Syslog } | undefined;
}

/** The oldest entry is dropped; the vendor's limit is not public. */
const MAX_ENTRIES = 100;

const entriesOf = (unit: Unit): readonly Entry[] => peekSlot<NlmState>(unit, nlm)?.entries ?? [];
const state = (unit: Unit): NlmState => slotOf(unit, nlm, () => ({ entries: [], next: 1 }));

/** True when a service reports notifications of this severity. */
function passesFloor(unit: Unit, service: string, severity: Severity): boolean {
  const floor = unit.config.variable(`${service}.MinSeverity`);
  if (floor === undefined || floor === 'Disable') return false;
  return severities.indexOf(severity) >= severities.indexOf(floor as Severity);
}

/** Sends a numbered notification to the targets of the matching rows of Nlm.Events; without one it is dropped. */
export function notify(unit: Unit, service: string, id: number, severity: Severity, text: string): void {
  const message = withoutUrlSecrets(text);
  unit.log.debug(message, { service, notification: id, severity });
  const def = unit.model.services.find(entry => entry.name === service);
  if (!def || !unit.services.started('Nlm') || !passesFloor(unit, service, severity)) return;
  const entry = { service, serviceId: def.id, id, severity, message, time: showTime(unit.now()) };
  for (const listener of peekSlot<NlmState>(unit, nlm)?.listeners ?? []) listener(entry);
  const actions = new Set<string>();
  for (const row of rowsOf(unit, 'Nlm.Events', ['Activation', 'Criteria', 'Action'])) {
    const criteria = parseCriteria(row.Criteria);
    if (row.Activation === 'Enable' && criteria && matchesCriteria(criteria, def.id, id, severity))
      actions.add(row.Action);
  }
  if (actions.has('LogLocally')) logLocally(unit, entry);
  if (actions.has('LogToFile') && hasLogFiles(unit.identity.productClass)) logToFile(unit, entry);
  if (actions.has('SendViaSyslog')) send(unit, { ...entry, title: def.title });
}

/** Sends a notification of the table. */
export function report<Name extends NotificationName>(unit: Unit, name: Name, facts: FactsOf<Name>): void {
  const { service, number, severity } = notifications[name];
  notify(unit, service, number, severity, notificationText(name, facts));
}

/** Hands each notification that passes its service's MinSeverity to a listener (SNMP traps), until the unit goes down or the function is called. */
export function onNotification(unit: Unit, listener: Listener): () => void {
  const own = state(unit);
  own.listeners = [...(own.listeners ?? []), listener];
  return () => {
    own.listeners = own.listeners?.filter(other => other !== listener) ?? [];
  };
}

function logToFile(unit: Unit, entry: ReportedNotification): void {
  const setting = (name: string): string => unit.config.variable(`Nlm.LogFile${name}`) ?? '';
  const own = state(unit);
  own.files ??= new LogFiles();
  own.files.add(lineOf(unit, entry), {
    baseName: setting('BaseName'),
    maxSize: Number(setting('MaxSize')) * 1024,
    maxFiles: Number(setting('MaxNb')),
  });
}

/** Files of the action Log to File, newest first. */
export const logFilesOf = (unit: Unit): readonly { name: string; text: string }[] =>
  peekSlot<NlmState>(unit, nlm)?.files?.list() ?? [];

function logLocally(unit: Unit, entry: Omit<Entry, 'index'>): void {
  const own = state(unit);
  own.entries.push({ ...entry, index: own.next++ });
  if (own.entries.length > MAX_ENTRIES) own.entries.shift();
}

const weights = { Debug: 'debug', Info: 'info', Warning: 'warning', Error: 'err', Critical: 'crit' } as const;

function send(unit: Unit, entry: Omit<Entry, 'index'> & { title: string }): void {
  const target = unit.config.variable('Nlm.SyslogRemoteHost') ?? '';
  const { host, port } = hostPort(target);
  if (host === '' || host === '0.0.0.0') return;
  // Number 0 means that the text is the whole line.
  const message =
    entry.id === 0
      ? entry.message
      : formatMessage(unit.config.variable('Nlm.SyslogMessageFormat') ?? '', macros(unit, entry));
  const time = unit.now();
  const failed = (error: unknown): void => unit.log.warn('syslog message not sent', { host, reason: messageOf(error) });
  senderTo(unit, target, host, port)
    .then(syslog =>
      syslog.send({
        severity: weights[entry.severity],
        message,
        host: unit.address,
        ...(time !== undefined && { time, offset: offsetOf(unit, time) / 60 }),
      }),
    )
    .catch(failed);
}

async function senderTo(unit: Unit, target: string, host: string, port: number): Promise<Syslog> {
  const own = state(unit);
  if (own.sender?.target === target) return own.sender.syslog;
  const old = own.sender;
  const syslog = createSyslog({ host, port: port || 514, localAddress: unit.address, transport: 'udp' });
  own.sender = { target, syslog };
  await old?.syslog.close();
  return syslog;
}

function macros(unit: Unit, entry: Omit<Entry, 'index'> & { title: string }): Record<string, string> {
  return {
    servicetextkey: entry.service,
    serviceid: String(entry.serviceId),
    servicename: entry.title,
    msgid: String(entry.id),
    message: entry.message,
    mac: unit.identity.mac,
    serial: unit.identity.serialNumber,
    mfpname: 'Dgw',
    version: unit.softwareVersion,
    profile: profileName(unit),
  };
}

/** Replaces `%[width][.precision]name` and `%%`; an unknown macro stays as it is. */
export function formatMessage(format: string, values: Readonly<Record<string, string>>): string {
  return format.replace(
    /%(?:%|(\d*)(?:\.(\d+))?([a-z]+))/g,
    (whole, width?: string, precision?: string, name?: string) => {
      if (whole === '%%') return '%';
      // The longest known name that the letters begin with: `%message` but also `%msgid-…`.
      const key = Object.keys(values)
        .filter(known => name?.startsWith(known))
        .sort((a, b) => b.length - a.length)[0];
      if (key === undefined) return whole;
      const value = (values[key] ?? '').slice(0, precision ? Number(precision) : undefined);
      return value.padStart(Math.min(Number(width || 0), 256)) + (name ?? '').slice(key.length);
    },
  );
}

const lineOf = (unit: Unit, { time, severity, service, serviceId, id, message }: ReportedNotification): string =>
  `${localOf(unit, time) || '-'} ${severity.toUpperCase()} ${service}: ${serviceId}-${id} ${message}`;

/** The local log as text, oldest first: for an Upload of `2 Vendor Log File`. */
export function exportLog(unit: Unit): Buffer {
  const lines = entriesOf(unit).map(entry => lineOf(unit, entry));
  return Buffer.from(lines.length > 0 ? `${lines.join('\n')}\n` : '');
}

const column =
  (show: (entry: Entry) => string) =>
  (unit: Unit, [row = 0]: readonly number[]): string => {
    const entry = entriesOf(unit).find(candidate => candidate.index === row);
    return entry ? show(entry) : '';
  };

const count =
  (severity: Severity) =>
  (unit: Unit): string =>
    String(entriesOf(unit).filter(entry => entry.severity === severity).length);

const eventAction = (unit: Unit, row: number, name: string): string =>
  cell(unit.config.tree, dgwPath(unit, `Nlm.Events.${row}.${name}`));

export const nlm: Service = {
  name: 'Nlm',
  async stop(unit) {
    await stopCapture(unit);
    const own = peekSlot<NlmState>(unit, nlm);
    const sender = own?.sender;
    if (own) own.sender = undefined;
    await sender?.syslog.close();
  },
  values: {
    ...captureValues,
    [`${X}Nlm.LocalLogMaxNbEntries`]: () => String(MAX_ENTRIES),
    [`${X}Nlm.LocalLogNbErrorEntries`]: count('Error'),
    [`${X}Nlm.LocalLogNbCriticalEntries`]: count('Critical'),
    [`${X}Nlm.LocalLogMessages.{i}.Index`]: column(entry => String(entry.index)),
    [`${X}Nlm.LocalLogMessages.{i}.LocalTime`]: (unit, [row = 0]) => {
      return localOf(unit, entriesOf(unit).find(({ index }) => index === row)?.time);
    },
    [`${X}Nlm.LocalLogMessages.{i}.ServiceNumkey`]: column(entry => String(entry.serviceId)),
    [`${X}Nlm.LocalLogMessages.{i}.NotificationId`]: column(entry => String(entry.id)),
    [`${X}Nlm.LocalLogMessages.{i}.Severity`]: column(entry =>
      entry.severity === 'Info' ? 'Information' : entry.severity,
    ),
    [`${X}Nlm.LocalLogMessages.{i}.ServiceTextkey`]: column(entry => entry.service),
    [`${X}Nlm.LocalLogMessages.{i}.Message`]: column(entry => entry.message),
    [`${X}Nlm.Events.{i}.ConfigStatus`]: (unit, [row = 0]) => {
      if (!parseCriteria(eventAction(unit, row, 'Criteria'))) return 'Invalid';
      const action = eventAction(unit, row, 'Action');
      if (action === 'LogToFile' && hasLogFiles(unit.identity.productClass)) return 'Valid';
      return ['SendViaSyslog', 'LogLocally'].includes(action) ? 'Valid' : 'NotSupported';
    },
    'DeviceInfo.DeviceLog': unit => exportLog(unit).toString().slice(-32_000),
  },
  commands: captureCommands,
  rows: { [`${X}Nlm.LocalLogMessages.`]: unit => entriesOf(unit).map(entry => entry.index) },
};
