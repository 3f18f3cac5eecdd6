// The media of one call: an even port for RTP and the odd one above it for RTCP, a tone sent every 20 ms by the clock,
// and an ear for what comes back. Protected with SRTP when keys were agreed.
import type { Socket } from 'node:dgram';
import type { Clock, Random, Timer } from '../../../shared/clock.ts';
import { messageOf } from '../../../shared/errors.ts';
import type { Log } from '../../../shared/log.ts';
import { bindUdp } from '../../../shared/net/udp.ts';
import { type Codec, decodeG711, encodeG711 } from './g711.ts';
import { decodeRtp, encodeReport, encodeRtp, readReport } from './rtp.ts';
import { type SrtpKeying, SrtpReceiver, SrtpSender, type Unprotected } from './srtp.ts';
import { createTone, recogniseTone, SAMPLE_RATE } from './tone.ts';

/** Two bound sockets: RTP on an even port, RTCP on the next (RFC 3550 11). */
export interface MediaPorts {
  readonly address: string;
  readonly port: number;
  readonly rtp: Socket;
  readonly rtcp: Socket;
  close(): Promise<void>;
}

const HIGHEST_PORT = 65_534;
/** As many calls as a unit can have; beyond it something else holds the ports. */
const MOST_TRIES = 500;

const close = (socket: Socket): Promise<void> => new Promise(resolve => socket.close(() => resolve()));

const isTaken = (error: unknown): boolean => ['EADDRINUSE', 'EACCES'].includes((error as { code?: string }).code ?? '');

async function bindPair(address: string, port: number): Promise<[Socket, Socket] | undefined> {
  let rtp: Socket | undefined;
  try {
    rtp = await bindUdp({ address, port });
    return [rtp, await bindUdp({ address, port: port + 1 })];
  } catch (error) {
    if (rtp) await close(rtp);
    if (isTaken(error)) return undefined;
    throw error;
  }
}

/**
 * Binds the first free pair from `basePort` (rounded up to an even number) on the unit's address.
 * @throws Error when no pair is free or the address is not the host's
 */
export async function openPorts(address: string, basePort: number): Promise<MediaPorts> {
  const first = basePort + (basePort % 2);
  for (let port = first; port <= Math.min(HIGHEST_PORT, first + 2 * MOST_TRIES); port += 2) {
    const pair = await bindPair(address, port);
    if (!pair) continue;
    const [rtp, rtcp] = pair;
    let closing: Promise<void> | undefined;
    const closeBoth = (): Promise<void> => {
      closing ??= Promise.all([close(rtp), close(rtcp)]).then(() => undefined);
      return closing;
    };
    return { address, port, rtp, rtcp, close: closeBoth };
  }
  throw new Error(`no free pair of media ports from ${first} on ${address}`);
}

/** What offer and answer settled on. */
export interface MediaParameters {
  remote: { address: string; port: number };
  codec: Codec;
  payloadType: number;
  /** Both present or both absent. */
  keys?: { send: SrtpKeying; receive: SrtpKeying };
  /** False while on hold. */
  sending: boolean;
}

export interface MediaStats {
  sent: number;
  received: number;
  authFailures: number;
  replays: number;
  /** Packets that were no RTP or came from elsewhere. */
  strangers: number;
  rtcpReceived: number;
  /** Hz in what was heard lately. */
  tone: number | undefined;
}

export interface MediaSession {
  /** Starts, or goes on with other parameters (hold, new keys, new address). */
  apply(parameters: MediaParameters): void;
  stats(): MediaStats;
  /** Says goodbye over RTCP, unless `silent`, and closes the ports. */
  stop(silent?: boolean): Promise<void>;
}

const FRAME_MS = 20;
const FRAME_SAMPLES = (SAMPLE_RATE * FRAME_MS) / 1000;
/** What is listened to for a tone: the last 400 ms. */
const EAR_SAMPLES = 3200;
/** A stall of the host is made up for at most this far; then the time is lost, as on a real unit. */
const MOST_CATCH_UP = 25;
const REPORT_MS = 5000;

/** The last samples heard, oldest first. */
function createEar(): { hear(samples: Int16Array): void; heard(): Int16Array } {
  let memory = new Int16Array(0);
  return {
    hear(samples) {
      const all = new Int16Array(memory.length + samples.length);
      all.set(memory);
      all.set(samples, memory.length);
      memory = all.slice(-EAR_SAMPLES);
    },
    heard: () => memory,
  };
}

const sameKeying = (a: SrtpKeying | undefined, b: SrtpKeying | undefined): boolean =>
  a === b ||
  (a !== undefined && b !== undefined && a.suite === b.suite && a.key.equals(b.key) && a.salt.equals(b.salt));

