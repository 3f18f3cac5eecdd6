// Ports: functions that the fleet needs from outside. South and north implement them, app.ts hands them over; no HTTP here.

import { clip } from '../../../shared/clip.ts';
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import type { Arguments, CpeMethod, Results } from '../../../shared/cwmp/methods.ts';
import type { ServerFacts } from '../../../shared/tls/offer.ts';
import type { DeviceRow } from '../../device/row.ts';
import type { Task, TaskFault } from '../../device/task.ts';
import type { AuditEntry } from '../../store/records.ts';
import type { TracedDevice } from './traced-session.ts';
import type { UnknownCpe } from './unknown-cpe.ts';

/** Takes entries of the audit that are stored, to send them on. */
export type AuditSink = (entries: readonly AuditEntry[]) => void;

/** A CPE in session. `call` sends one RPC and waits for its answer. */
export interface Cpe {
  /**
   * @throws CwmpFault what the CPE answered (9000–9899)
   * @throws UnreadableAnswer an answer came that cannot be read; the session goes on
   * @throws SessionLost the session ended before the answer came: the outcome is unknown
   */
  call<M extends CpeMethod>(method: M, args: Arguments<M>): Promise<Results<M>>;
}

/** Thrown when the CPE went away, or broke the protocol, before it answered. */
export class SessionLost extends Error {
  override readonly name = 'SessionLost';
  /** The store failed, so that the CPE is to come again later. */
  readonly isStoreAway: boolean;

  constructor(reason: string, isStoreAway = false) {
    super(clip(reason));
    this.isStoreAway = isStoreAway;
  }
}

/** The end of a session whose claim is stale. */
export const takenOver = (): SessionLost => new SessionLost('another session has taken the device over');

/** Thrown when the ACS itself ends the session: it stops, or has lost its store. */
export class SessionClosed extends SessionLost {}

/** Thrown when the answer to an RPC cannot be read: it fails as by a fault of the CPE (8003 is the fault for such a message, A.5.2). */
export class UnreadableAnswer extends CwmpFault {
  constructor(method: string, reason: string) {
    super(8003, `the answer to ${method} cannot be read: ${clip(reason)}`);
  }
}

/** Thrown when an answer holds more parameters than the ACS keeps of one device (8004: resources exceeded, A.5.2): none of it is kept. */
export class OversizedAnswer extends CwmpFault {
  constructor(method: string, count: number, most: number) {
    super(
      8004,
      `the answer to ${method} has ${count} parameters, and at most ${most} of a device are kept (--max-parameters): ` +
        'nothing of it is kept; read less at a time, or raise the limit',
    );
  }
}

/** The code of a fault in tasks and faults of devices. */
export function codeOf(fault: CwmpFault): number | string {
  if (fault instanceof UnreadableAnswer) return 'unreadable';
  return fault instanceof OversizedAnswer ? 'parameter-limit' : fault.code;
}

/** Parameters that the fault of a task names. */
const MAX_FAULTED = 100;

/** The fault of a task that the CPE refuses. */
export function taskFaultOf(fault: CwmpFault): TaskFault {
  const { message, parameters } = fault;
  return {
    code: codeOf(fault),
    message,
    ...(parameters.length ? { parameters: parameters.slice(0, MAX_FAULTED) } : {}),
  };
}

/** Asks a device to open a session now (TR-069 3.2.2). */
export type SendConnectionRequest = (
  device: DeviceRow,
  signal?: AbortSignal,
) => Promise<{ accepted: true } | { accepted: false; reason: string }>;

/** Makes the unguessable URL under which a CPE fetches or stores the file of one task. @param base scheme, host and port by which the CPE came */
export type LinkFile = (task: Task, direction: 'download' | 'upload', base?: string) => string;

/**
 * Asks another member to end its session of the device under that claim, because the CPE has begun a new one here. Resolves when that
 * session is over and changes nothing any more. @throws when the member cannot be asked
 */
export type YieldSession = (member: string, device: string, claim: number) => Promise<void>;

/**
 * Sends a webhook's message: one POST, without following redirects, only to addresses that the server's owner allows.
 * @returns the status, and the pause that the receiver asks for (Retry-After)
 * @throws Error that says why it could not be sent
 */
export type Post = (
  url: string,
  message: { headers: Record<string, string>; body: string; signal: AbortSignal },
) => Promise<{ status: number; retryAfterMs?: number }>;

/** @returns why no message of a webhook may ever go to a URL, by the address in it; undefined where it may, or has a name to be resolved */
export type JudgePost = (url: URL) => string | undefined;

/** Announces to another member that there is new work for a device. @returns whether the device is in session there */
export type AnnounceWork = (member: string, device: string) => Promise<boolean>;

/** Reports to the process that moves rollouts and jobs on, where it is another one, that a session has moved a device of one. */
export type RolloutMoved = () => void;

/** Probes for an ACS at a URL. @returns why none answers; undefined when one does */
export type ProbeAcs = (url: string) => Promise<string | undefined>;

/** A user, as an identity provider (OpenID Connect) vouches for it. */
export interface ProvidedUser {
  issuer: string;
  /** The provider's own name of the user, which it never gives to another one (OpenID Connect Core 2). */
  subject: string;
  /** Absent where the provider was asked again, and told none. */
  claims?: Readonly<Record<string, unknown>>;
  /** With it the provider is asked again; absent where it gives none. */
  refreshToken?: string;
  /** The URL at which a browser signs out at the provider. */
  signOutUrl?: string;
}

/** Binds the end of a sign-in to its beginning in the same browser: state, nonce and PKCE (RFC 7636). */
export interface SignInProof {
  state: string;
  nonce: string;
  verifier: string;
  /** The URL to which the provider sends the browser back. */
  redirect: string;
}

/** The provider by which users sign in, besides those with a password. */
export interface IdentityProvider {
  /** @returns the URL at which a browser signs in @throws UserError 502 `oidc-unavailable` */
  begin(proof: SignInProof): Promise<string>;
  /**
   * @param query that of the URL by which the browser has come back
   * @throws UserError 401 `oidc-refused` for an answer that proves nothing; 502 `oidc-unavailable`
   */
  finish(query: string, proof: SignInProof): Promise<ProvidedUser>;
  /** Asks for a user again. @returns undefined where the provider refuses it @throws UserError as `finish` does */
  renew(known: { subject: string; refreshToken: string }): Promise<ProvidedUser | undefined>;
}

/** Probes of the TLS preflight. */
export interface PreflightPorts {
  /** Learns by handshakes, which send nothing else, what a server offers. @throws Error that says why it could not */
  probeTls(host: string, port: number): Promise<ServerFacts>;
  /** @returns whether a server may be probed that only a device names, which informs from `address` */
  mayAsk(address: string, host: string): boolean;
  /** @returns the URL that CPEs are given, and where this ACS itself listens over TLS */
  own(): { url?: string; listener?: { host: string; port: number } };
}

export interface MemoryCalls {
  trace: { args: { device: string; on: boolean; until?: number }; result: undefined };
  untrace: { args: { device: string }; result: undefined };
  traced: { args: { device: string }; result: TracedDevice };
  knocking: { args: Record<string, never>; result: UnknownCpe[] };
  /** The device was approved: it is no longer an unknown one. */
  unknock: { args: { device: string }; result: undefined };
}

export type MemoryCall = keyof MemoryCalls;

/** @throws when that member cannot be asked */
export type AskMemory = <N extends MemoryCall>(
  member: string,
  what: N,
  args: MemoryCalls[N]['args'],
) => Promise<MemoryCalls[N]['result']>;
