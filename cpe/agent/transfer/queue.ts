// The queue of file transfers: Download, Upload and ScheduleDownload are accepted or refused before anything is fetched.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import type { Arguments, Results } from '../../../shared/cwmp/methods.ts';
import type { TlsService } from '../../../shared/tls/profiles.ts';
import type { Device } from '../../state/device.ts';
import type { OwnTransfer, Transfer } from '../../state/facts.ts';
import { unknownTime } from '../timing.ts';
import type { Window } from './retry.ts';

/** GetQueuedTransfers reports at most 16 (A.4.1.1); finished ones count until they are reported. */
const MAX_TRANSFERS = 16;

interface FileTypeRule {
  type: RegExp;
  /** The service whose TLS settings protect the fetch. */
  service: TlsService;
  /** For this product family only. */
  dgw?: true;
  /** Not for an ACS to order: the unit's own transfers only. */
  own?: true;
}

/** A.3.2.8, A.4.1.5. That a unit takes its certificates by a vendor type is our choice: none is published. */
/** FileType of a backup image in the unit's own transfers. */
export const BACKUP_IMAGE = 'X 0090F8 Backup Image';

const downloads: readonly FileTypeRule[] = [
  { type: /^1 Firmware Upgrade Image$/, service: 'Fpu' },
  { type: /^2 Web Content$/, service: 'Conf' },
  { type: /^3 Vendor Configuration File$/, service: 'Conf' },
  { type: /^X 0090F8 Certificate$/, service: 'Cert', dgw: true },
  { type: /^X 0090F8 Backup Image$/, service: 'ConfImage', dgw: true, own: true },
];
const uploads: readonly FileTypeRule[] = [
  { type: /^1 Vendor Configuration File$/, service: 'Conf' },
  { type: /^2 Vendor Log File$/, service: 'Conf' },
  { type: /^3 Vendor Configuration File [1-9]\d*$/, service: 'Conf' },
  { type: /^4 Vendor Log File [1-9]\d*$/, service: 'Conf' },
  { type: /^X 0090F8 Packet Capture$/, service: 'Nlm', dgw: true },
  { type: /^X 0090F8 Backup Image$/, service: 'ConfImage', dgw: true, own: true },
];

function ruleOf(device: Device, isUpload: boolean, fileType: string): FileTypeRule | undefined {
  const rules = isUpload ? uploads : downloads;
  return rules.find(rule => rule.type.test(fileType) && (!rule.dgw || device.model.services.length > 0));
}

/** The unit sends the file, by order of the ACS or by itself. */
export const isUpload = ({ kind, upload }: Transfer): boolean => kind === 'Upload' || upload === true;

/** The service whose TLS settings a transfer uses. */
export function serviceOf(device: Device, transfer: Transfer): TlsService {
  return ruleOf(device, isUpload(transfer), String(transfer.args.FileType))?.service ?? 'File';
}

/** A.3.2.8: HTTP and HTTPS, no userinfo part; another scheme is 9013 at once. */
function checkUrl(text: string): void {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase();
  if (!scheme) throw new CwmpFault(9003, 'URL is not absolute');
  if (scheme !== 'http' && scheme !== 'https') throw new CwmpFault(9013, `URL scheme ${scheme} is not supported`);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url?.hostname) throw new CwmpFault(9003, 'URL cannot be read');
  if (url.username || url.password) throw new CwmpFault(9003, 'URL must not hold a user name or password');
}

/** Transfers that the ACS ordered: the unit's own do not count against its limit. */
const ordered = (device: Device): Transfer[] =>
  device.state.facts.transfers.filter(({ kind }) => kind !== 'Autonomous');

const newTransferId = (device: Device): string => device.random.bytes(8).toString('hex');

/** Changes a transfer that is still queued; durable when resolved. */
export function updateTransfer(device: Device, id: string, change: Partial<Transfer>): Promise<void> {
  return device.state.record(facts => {
    const own = facts.transfers.find(transfer => transfer.id === id);
    if (own) Object.assign(own, change);
  });
}

/** Queues a transfer of the unit's own, unless one of the same origin and URL is still open. */
export async function queueOwn(device: Device, own: OwnTransfer): Promise<void> {
  const { origin, fileType, url, username, password, retries, upload } = own;
  const open = device.state.facts.transfers.some(
    transfer => transfer.state !== 'ended' && transfer.origin === origin && transfer.args.URL === url,
  );
  if (open) return;
  const transfer: Transfer = {
    id: newTransferId(device),
    kind: 'Autonomous',
    args: { FileType: fileType, URL: url, Username: username, Password: password },
    commandKey: '',
    state: 'queued',
    notBefore: device.clock.now(),
    origin,
    retries,
    ...(upload && { upload }),
  };
  await device.state.record(facts => facts.transfers.push(transfer));
}

