// Why a conversation with a server failed, told apart as far as it matters: for AcsStatus, retries and transfer faults.
import { messageOf } from '../../shared/errors.ts';
import { TlsRefused } from '../../shared/tls/connect.ts';

export type FailureKind =
  /** Neither DHCP nor configuration names an ACS. */
  | 'no-url'
  /** The name has no address. */
  | 'unresolved'
  /** Nobody answers at that address, or not in time. */
  | 'unreachable'
  /** The handshake failed, or this unit refused the server. */
  | 'tls'
  /** The connection ended in the middle of an answer. */
  | 'cut'
  | 'too-large'
  /** The server refused our credentials. */
  | 'auth'
  /** Another HTTP status than the protocol has. */
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
}

/** A failure that was recognised where it happened. */
export class Failed extends Error {
  override readonly name = 'Failed';
  readonly failure: Failure;

  constructor(kind: FailureKind, message: string, code?: number | string) {
    super(message);
    this.failure = { kind, message, ...(code === undefined ? {} : { code }) };
  }
}

const unresolved = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_NONAME', 'EAI_FAIL']);
const unreachable = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'ETIMEDOUT',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const cut = new Set([
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_SOCKET',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_RESPONSE_CONTENT_LENGTH_MISMATCH',
]);

/** Reads any error of the HTTP client, following its causes. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Failed) return error.failure;
  if (error instanceof TlsRefused) return { kind: 'tls', message: error.message, code: error.verdict.reason };
  const code: unknown = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  const message = messageOf(error);
  if (typeof code === 'string') {
    if (unresolved.has(code)) return { kind: 'unresolved', message };
    if (unreachable.has(code)) return { kind: 'unreachable', message };
    if (code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS') || code === 'EPROTO') return { kind: 'tls', message };
    if (cut.has(code)) return { kind: 'cut', message };
    if (code.startsWith('UND_ERR_HEADERS_TIMEOUT')) return { kind: 'unreachable', message };
    if (code.startsWith('HPE_')) return { kind: 'http', message };
  }
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? failureOf(cause) : { kind: 'internal', message };
}
