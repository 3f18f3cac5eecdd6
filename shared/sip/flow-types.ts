// A flow: one peer over UDP, TCP or TLS (RFC 5626 2); and the options to open one.
import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Port } from '../net/port.ts';
import type { SipMessage } from './message.ts';

export type Protocol = 'udp' | 'tcp' | 'tls';

export interface Address {
  host: string;
  port: number;
}

export const addressText = (address: Address): string => `${address.host}:${address.port}`;

export interface Flow {
  /** Unique within its transport; never reused. */
  readonly id: string;
  readonly protocol: Protocol;
  /** TCP and TLS: what is sent arrives, or the flow closes. */
  readonly reliable: boolean;
  readonly local: Address;
  readonly remote: Address;
  /** The negotiated parameters of TLS. `peer`: common name or subject of the peer's certificate. */
  readonly tls?: { version: string; cipher: string; peer?: string };
  /** Certificates that a TLS peer presented, its own first; not judged here. */
  readonly certificates?: readonly X509Certificate[];
  readonly closed: boolean;
  /** Sends, or does nothing when the flow is closed. Throws SipSyntaxError when the message cannot be written. */
  send(message: SipMessage): void;
  /** CRLF keep-alive (RFC 5626 4.4.1): true when the peer answered in time (10 s by default). Streams only; UDP answers true. */
  ping(timeoutMs?: number): Promise<boolean>;
  /** Calls the listener once when the flow is gone, at once if it already is. Returns how to stop listening. */
  onClose(listener: (reason: string) => void): () => void;
  close(reason?: string): void;
  /** The same peer at another port (RFC 3261 18.2.2, answers over UDP without rport); a stream answers itself. */
  at(port: Port): Flow;
}

export interface ConnectOptions {
  protocol: Protocol;
  host: string;
  port: number;
  localAddress?: string;
  /** 0 or absent: a free one. In use: the promise rejects with EADDRINUSE. UDP: a port of a listener shares its socket. */
  localPort?: number;
  /** Makes and judges the TLS connection; needed for `tls`. */
  tlsConnect?: () => Promise<TLSSocket>;
  idleMs?: number;
  /** For TCP; 10 s by default. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** Receives each message as it was sent or came. */
export type SipTap = (direction: 'sent' | 'received', message: SipMessage, bytes: Buffer, flow: Flow) => void;

/** The transport, as its flows use it. */
export interface FlowHost {
  clock: Clock;
  log: Log;
  nextId(protocol: Protocol): string;
  received(bytes: Buffer, flow: Flow): void;
  readonly tap: SipTap | undefined;
  /** Framing was lost; `bytes` are the head of the stream, so that a request in it can be answered. */
  lost(reason: string, bytes: Buffer, flow: Flow): void;
  /** A datagram is longer than the transport takes; a request in it can be answered. */
  tooLong(limit: number, bytes: Buffer, flow: Flow): void;
  opened(flow: Flow): void;
  closed(flow: Flow): void;
}
