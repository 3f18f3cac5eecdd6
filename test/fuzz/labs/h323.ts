// The gatekeeper under test: the PBX as a user starts it, with a caller that is registered over UDP and a called terminal that answers over TLS.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import type { CallMessage } from '../../../pbx/h323/messages.ts';
import { decodeCall, encodeCall } from '../../../pbx/h323/q931.ts';
import { decodeRas, encodeRas } from '../../../pbx/h323/ras.ts';
import { TpktFramer, tpktPacket } from '../../../pbx/h323/tpkt.ts';
import { tunnelOf } from '../../../pbx/h323/transport/ras-tunnel.ts';
import { systemClock } from '../../../shared/clock.ts';
import { askControl } from '../../../shared/control/client.ts';
import type { Lab } from '../lab.ts';
import type { Protocol } from '../plan.ts';
import { type Learn, type Place, play } from '../play.ts';
import {
  discovery,
  fresh,
  H323_SOURCE,
  h323Numbers,
  learnH323,
  rasIn,
  registration,
  setupTo,
} from '../targets/h323.ts';
import { WatchedProcess } from '../watched-process.ts';
import { within } from '../within.ts';

const REPEAT_MS = 900;
const TRIES = 10;
/** A connection of the called terminal that was lost comes back after this time. */
const RETURN_MS = 200;

export const protocols: Readonly<Record<string, Protocol>> = {
  'h323-ras': 'udp',
  'h323-tcp': 'tcp',
  'h323-tls': 'tls',
};

export async function openH323Lab(folder: string): Promise<Lab> {
  const data = join(folder, 'pbx');
  const ports = ['--h323', '0', '--h323-calls', '0', '--h323-tls', '0', '--tls-port', '0'];
  const process = new WatchedProcess('pbx/main.ts', ['serve', '--data', data, ...ports]);
  try {
    const ready = await process.line('ready');
    const placeOf = (text: unknown): Place => ({ host: '127.0.0.1', port: Number(String(text).split(':').at(-1)) });
    const places: Record<Protocol, Place> = {
      udp: placeOf(ready.h323),
      tcp: placeOf(ready.h323Calls),
      tls: placeOf(ready.h323Tls),
    };
    for (const number of Object.values(h323Numbers)) await addExtension(join(data, 'control.sock'), number);
    await registerCaller(places.udp);
    const callee = new Callee(places.tls);
    return {
      process,
      probe: target => probe(protocols[target] ?? 'udp', places),
      play: (_, plan) => {
        const sends = plan.sends.map(send => ({ ...send, bytes: fresh(send.bytes) }));
        const learn: Learn = (text, marks) => learnWhatIsWhole(text, marks, plan.protocol);
        return play({ ...plan, sends, source: H323_SOURCE }, places[plan.protocol], learn);
      },
      close: async () => {
        callee.close();
        await process.stop();
      },
    };
  } catch (error) {
    await process.stop();
    throw error;
  }
}

const learnWhatIsWhole: typeof learnH323 = (text, marks, protocol) => {
  try {
    learnH323(text, marks, protocol);
  } catch {
    // An answer in pieces, or several at once.
  }
};

async function addExtension(control: string, number: string): Promise<void> {
  const lines = [
    `extension -i -d ${number} --lim 1 --csp 1 --max-terminals 8`,
    `ip_extension -i -d ${number} --max-terminals 8 --protocol IP`,
  ];
  for (const line of lines) {
    const { exit } = (await askControl(control, 'mdsh', [line], systemClock())) as { exit: number };
    if (exit !== 0) throw new Error(`"${line}" is not executed`);
  }
}

async function registerCaller(place: Place): Promise<void> {
  const answer = await askDatagram(place, fresh(encodeRas(registration(1, h323Numbers.caller))), H323_SOURCE);
  if (!('registrationConfirm' in decodeRas(answer))) throw new Error('the caller is not registered');
}

