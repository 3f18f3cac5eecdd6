// The fuzz as a client: plays a case over a socket of its own. What the target answers is only looked at for marks.
import { createSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { filled, type Marks } from './marks.ts';
import type { Plan, Send } from './plan.ts';

export interface Place {
  host: string;
  port: number;
}

/**
 * @param learn takes from an answer what later messages need
 * @param known marks that stand for something from the start
 */
export async function play(plan: Plan, place: Place, learn: Learn, known: Marks = new Map()): Promise<void> {
  if (plan.protocol === 'udp') await playDatagrams(plan, place, learn, known);
  else await playStream(plan, place, learn, known);
}

export type Learn = (text: string, marks: Marks) => void;

const ENDS = ['end', 'close', 'error'] as const;
const DATAGRAM_PAUSE_MS = 10;
const CONNECT_MS = 5000;
/** Bytes of an answer that are looked at. */
const MAX_ANSWER = 262_144;
/** Milliseconds that a half-closed connection is left to the target. */
const HALF_MS = 50;

/** Bytes that came over a socket since they were last asked for. */
class Answers {
  #text = '';
  #wake: (() => void) | undefined;
  ended = false;

  take(chunk: Buffer): void {
    if (this.#text.length < MAX_ANSWER) this.#text += chunk.toString('latin1');
    this.#wake?.();
  }

  end(): void {
    this.ended = true;
    this.#wake?.();
  }

  /** The answer behind provisional ones (100 Continue, 100 Trying). */
  async final(ms: number, learn: (text: string) => void): Promise<void> {
    const until = performance.now() + ms;
    for (let left = ms; left > 0; left = until - performance.now()) {
      const text = await this.next(left);
      learn(text);
      const last = Math.max(text.lastIndexOf('SIP/2.0 1'), text.lastIndexOf('HTTP/1.1 1'));
      if (last < 0 || /\n(SIP\/2\.0|HTTP\/1\.1) [2-6]/.test(text.slice(last))) return;
    }
  }

  /** The answer, or what has come of it in this time. */
  async next(ms: number): Promise<string> {
    if (this.#text === '' && !this.ended) {
      const late = new AbortController();
      await Promise.race([
        new Promise<void>(resolve => {
          this.#wake = resolve;
        }),
        sleep(ms, undefined, { signal: late.signal }).catch(() => undefined),
      ]);
      late.abort();
      this.#wake = undefined;
    }
    const text = this.#text;
    this.#text = '';
    return text;
  }
}

async function playDatagrams(plan: Plan, { host, port }: Place, learn: Learn, known: Marks): Promise<void> {
  const { sends, source } = plan;
  const socket = createSocket('udp4');
  const answers = new Answers();
  const marks: Marks = new Map(known);
  socket.on('message', bytes => answers.take(bytes));
  socket.on('error', () => answers.end());
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(0, source, resolve);
    });
    marks.set('port', String(socket.address().port));
    marks.set('host', source);
    for (const { bytes, patienceMs, to } of sends) {
      // A port that was not told yet is none: the message goes where the others go.
      const other = to === undefined ? 0 : Number(marks.get(to) ?? 0);
      const target = other > 0 && other < 65_536 ? other : port;
      await new Promise<void>(resolve => socket.send(filled(bytes, marks), target, host, () => resolve()));
      if (patienceMs > 0) await answers.final(patienceMs, text => learn(text, marks));
    }
    // Datagrams that nothing slows down would only be dropped.
    await sleep(DATAGRAM_PAUSE_MS);
  } finally {
    socket.close();
  }
}

async function playStream(plan: Plan, place: Place, learn: Learn, known: Marks): Promise<void> {
  const socket = await opened(plan, place);
  if (!socket) return;
  const answers = await converse(socket, plan, learn, known);
  if (plan.ending === 'half') {
    socket.end();
    await answers.next(HALF_MS);
  }
  // A socket that is being shut down cannot be reset.
  if (plan.ending === 'reset' && plan.protocol === 'tcp' && !socket.writableEnded) socket.resetAndDestroy();
  else socket.destroy();
}

/** Plays a case over a connection, which stays open. */
export async function converse(socket: Socket, plan: Plan, learn: Learn, known: Marks): Promise<Answers> {
  const answers = new Answers();
  const marks: Marks = new Map([['port', String(socket.localPort ?? 0)], ['host', plan.source], ...known]);
  const take = (chunk: Buffer): void => answers.take(chunk);
  socket.on('data', take);
  const end = (): void => answers.end();
  for (const event of ENDS) socket.on(event, end);
  for (const send of plan.sends) {
    if (answers.ended) break;
    await writePieces(socket, send, marks, answers);
    if (send.patienceMs > 0) await answers.final(send.patienceMs, text => learn(text, marks));
  }
  socket.off('data', take);
  // A connection that stays open is played over again; after its end it may still report an error.
  if (!answers.ended) for (const event of ENDS) socket.off(event, end);
  return answers;
}

/** Undefined where the target takes no connection: its limits may say so. */
function opened({ protocol, source }: Plan, place: Place): Promise<Socket | undefined> {
  return new Promise(resolve => {
    const options = { ...place, localAddress: source, timeout: CONNECT_MS };
    // The target's certificate is of its own CA; it is not the one under test.
    const socket = protocol === 'tls' ? connectTls({ ...options, rejectUnauthorized: false }) : connect(options);
    const give = (): void => {
      socket.destroy();
      resolve(undefined);
    };
    socket.once('error', give);
    socket.once('timeout', give);
    socket.once(protocol === 'tls' ? 'secureConnect' : 'connect', () => {
      socket.setTimeout(0);
      socket.off('error', give);
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

export async function writePieces(
  socket: Socket,
  { bytes, cuts, pauseMs }: Send,
  marks: Marks,
  answers: { ended: boolean },
): Promise<void> {
  const text = filled(bytes, marks);
  let from = 0;
  for (const cut of [...cuts, text.length]) {
    const to = Math.max(from, Math.min(cut, text.length));
    if (answers.ended) return;
    if (to > from && !socket.write(text.subarray(from, to))) await drained(socket, answers);
    from = to;
    if (pauseMs > 0 && to < text.length) await sleep(pauseMs);
  }
}

/** Until the target has read, or has gone; a target that reads no further is left after a while. */
async function drained(socket: Socket, answers: { ended: boolean }): Promise<void> {
  for (let turn = 0; turn < 50 && socket.writableNeedDrain && !answers.ended; turn++) await sleep(10);
}