async function enqueue(
  device: Device,
  kind: Transfer['kind'],
  args: { CommandKey: string; FileType: string; URL: string } & Record<string, unknown>,
  notBefore: number,
): Promise<void> {
  const rule = ruleOf(device, kind === 'Upload', args.FileType);
  if (!rule || rule.own) throw new CwmpFault(9003, `Unknown FileType '${args.FileType}'`);
  checkUrl(args.URL);
  if (ordered(device).length >= MAX_TRANSFERS) {
    throw new CwmpFault(9004, `${MAX_TRANSFERS} transfers are queued already`);
  }
  const id = newTransferId(device);
  const transfer: Transfer = { id, kind, args, commandKey: args.CommandKey, state: 'queued', notBefore };
  // Durable before the answer: an accepted transfer is carried out and reported, whatever happens in between.
  await device.state.record(facts => facts.transfers.push(transfer));
}

/** A.3.2.8: the transfer runs after the session, and TransferComplete reports its outcome; then both times are the Unknown Time. */
const later = { Status: 1, StartTime: unknownTime, CompleteTime: unknownTime };

export async function queueDownload(device: Device, args: Arguments<'Download'>): Promise<Results<'Download'>> {
  await enqueue(device, 'Download', args, device.clock.now() + args.DelaySeconds * 1000);
  return later;
}

export async function queueUpload(device: Device, args: Arguments<'Upload'>): Promise<Results<'Upload'>> {
  await enqueue(device, 'Upload', args, device.clock.now() + args.DelaySeconds * 1000);
  return later;
}

const windowModes = new Set(['1 At Any Time', '2 Immediately', '3 When Idle']);

/** A.4.1.8: windows are offsets from the receipt, in order, and must not overlap. A unit without a screen cannot ask for confirmation. */
export async function queueScheduled(
  device: Device,
  args: Arguments<'ScheduleDownload'>,
): Promise<Results<'ScheduleDownload'>> {
  const received = device.clock.now();
  const windows: Window[] = [];
  for (const { WindowStart, WindowEnd, WindowMode, MaxRetries } of args.TimeWindowList) {
    if (!windowModes.has(WindowMode)) throw new CwmpFault(9003, `WindowMode '${WindowMode}' is not supported`);
    if (WindowStart >= WindowEnd) throw new CwmpFault(9003, 'WindowStart must lie before WindowEnd');
    const window = { start: received + WindowStart * 1000, end: received + WindowEnd * 1000, maxRetries: MaxRetries };
    const previous = windows.at(-1);
    if (previous && window.start < previous.end) throw new CwmpFault(9003, 'TimeWindowList overlaps');
    windows.push(window);
  }
  const first = windows[0]?.start;
  if (first === undefined) throw new CwmpFault(9003, 'TimeWindowList is empty');
  await enqueue(device, 'ScheduleDownload', { ...args, windows }, first);
  return {};
}

/** A.4.1.9: a transfer not begun is dropped without a TransferComplete; one under way cannot be cancelled; an unknown key is no error. */
export async function cancelTransfers(device: Device, commandKey: string): Promise<Results<'CancelTransfer'>> {
  const named = ordered(device).filter(transfer => transfer.commandKey === commandKey);
  if (named.some(transfer => transfer.state !== 'queued')) {
    throw new CwmpFault(9021, 'The transfer has begun or ended already');
  }
  await device.state.record(facts => {
    facts.transfers = facts.transfers.filter(({ id }) => !named.some(transfer => transfer.id === id));
  });
  return {};
}

const states = { queued: 1, running: 2, ended: 3 } as const;

/** A.4.1.1: transfers that the ACS ordered. A.4.1.7: autonomous ones too (`all`). At most 16 either way. */
export function queuedTransfers(device: Device, all: boolean): Results<'GetAllQueuedTransfers'>['TransferList'] {
  const list = all ? device.state.facts.transfers.slice(0, MAX_TRANSFERS) : ordered(device);
  return list.map(({ args, commandKey, kind, state, upload }) => ({
    CommandKey: commandKey,
    State: states[state],
    IsDownload: kind !== 'Upload' && !upload,
    FileType: String(args.FileType),
    FileSize: typeof args.FileSize === 'number' ? args.FileSize : 0,
    TargetFileName: String(args.TargetFileName ?? ''),
  }));
}
