// The packet capture of Nlm: the traffic of the unit's own sockets, as a pcap file that is kept until the next one and sent to PCaptureFileUrl.
import type { Packet } from '../../../shared/capture/packet.ts';
import type { PacketFilter } from '../../../shared/capture/packet-filter.ts';
import type { PcapFile } from '../../../shared/capture/pcap-file.ts';
import type { Timer } from '../../../shared/clock.ts';
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import { messageOf } from '../../../shared/errors.ts';
import { HttpError } from '../../../shared/net/http.ts';
import { openFilesWith } from '../../agent/transfer/file-client.ts';
import { cell, dgwPath, peekSlot, type ReadValue, rowsOf, slotOf, type Unit, X } from '../service.ts';

type State =
  | 'None'
  | 'Requested'
  | 'Completed'
  | 'UndefinedFailure'
  | 'UrlFailure'
  | 'FilterFailure'
  | 'AuthenticationFailure'
  | 'HostUnreachableFailure'
  | 'TlsCertificateFailure'
  | 'SizeLimitFailure'
  | 'LinkFailure';

/** Bytes of a capture; our choice, as the vendor's limit is not public. */
const MAX_BYTES = 8 * 1024 * 1024;
const SEND_TIMEOUT = 30_000;

interface Running {
  readonly file: PcapFile;
  readonly filter: PacketFilter;
  readonly maxFrames: number;
  readonly unlisten: () => void;
  timer: Timer | undefined;
}

interface CaptureState {
  state: State;
  running: Running | undefined;
  /** The last capture. */
  bytes: Buffer | undefined;
}

const owner = {};
const peek = (unit: Unit): CaptureState | undefined => peekSlot(unit, owner);
const stateOf = (unit: Unit): CaptureState =>
  slotOf(unit, owner, () => ({ state: 'None', running: undefined, bytes: undefined }));

const text = (unit: Unit, name: string): string => cell(unit.config.tree, dgwPath(unit, `Nlm.PCapture${name}`));

/** Begins a capture; one that runs ends first. What is wrong with its settings is in PCaptureState. */
export async function startCapture(unit: Unit): Promise<void> {
  await stopCapture(unit);
  const own = stateOf(unit);
  const { traffic } = unit.lab;
  const link = text(unit, 'LinkName');
  if (!traffic || (link !== '' && !linksOf(unit).includes(link))) return fail(unit, 'LinkFailure', `no link '${link}'`);
  const url = text(unit, 'FileUrl');
  if (url !== '' && !/^https?:/i.test(URL.canParse(url) ? new URL(url).protocol : '')) {
    return fail(unit, 'UrlFailure', 'no http or https URL');
  }
  const [{ readFilter }, { PcapFile }] = await Promise.all([
    import('../../../shared/capture/packet-filter.ts'),
    import('../../../shared/capture/pcap-file.ts'),
  ]);
  let filter: PacketFilter;
  try {
    filter = readFilter(text(unit, 'Filter'));
  } catch (error) {
    return fail(unit, 'FilterFailure', messageOf(error));
  }
  const running: Running = {
    file: new PcapFile(),
    filter,
    maxFrames: Number(text(unit, 'NbFrames')),
    unlisten: traffic.listen(packet => take(unit, running, packet)),
    timer: undefined,
  };
  own.state = 'Requested';
  own.bytes = undefined;
  own.running = running;
  const seconds = Number(text(unit, 'NbSecs'));
  // A timer of the clock lasts at most some 24 days.
  if (seconds > 0) running.timer = unit.clock.after(Math.min(seconds * 1000, 2 ** 31 - 1), () => finishLater(unit));
  unit.log.info('packet capture started', { filter: text(unit, 'Filter') });
}

function take(unit: Unit, running: Running, packet: Packet): void {
  if (!running.filter(packet)) return;
  const { file, maxFrames } = running;
  if (file.size + packet.bytes.length + 1024 > MAX_BYTES) {
    end(unit, running);
    fail(unit, 'SizeLimitFailure', `${MAX_BYTES} bytes`);
    return;
  }
  file.add(packet, unit.clock.now());
  if (maxFrames > 0 && file.frames >= maxFrames) finishLater(unit);
}

/** Ends the capture that runs, and sends it. */
export async function stopCapture(unit: Unit): Promise<void> {
  const own = peek(unit);
  if (!own?.running) return;
  const { file } = own.running;
  const bytes = end(unit, own.running);
  const url = text(unit, 'FileUrl');
  if (url !== '') await send(unit, url, bytes);
  else own.state = 'Completed';
  unit.log.info('packet capture ended', { frames: file.frames, state: own.state });
}

function finishLater(unit: Unit): void {
  stopCapture(unit).catch((error: unknown) => fail(unit, 'UndefinedFailure', messageOf(error)));
}

function end(unit: Unit, running: Running): Buffer {
  const own = stateOf(unit);
  running.unlisten();
  running.timer?.cancel();
  own.running = undefined;
  own.bytes = running.file.bytes();
  return own.bytes;
}

function fail(unit: Unit, state: State, reason: string): void {
  stateOf(unit).state = state;
  unit.log.warn('packet capture failed', { state, reason });
}

const linksOf = (unit: Unit): string[] => [
  'any',
  ...rowsOf(unit, 'Bni.NetworkInterfaces', ['LinkName']).map(row => row.LinkName),
];

async function send(unit: Unit, target: string, bytes: Buffer): Promise<void> {
  const url = new URL(target);
  const credentials = { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
  url.username = '';
  url.password = '';
  const files = openFilesWith(unit)('Nlm', () => credentials);
  try {
    const { status } = await files.send({
      method: 'PUT',
      url: url.href,
      headers: { 'Content-Type': 'application/vnd.tcpdump.pcap' },
      body: bytes,
      timeoutMs: SEND_TIMEOUT,
      maxBytes: 65_536,
    });
    if (status >= 200 && status < 300) stateOf(unit).state = 'Completed';
    else fail(unit, status === 401 || status === 403 ? 'AuthenticationFailure' : 'UrlFailure', `status ${status}`);
  } catch (error) {
    fail(unit, failureState(error), messageOf(error));
  } finally {
    await files.close();
  }
}

function failureState(error: unknown): State {
  if (!(error instanceof HttpError)) return 'UndefinedFailure';
  if (error.kind === 'tls') return 'TlsCertificateFailure';
  return error.kind === 'aborted' ? 'UndefinedFailure' : 'HostUnreachableFailure';
}

/** The last capture as a file; of one that runs, what it has so far. @throws CwmpFault 9010 when there is none */
export function captureFile(unit: Unit): Buffer {
  const own = peek(unit);
  const bytes = own?.running ? own.running.file.bytes() : own?.bytes;
  if (!bytes) throw new CwmpFault(9010, 'there is no packet capture');
  return bytes;
}

export const isCapturing = (unit: Unit): boolean => peek(unit)?.running !== undefined;

export const captureValues: Readonly<Record<string, ReadValue>> = {
  [`${X}Nlm.PCaptureState`]: unit => peek(unit)?.state ?? 'None',
};

/** Script commands; their names are ours, as the vendor's are not public. */
export const captureCommands: Readonly<Record<string, (unit: Unit) => Promise<void>>> = {
  'nlm.pcapturestart': startCapture,
  'nlm.pcapturestop': stopCapture,
};
