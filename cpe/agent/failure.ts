// Failures of a conversation with a server, distinguished as far as AcsStatus, retries and transfer faults need it.
import { messageOf } from '../../shared/errors.ts';
import { HttpError } from '../../shared/net/http.ts';
import { TlsRefused } from '../../shared/tls/connect.ts';
import { TransferError } from '../../shared/transfer/exchange.ts';

export type FailureKind =
  /** Neither DHCP nor configuration names an ACS. */
  | 'no-url'
  /** CWMP is switched off. */
  | 'off'
  /** The name has no address. */
  | 'unresolved'
  /** No connection was accepted at that address, or not in time. */
  | 'unreachable'
  /** Connected, and then no answer came. */
  | 'silent'
  /** The handshake failed, or this unit refused the server. */
  | 'tls'
  /** The connection ended in the middle of an answer. */
  | 'cut'
  | 'too-large'
  /** The server refused our credentials. */
  | 'auth'
  /** The file server has no such file, or gives no right to it. */
  | 'missing'
  /** An HTTP status that the protocol does not have. */
  | 'http'
  /** Not SOAP, not CWMP, or a message out of turn. */
  | 'soap'
  /** A fault in answer to Inform. */
  | 'fault'
  /** A mistake of this program. */
  | 'internal';

export interface Failure {
  kind: FailureKind;
  message: string;
  /** CWMP fault code, HTTP status, or the verdict of the TLS judge. */
  code?: number | string;
  /** Seconds that the server asked to wait for (RFC 9110 10.2.3). */
  retryAfter?: number;
}

/** A failure whose kind is known where it happens. */
export class Failed extends Error {
  override readonly name = 'Failed';
  readonly failure: Failure;

  constructor(kind: FailureKind, message: string, code?: number | string, retryAfter?: number) {
    super(message);
    this.failure = {
      kind,
      message,
      ...(code === undefined ? {} : { code }),
      ...(retryAfter === undefined ? {} : { retryAfter }),
    };
  }
}

const unresolved = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_NONAME', 'EAI_FAIL']);
const cut = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH']);

/** The failure behind any error of a session or a transfer. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Failed) return error.failure;
  const message = messageOf(error);
  if (error instanceof TransferError) return { kind: error.kind === 'protocol' ? 'http' : error.kind, message };
  if (!(error instanceof HttpError)) return { kind: 'internal', message };
  const { code = '', cause } = error;
  switch (error.kind) {
    case 'connect':
      return { kind: unresolved.has(code) ? 'unresolved' : 'unreachable', message };
    case 'timeout':
      return { kind: cause === undefined ? 'silent' : 'unreachable', message };
    case 'tls':
      return { kind: 'tls', message, ...(cause instanceof TlsRefused && { code: cause.verdict.reason }) };
    case 'too-large':
      return { kind: 'too-large', message };
    case 'protocol':
      return { kind: cut.has(code) ? 'cut' : 'http', message };
    case 'aborted':
      return { kind: 'internal', message };
  }
}
