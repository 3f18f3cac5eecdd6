// Files by TFTP and FTP: for the unit's own transfers, an ACS orders HTTP(S) only. Both clients are loaded on first use.
import type { HttpResponse } from '../../../shared/net/http.ts';
import type { FileExchange } from '../../../shared/transfer/exchange.ts';
import type { Device } from '../../state/device.ts';
import { MAX_FILE, TRANSFER_TIMEOUT } from './limits.ts';

export const isPlain = (url: string): boolean => /^t?ftp:\/\//i.test(url);

interface Wanted extends Pick<FileExchange, 'username' | 'password' | 'body' | 'signal' | 'onProgress'> {
  url: string;
}

/** @returns the file as a response of status 200 @throws TransferError */
export async function plainExchange(device: Device, { url, ...rest }: Wanted): Promise<HttpResponse> {
  const { scheme, host, port, path } = readUrl(url);
  const exchange: FileExchange = {
    ...rest,
    host,
    port,
    path,
    clock: device.clock,
    localAddress: device.address,
    maxBytes: MAX_FILE,
    silenceMs: scheme === 'tftp' ? TFTP_SILENCE : TRANSFER_TIMEOUT,
  };
  const body =
    scheme === 'tftp'
      ? await (await import('../../../shared/transfer/tftp.ts')).tftp(exchange)
      : await (await import('../../../shared/transfer/ftp.ts')).ftp(exchange);
  return { status: 200, headers: {}, body };
}

/** Milliseconds without progress over TFTP, in which a packet is sent five times. */
const TFTP_SILENCE = 15_000;

function readUrl(url: string): { scheme: string; host: string; port: number; path: string } {
  const match = /^(t?ftp):\/\/(\[[^\]]*\]|[^/:]*)(?::(\d{1,5}))?\/?(.*)$/is.exec(url);
  return {
    scheme: match?.[1]?.toLowerCase() ?? 'ftp',
    host: match?.[2] ?? '',
    port: Number(match?.[3] ?? 0),
    path: plainText(match?.[4] ?? ''),
  };
}

function plainText(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    // A lone % is itself.
    return path;
  }
}
