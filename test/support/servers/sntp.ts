// An SNTP server for tests: tells the time of a clock, put forward or back as wanted.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Clock } from '../../../shared/clock.ts';
import { decodePacket, encodePacket, toTimestamp } from '../../../shared/sntp.ts';

export interface SntpServer {
  port: number;
  /** Number of questions. */
  questions(): number;
  /** Milliseconds that it is ahead of its clock. */
  offsetMs: number;
  close(): Promise<void>;
}

/** @param options.change alters an answer before it is sent; undefined keeps silent */
export async function startSntpServer(options: {
  clock: Clock;
  offsetMs?: number;
  host?: string;
  port?: number;
  stratum?: number;
  leap?: number;
  change?: (answer: Buffer, question: Buffer) => Buffer | undefined;
}): Promise<SntpServer> {
  const socket = createSocket('udp4');
  let questions = 0;
  const server: SntpServer = {
    port: 0,
    questions: () => questions,
    offsetMs: options.offsetMs ?? 0,
    async close() {
      socket.close();
      await once(socket, 'close');
    },
  };
  socket.on('message', (bytes, from) => {
    questions++;
    const plain = answerQuestion(bytes, options.clock.now() + server.offsetMs, options.stratum, options.leap);
    const answer = plain && options.change ? options.change(plain, bytes) : plain;
    if (answer) socket.send(answer, from.port, from.address);
  });
  socket.bind(options.port ?? 0, options.host ?? '127.0.0.1');
  await once(socket, 'listening');
  server.port = socket.address().port;
  return server;
}

/**
 * A server's answer to a question; undefined when it is none.
 * @param now milliseconds since 1970
 */
export function answerQuestion(bytes: Buffer, now: number, stratum = 2, leap = 0): Buffer | undefined {
  const packet = decodePacket(bytes);
  if (packet?.mode !== 3) return undefined;
  const time = toTimestamp(now);
  return encodePacket({
    leap,
    version: packet.version,
    mode: 4,
    stratum,
    poll: packet.poll,
    precision: -10,
    rootDelay: 0,
    rootDispersion: 0.001,
    referenceId: Buffer.from([127, 127, 1, 0]),
    reference: time,
    originate: packet.transmit,
    receive: time,
    transmit: time,
  });
}
