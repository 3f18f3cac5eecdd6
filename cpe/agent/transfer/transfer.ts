// One file transfer: fetches or sends the bytes, installs a fetched file, and names the fault of a failure.
//
// A power cut at any instant neither loses nor doubles a transfer:
//   queued   the request is durable before its answer left; it starts again from here.
//   running  nothing was kept yet: the fetch starts again from the beginning.
//   stored   the bytes are durable under the transfer's id: no more fetching. What the installation changes, its outcome and its events
//            become durable in one write: a script that was cut runs again from its first line, on a unit without traces of the first run.
//   ended    that write was made, and only then does the unit restart into a new image. TransferComplete is repeated until its
//            response arrives.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import type { HttpResponse, Send } from '../../../shared/net/http.ts';
import type { TlsService } from '../../../shared/tls/profiles.ts';
import type { Device, InstallOutcome } from '../../state/device.ts';
import type { Transfer } from '../../state/facts.ts';
import { storedFile, storeFile } from '../../state/files.ts';
import { type Failure, failureOf } from '../failure.ts';
import type { Credentials } from '../settings.ts';
import { MAX_FILE, TRANSFER_TIMEOUT } from './limits.ts';
import { isPlain, plainExchange } from './plain.ts';
import { noteProgress } from './progress.ts';
import { isUpload, serviceOf, updateTransfer } from './queue.ts';

/** Opens an HTTP client whose handshakes follow one service's TLS settings; `send` follows redirects and answers 401. */
export type OpenFiles = (service: TlsService, credentials: () => Credentials) => { send: Send; close(): Promise<void> };

export interface TransferContext {
  device: Device;
  open: OpenFiles;
  signal: AbortSignal;
}

/**
 * Fetches the bytes of a download into the state directory; bytes stored by an earlier run are used as they are.
 * @throws CwmpFault of the TransferComplete subset (TR-069 A.3.3.2)
 */
export async function fetchFile(context: TransferContext, transfer: Transfer): Promise<Buffer> {
  const { device } = context;
  const stored = transfer.stored ? await storedFile(device.state.persist, transfer.id) : undefined;
  if (stored) return stored;
  const answer = await exchange(context, transfer, 'GET', undefined);
  checkStatus(answer, transfer);
  const bytes = answer.body;
  const expected = Number(transfer.args.FileSize ?? 0);
  if (expected !== 0 && bytes.length < expected) {
    throw new CwmpFault(9017, `The file ends after ${bytes.length} of ${expected} bytes`);
  }
  if (expected !== 0 && bytes.length > expected) {
    throw new CwmpFault(9018, `The file has ${bytes.length} bytes instead of ${expected}`);
  }
  await storeFile(device.state.persist, transfer.id, bytes);
  await updateTransfer(device, transfer.id, { stored: true, size: bytes.length });
  return bytes;
}

/** @throws CwmpFault of the TransferComplete subset */
export async function installFile(
  { device }: TransferContext,
  transfer: Transfer,
  bytes: Buffer,
): Promise<InstallOutcome> {
  const { FileType, TargetFileName } = transfer.args;
  return device.install(String(FileType), bytes, String(TargetFileName ?? ''), transfer.origin);
}

/** @throws CwmpFault of the TransferComplete subset */
export async function sendFile(context: TransferContext, transfer: Transfer): Promise<void> {
  const bytes = await context.device.export(String(transfer.args.FileType));
  checkStatus(await exchange(context, transfer, 'PUT', bytes), transfer);
}

async function exchange(
  { device, open, signal }: TransferContext,
  transfer: Transfer,
  method: 'GET' | 'PUT',
  body: Buffer | undefined,
): Promise<HttpResponse> {
  const { URL: url, Username, Password } = transfer.args;
  // A request of the ACS with another scheme is refused at once; DHCP may name a script by any URL.
  const isOther = isPlain(String(url));
  if (!isOther && !/^https?:/i.test(String(url))) {
    throw new CwmpFault(9010, 'only http, https, tftp and ftp are supported');
  }
  const credentials = { username: String(Username ?? ''), password: String(Password ?? '') };
  const onProgress = (done: number, total?: number): void => noteProgress(transfer, done, total);
  if (isOther) {
    try {
      return await plainExchange(device, { url: String(url), ...credentials, body, signal, onProgress });
    } catch (error) {
      throw asTransferFault(error, transfer, signal);
    }
  }
  const files = open(serviceOf(device, transfer), () => credentials);
  try {
    return await files.send({
      method,
      url: String(url),
      headers: { 'User-Agent': userAgent(device), ...(body && { 'Content-Type': 'application/octet-stream' }) },
      ...(body && { body }),
      signal,
      timeoutMs: TRANSFER_TIMEOUT,
      maxBytes: MAX_FILE,
      onProgress,
    });
  } catch (error) {
    throw asTransferFault(error, transfer, signal);
  } finally {
    await files.close();
  }
}

/** @returns the fault of a failed conversation, or the error itself where it is a mistake of this program */
function asTransferFault(error: unknown, transfer: Transfer, signal: AbortSignal): unknown {
  signal.throwIfAborted();
  const failure = failureOf(error);
  return failure.kind === 'internal' ? error : faultOf(failure, transfer);
}

/** The server could not be reached or went away: worth another try. */
export class ServerGone extends CwmpFault {}

/** The fault that TransferComplete reports for a failed conversation (TR-069 A.5.1). */
function faultOf({ kind, message }: Failure, transfer: Transfer): CwmpFault {
  switch (kind) {
    case 'unreachable':
      return new ServerGone(9015, message);
    case 'unresolved':
    case 'tls':
      return new CwmpFault(9015, message);
    case 'auth':
      return new CwmpFault(9012, message);
    case 'missing':
      return new CwmpFault(9016, message);
    case 'cut':
    case 'silent':
      return new ServerGone(isUpload(transfer) ? 9011 : 9017, message);
    case 'too-large':
      return new CwmpFault(9010, `The file is larger than ${MAX_FILE} bytes`);
    default:
      return new CwmpFault(isUpload(transfer) ? 9011 : 9010, message);
  }
}

/** TR-069 3.4.3: a download ends well with 200; a server may acknowledge a PUT with any success. */
function checkStatus({ status }: HttpResponse, transfer: Transfer): void {
  const upload = isUpload(transfer);
  if (upload ? status >= 200 && status < 300 : status === 200) return;
  if (status === 401) throw new CwmpFault(9012, 'The file server refuses the credentials');
  if (status === 403 || status === 404 || status === 410)
    throw new CwmpFault(9016, `The file server answers ${status}`);
  throw new CwmpFault(upload ? 9011 : 9010, `The file server answers ${status}`);
}

/** INF: the format of Hoc.HttpUaHeaderFormat, which the vendor documents for the unit's other HTTP clients. */
export function userAgent(device: Device): string {
  return `${device.identity.productClass}/v${device.softwareVersion}`.replace(/[^\x21-\x7e]+/g, '_');
}