/** A valid request from another address: over UDP with repetitions, over connections once. */
async function probe(protocol: Protocol, places: Record<Protocol, Place>): Promise<void> {
  if (protocol === 'udp') {
    const answer = decodeRas(await askDatagram(places.udp, encodeRas(discovery(7)), '127.0.0.1'));
    if (!('gatekeeperConfirm' in answer)) throw new Error(`discovery answered with ${Object.keys(answer)}`);
    return;
  }
  const request =
    protocol === 'tls' ? tunnelOf(encodeRas(discovery(7))) : encodeCall(setupTo(h323Numbers.callee, '9997'));
  const answer = await askStream(places[protocol], protocol, tpktPacket(request));
  const isRight =
    protocol === 'tls'
      ? rasIn(answer, 'tls').some(message => 'gatekeeperConfirm' in message)
      : decodeCall(answer.subarray(4)).type === 'releaseComplete';
  if (!isRight) throw new Error(`answered with ${answer.toString('hex', 0, 40)}`);
}

async function askDatagram({ host, port }: Place, bytes: Buffer, source: string): Promise<Buffer> {
  const socket = createSocket('udp4');
  try {
    socket.bind(0, source);
    await once(socket, 'listening');
    let answer: Buffer | undefined;
    const heard = once(socket, 'message').then(([message]) => {
      answer = message as Buffer;
    });
    for (let tries = 0; tries < TRIES && !answer; tries++) {
      socket.send(bytes, port, host);
      await within(REPEAT_MS, heard);
    }
    if (!answer) throw new Error('no answer by UDP');
    return answer;
  } finally {
    socket.close();
  }
}

const opened = (place: Place, protocol: Protocol): Socket =>
  protocol === 'tls' ? connectTls({ ...place, rejectUnauthorized: false }) : connect(place);

async function askStream(place: Place, protocol: Protocol, packet: Buffer): Promise<Buffer> {
  const socket = opened(place, protocol);
  try {
    await once(socket, protocol === 'tls' ? 'secureConnect' : 'connect');
    socket.write(packet);
    const [bytes] = await once(socket, 'data');
    return bytes as Buffer;
  } finally {
    socket.destroy();
  }
}

/** A terminal that takes every call, whatever a mutation made of it, and comes back when its connection is lost. */
class Callee {
  readonly #place: Place;
  #socket: Socket;
  #isClosed = false;

  constructor(place: Place) {
    this.#place = place;
    this.#socket = this.#open();
  }

  close(): void {
    this.#isClosed = true;
    this.#socket.destroy();
  }

  #open(): Socket {
    const socket = opened(this.#place, 'tls');
    const framer = new TpktFramer({ packet: packet => this.#answer(packet), broken: () => socket.destroy() });
    socket.once('secureConnect', () => {
      socket.write(tpktPacket(tunnelOf(fresh(encodeRas(registration(1, h323Numbers.callee))))));
    });
    socket.on('data', (chunk: Buffer) => framer.take(chunk));
    socket.on('error', () => undefined);
    socket.once('close', () => {
      if (!this.#isClosed) setTimeout(() => this.#return(), RETURN_MS).unref();
    });
    return socket;
  }

  #return(): void {
    if (!this.#isClosed) this.#socket = this.#open();
  }

  #answer(packet: Buffer): void {
    const { type, callReference } = decodeCall(packet);
    if (type !== 'setup') return;
    for (const answer of ['alerting', 'connect'] as const)
      this.#socket.write(tpktPacket(answerOf(answer, callReference)));
  }
}

function answerOf(type: 'alerting' | 'connect', callReference: number): Buffer {
  const destinationInfo = { terminal: {}, mc: false, undefinedNode: false };
  const common = { protocolIdentifier: '0.0.8.2250.0.6', destinationInfo };
  const body =
    type === 'alerting' ? { alerting: common } : { connect: { ...common, conferenceID: Buffer.alloc(16, 7) } };
  const message: CallMessage = {
    ...{ type, callReference, isFromDestination: true },
    user: { 'h323-uu-pdu': { 'h323-message-body': body, h245Tunnelling: true } },
  };
  return encodeCall(message);
}
