// A file that is fetched or sent by a protocol other than HTTP: what is asked for, and how it fails.
import type { Clock } from '../clock.ts';

export interface FileExchange {
  host: string;
  /** 0: the port of the protocol. */
  port: number;
  /** As the server knows it, without escapes. */
  path: string;
  username: string;
  password: string;
  /** The bytes to send; absent: the file is fetched. */
  body?: Buffer | undefined;
  clock: Clock;
  /** The address to bind. */
  localAddress?: string | undefined;
  signal: AbortSignal;
  /** The largest file that is fetched. */
  maxBytes: number;
  /** Milliseconds without progress after which the exchange fails. */
  silenceMs: number;
  /** Called for each piece. @param total bytes of the file, where the server says so */
  onProgress?: ((done: number, total: number | undefined) => void) | undefined;
}

export type TransferErrorKind =
  | 'unresolved'
  | 'unreachable'
  /** Nothing came for too long. */
  | 'silent'
  /** The server ended in the middle. */
  | 'cut'
  | 'too-large'
  | 'auth'
  /** No such file, or no right to it. */
  | 'missing'
  /** An answer that the protocol does not have, or a refusal of another kind. */
  | 'protocol';

export class TransferError extends Error {
  override readonly name = 'TransferError';
  readonly kind: TransferErrorKind;

  constructor(kind: TransferErrorKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** The longest exchange, in milliseconds: a server that sends a byte now and then ends with it. */
export const LONGEST = 3_600_000;

const unresolved = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_NONAME', 'EAI_FAIL']);

/** The error of a name or a connection as that of a transfer. */
export function connectError(error: unknown): TransferError {
  const { code = '', message } = error as { code?: string; message: string };
  return new TransferError(unresolved.has(code) ? 'unresolved' : 'unreachable', message);
}

/** @throws TransferError when a text would end the line or the field that it is put into */
export function checkText(text: string, what: string): void {
  if ([...text].some(char => char < ' ' || char === '\x7f')) {
    throw new TransferError('protocol', `the ${what} holds control characters`);
  }
}
