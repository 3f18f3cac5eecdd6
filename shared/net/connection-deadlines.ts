// Deadlines for the steps of a connection of a server: handshake, head, body, and the pause between two requests.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** A connection of a server, and the step that it is in. */
export interface Place {
  socket: Socket;
  readonly address: string;
  /** The network that its address counts for; empty for a proxy. */
  readonly network: string;
  readonly since: number;
  /** The beginning of its step, and the bytes that had been read by then. */
  stepSince: number;
  stepBytes: number;
  /** Looks at the place since its step began. */
  looks: number;
  /** The TLS handshake, where there is one, is done. */
  isSecured: boolean;
  isProved: boolean;
  /** The refusal for want of room is sent, and the peer has a moment to read it. */
  isLeaving: boolean;
  hasAnswered: boolean;
  request: IncomingMessage | undefined;
  response: ServerResponse | undefined;
}

export interface Deadlines {
  /** For a TLS handshake, and then for the head of the first request. */
  openingMs: number;
  /** Between an answer and the next request of a peer that has proved nothing. */
  idleMs: number;
  /** A body must come at this rate, after a time that it has for nothing. */
  bodyGraceMs: number;
  bodyBytesPerSecond: number;
}

export const deadlines: Deadlines = {
  openingMs: 10_000,
  idleMs: 30_000,
  bodyGraceMs: 10_000,
  bodyBytesPerSecond: 1024,
};

export type Reason = 'too many connections' | 'handshake too slow' | 'request too slow' | 'body too slow' | 'idle';

/** Looks without a step forward after which the time of a peer is over. Whatever arrived by the first look is read by the second. */
export const LOOKS = 2;

/** A step of the connection begins. */
export function beginStep(place: Place, now: number): void {
  place.stepSince = now;
  place.stepBytes = place.socket.bytesRead;
  place.looks = 0;
}

/** The deadline that a connection has missed. A step that has ended meanwhile is noted in the place. */
export function lateness(place: Place, now: number, limits: Deadlines): Reason | undefined {
  const { request, response } = place;
  if (request && !request.complete && !request.destroyed)
    return isBodyLate(place, now, limits) ? 'body too slow' : undefined;
  if (response) {
    // While the answer is made, the peer waits. Its time begins when the answer is sent.
    place.stepSince = now;
    if (!response.writableEnded) return undefined;
    place.request = undefined;
    place.response = undefined;
    place.hasAnswered = true;
    return undefined;
  }
  const elapsed = now - place.stepSince;
  // A process that is too busy to look has not read what came meanwhile.
  if (place.isProved || place.looks < LOOKS || elapsed < (place.hasAnswered ? limits.idleMs : limits.openingMs))
    return undefined;
  if (place.hasAnswered) return 'idle';
  return place.isSecured ? 'request too slow' : 'handshake too slow';
}

function isBodyLate(place: Place, now: number, limits: Deadlines): boolean {
  const { request, socket } = place;
  // Bytes that wait here are not the sender's fault.
  if (request && request.readableLength > 0) {
    beginStep(place, now);
    return false;
  }
  const received = socket.bytesRead - place.stepBytes;
  return now - place.stepSince > limits.bodyGraceMs + (received / limits.bodyBytesPerSecond) * 1000;
}