/** @param options.tone Hz to play */
export function createMedia(options: {
  ports: MediaPorts;
  /** Ours; known before the ports are, since keys may be bound to it. */
  ssrc: number;
  tone: number;
  clock: Clock;
  random: Random;
  log: Log;
}): MediaSession {
  const { ports, ssrc, clock, random, log } = options;
  const cname = `${random.bytes(6).toString('hex')}@${ports.address}`;
  const tone = createTone(options.tone);
  const ear = createEar();
  const stats = { sent: 0, received: 0, authFailures: 0, replays: 0, strangers: 0, rtcpReceived: 0 };
  let octets = 0;
  let current: MediaParameters | undefined;
  let sender: SrtpSender | undefined;
  let receiver: SrtpReceiver | undefined;
  /** Packets under the key before the last change may still be on their way. */
  let previous: SrtpReceiver | undefined;
  /** RFC 4568 6.4: the first sequence number lies below 2^15, so that a lost first packet cannot hide a roll-over. */
  let sequence = random.int(0, 0x7fff);
  let timestamp = random.bytes(4).readUInt32BE();
  let marker = true;
  let frameTimer: Timer | undefined;
  let reportTimer: Timer | undefined;
  let started = 0;
  let frames = 0;
  let stopped = false;

  const send = (socket: Socket, bytes: Buffer, port: number, done?: () => void): void => {
    if (!current) return;
    // An unreachable peer shows as missing packets, not as a failure of the unit.
    socket.send(bytes, port, current.remote.address, error => {
      if (error) log.debug('media not sent', { reason: messageOf(error) });
      done?.();
    });
  };

  const sendFrame = (): void => {
    if (!current) return;
    const samples = tone(FRAME_SAMPLES);
    if (current.sending) {
      const payload = encodeG711(current.codec, samples);
      const packet = encodeRtp({ payloadType: current.payloadType, marker, sequence, timestamp, ssrc, payload });
      send(ports.rtp, sender ? sender.protect(packet) : packet, current.remote.port);
      sequence = (sequence + 1) & 0xffff;
      marker = false;
      stats.sent++;
      octets += payload.length;
    }
    timestamp = (timestamp + FRAME_SAMPLES) >>> 0;
  };

  const tick = (): void => {
    if (stopped) return;
    const elapsed = clock.monotonic() - started;
    let due = Math.floor(elapsed / FRAME_MS) + 1 - frames;
    if (due > MOST_CATCH_UP) {
      started += (due - MOST_CATCH_UP) * FRAME_MS;
      due = MOST_CATCH_UP;
    }
    for (; due > 0; due--, frames++) sendFrame();
    frameTimer = clock.after(Math.max(0, started + frames * FRAME_MS - clock.monotonic()), tick);
  };

  const report = (last: boolean, done?: () => void): void => {
    const bytes = encodeReport({ ssrc, cname, now: clock.now(), timestamp, packets: stats.sent, octets }, last);
    send(ports.rtcp, sender ? sender.protectRtcp(bytes) : bytes, (current?.remote.port ?? 0) + 1, done);
  };
  const reportLater = (): void => {
    reportTimer = clock.after(REPORT_MS, () => {
      report(false);
      reportLater();
    });
  };

  /** The packet inside, or undefined after counting why there is none. */
  const open = (take: (srtp: SrtpReceiver) => Unprotected, bytes: Buffer): Buffer | undefined => {
    if (!receiver) return bytes;
    let result = take(receiver);
    if (result.ok) previous = undefined;
    else if (previous && result.reason === 'authentication') result = take(previous);
    if (result.ok) return result.packet;
    if (result.reason === 'authentication') stats.authFailures++;
    else if (result.reason === 'replay') stats.replays++;
    else stats.strangers++;
    return undefined;
  };

  const onRtp = (bytes: Buffer, from: { address: string }): void => {
    if (!current || stopped) return;
    // Without SRTP only the address tells friend from stranger.
    if (!receiver && from.address !== current.remote.address) {
      stats.strangers++;
      return;
    }
    const plain = open(srtp => srtp.unprotect(bytes), bytes);
    if (!plain) return;
    const packet = decodeRtp(plain);
    if (packet?.payloadType !== current.payloadType) {
      stats.strangers++;
      return;
    }
    stats.received++;
    ear.hear(decodeG711(current.codec, packet.payload));
  };

  const onRtcp = (bytes: Buffer, from: { address: string }): void => {
    if (!current || stopped || (!receiver && from.address !== current.remote.address)) return;
    const plain = open(srtp => srtp.unprotectRtcp(bytes), bytes);
    if (plain && readReport(plain)) stats.rtcpReceived++;
  };

  ports.rtp.on('message', onRtp);
  ports.rtcp.on('message', onRtcp);
  for (const socket of [ports.rtp, ports.rtcp]) {
    socket.on('error', error => log.debug('media socket', { reason: messageOf(error) }));
  }

  return {
    apply(parameters) {
      if (stopped) return;
      const before = current;
      current = parameters;
      if (!sameKeying(before?.keys?.receive, parameters.keys?.receive)) {
        previous = receiver;
        receiver = parameters.keys && new SrtpReceiver(parameters.keys.receive);
      }
      if (!sameKeying(before?.keys?.send, parameters.keys?.send)) {
        sender = parameters.keys && new SrtpSender(parameters.keys.send);
        // RFC 4568 7.1.4: a new key begins with roll-over counter 0; the unit starts its sequence anew with it.
        if (before) sequence = random.int(0, 0x7fff);
      }
      if (before) return;
      started = clock.monotonic();
      tick();
      reportLater();
    },
    stats: () => ({ ...stats, tone: recogniseTone(ear.heard()) }),
    async stop(silent = false) {
      frameTimer?.cancel();
      reportTimer?.cancel();
      if (!stopped && current && !silent) await new Promise<void>(resolve => report(true, resolve));
      stopped = true;
      await ports.close();
    },
  };
}
