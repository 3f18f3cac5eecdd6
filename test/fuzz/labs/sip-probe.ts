// A valid OPTIONS, as the probe of SIP surfaces: over UDP with repetitions, over connections once.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import type { Protocol } from '../plan.ts';
import type { Place } from '../play.ts';
import { within } from '../within.ts';

const REPEAT_MS = 900;
const TRIES = 10;
let number = 0;

/** @param user part of the request URI with its `@`, or nothing */
export async function probeSip(place: Place, protocol: Protocol, user = ''): Promise<void> {
  const text = (host: string, port: number): string =>
    `OPTIONS sip:${user}${place.host}:${place.port} SIP/2.0\r\nVia: SIP/2.0/${protocol.toUpperCase()} ${host}:${port};branch=z9hG4bKprobe${++number}\r\n` +
    `Max-Forwards: 70\r\nFrom: <sip:probe@fuzz>;tag=p${number}\r\nTo: <sip:${place.host}>\r\nCall-ID: probe${number}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n`;
  const answer = protocol === 'udp' ? await askDatagram(place, text) : await askStream(place, protocol, text);
  if (!/^SIP\/2\.0 [2-4]\d\d /.test(answer)) throw new Error(`OPTIONS answered '${answer.slice(0, 60)}'`);
}

const KEEP_MS = 500;

/** A connection whose other end still reads messages one by one: after a broken one it may wait for the rest of that. */
export async function answersOptions(socket: Socket): Promise<boolean> {
  const id = `keep${++number}`;
  let text = '';
  const take = (chunk: Buffer): void => {
    text += chunk.toString('latin1');
  };
  socket.on('data', take);
  socket.write(
    `OPTIONS sip:100@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1;branch=z9hG4bK${id}\r\nMax-Forwards: 70\r\n` +
      `From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: ${id}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n`,
  );
  for (let waited = 0; waited < KEEP_MS && !text.includes(id) && !socket.destroyed; waited += 10) await sleep(10);
  socket.off('data', take);
  return text.includes(id);
}

type Text = (host: string, port: number) => string;

async function askDatagram({ host, port }: Place, text: Text): Promise<string> {
  const socket = createSocket('udp4');
  try {
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    let answer = '';
    const heard = once(socket, 'message').then(([bytes]) => {
      answer = String(bytes);
    });
    const bytes = Buffer.from(text('127.0.0.1', socket.address().port));
    for (let tries = 0; tries < TRIES && answer === ''; tries++) {
      socket.send(bytes, port, host);
      await within(REPEAT_MS, heard);
    }
    if (answer === '') throw new Error('no answer by UDP');
    return answer;
  } finally {
    socket.close();
  }
}

async function askStream(place: Place, protocol: Protocol, text: Text): Promise<string> {
  const socket: Socket = protocol === 'tls' ? connectTls({ ...place, rejectUnauthorized: false }) : connect(place);
  try {
    await once(socket, protocol === 'tls' ? 'secureConnect' : 'connect');
    socket.write(text('127.0.0.1', socket.localPort ?? 0));
    const [bytes] = await once(socket, 'data');
    return String(bytes);
  } finally {
    socket.destroy();
  }
}
