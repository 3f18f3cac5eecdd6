// Download and upload diagnostics (TR-143): one real transfer by plain HTTP, with the times of its steps.
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import type { Unit } from '../service.ts';
import { addressOf, numberIn, type Probe, type ProbeEnd, type ProbeInput } from './probe.ts';

/** Bytes that a run transfers at most, and the longest silence and whole time, milliseconds: our choice. */
const MAX_BYTES = 64 * 1024 * 1024;
const SILENCE_MS = 10_000;
const LIMIT_MS = 60_000;
const PIECE = Buffer.alloc(64 * 1024, 'Tandem ');

type Step = 'TCPOpenRequestTime' | 'TCPOpenResponseTime' | 'ROMTime' | 'BOMTime' | 'EOMTime';

/** A failure with the states that tell it, the most exact first. */
class TransferFailed extends Error {
  readonly states: readonly string[];

  constructor(...states: string[]) {
    super(states[0]);
    this.states = states;
  }
}

/** Times of the steps, on the unit's clock with microseconds (TR-143 4.3). */
class StepTimes {
  readonly #unit: Unit;
  readonly #start: number;
  readonly #monotonic: number;
  readonly values: Partial<Record<Step, string>> = {};

  constructor(unit: Unit) {
    this.#unit = unit;
    this.#start = unit.now() ?? unit.clock.now();
    this.#monotonic = unit.clock.monotonic();
  }

  note(step: Step): void {
    const micros = Math.round((this.#unit.clock.monotonic() - this.#monotonic) * 1000) + Math.round(this.#start * 1000);
    const seconds = new Date(Math.floor(micros / 1000)).toISOString().slice(0, 19);
    this.values[step] = `${seconds}.${String(micros % 1_000_000).padStart(6, '0')}Z`;
  }
}

export const download: Probe = input => transfer(input, 'DownloadURL', received);
export const upload: Probe = input => transfer(input, 'UploadURL', sent);

type Work = (input: ProbeInput, outgoing: ClientRequest, times: StepTimes) => Promise<Record<string, string>>;

async function transfer(input: ProbeInput, setting: string, work: Work): Promise<ProbeEnd> {
  const { unit, signal } = input;
  const times = new StepTimes(unit);
  const url = URL.canParse(input.setting(setting)) ? new URL(input.setting(setting)) : undefined;
  if (url?.protocol !== 'http:') return { states: ['Error_InitConnectionFailed'] };
  const host = await addressOf(unit, url.hostname.replace(/^\[(.*)\]$/, '$1'));
  if (host === undefined) return { states: ['Error_CannotResolveHostName', 'Error_InitConnectionFailed'] };
  const limit = new AbortController();
  const timer = unit.clock.after(LIMIT_MS, () => limit.abort());
  const ends = AbortSignal.any([signal, limit.signal]);
  times.note('TCPOpenRequestTime');
  const method = work === sent ? 'PUT' : 'GET';
  const outgoing = request({
    ...{
      host,
      port: url.port || 80,
      path: url.pathname + url.search,
      method,
      localAddress: unit.address,
      signal: ends,
    },
    ...{ agent: false, timeout: SILENCE_MS, headers: { Host: url.host, ...lengthOf(input, method) } },
  });
  outgoing.on('timeout', () => outgoing.destroy(new TransferFailed('Error_NoResponse')));
  try {
    return {
      states: ['Completed'],
      values: { IPAddressUsed: unit.address, ...(await work(input, outgoing, times)), ...times.values },
    };
  } catch (error) {
    signal.throwIfAborted();
    const late = ['Error_Timeout', 'Error_NoResponse'];
    const states = limit.signal.aborted ? late : error instanceof TransferFailed ? error.states : undefined;
    return { states: states ?? failedAt(times, method), values: { ...times.values } };
  } finally {
    timer.cancel();
    outgoing.destroy();
  }
}

/** The state for a connection that failed, by the step that it had come to. */
function failedAt({ values }: StepTimes, method: string): readonly string[] {
  if (values.TCPOpenResponseTime === undefined) return ['Error_InitConnectionFailed'];
  if (values.BOMTime === undefined) return ['Error_NoResponse'];
  return method === 'PUT' ? ['Error_NoTransferComplete'] : ['Error_TransferFailed'];
}

const sizeOf = ({ setting }: ProbeInput): number => numberIn(setting('TestFileLength'), 1024 * 1024, MAX_BYTES);
const lengthOf = (input: ProbeInput, method: string): Record<string, string> =>
  method === 'PUT' ? { 'Content-Length': String(sizeOf(input)) } : {};

/** Resolves with the connection, once it is there. */
const opened = (outgoing: ClientRequest, times: StepTimes): Promise<Socket> =>
  new Promise((resolve, reject) => {
    outgoing.once('error', reject);
    outgoing.once('socket', socket => {
      socket.once('connect', () => {
        times.note('TCPOpenResponseTime');
        resolve(socket);
      });
    });
  });

const answered = (outgoing: ClientRequest): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
  });

function assertGood({ statusCode = 0 }: IncomingMessage, failed: string): void {
  if (statusCode === 401 || statusCode === 403) throw new TransferFailed('Error_LoginFailed');
  if (statusCode < 200 || statusCode >= 300) throw new TransferFailed(failed);
}

async function received(
  _input: ProbeInput,
  outgoing: ClientRequest,
  times: StepTimes,
): Promise<Record<string, string>> {
  const answering = answered(outgoing);
  answering.catch(() => undefined);
  const opening = opened(outgoing, times);
  outgoing.end();
  const socket = await opening;
  times.note('ROMTime');
  const answer = await answering;
  times.note('BOMTime');
  assertGood(answer, 'Error_TransferFailed');
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size >= MAX_BYTES) break;
  }
  times.note('EOMTime');
  const announced = answer.headers['content-length'];
  if (announced !== undefined && size < Math.min(MAX_BYTES, Number(announced)))
    throw new TransferFailed('Error_IncorrectSize');
  return {
    TestBytesReceived: String(size),
    TotalBytesReceived: String(socket.bytesRead),
    TotalBytesSent: String(socket.bytesWritten),
  };
}

async function sent(input: ProbeInput, outgoing: ClientRequest, times: StepTimes): Promise<Record<string, string>> {
  const answering = answered(outgoing);
  answering.catch(() => undefined);
  const opening = opened(outgoing, times);
  outgoing.flushHeaders();
  const socket = await opening;
  times.note('ROMTime');
  times.note('BOMTime');
  const size = sizeOf(input);
  for (let left = size; left > 0; left -= PIECE.length)
    if (!outgoing.write(left < PIECE.length ? PIECE.subarray(0, left) : PIECE))
      await Promise.race([new Promise(resolve => outgoing.once('drain', resolve)), answering]);
  outgoing.end();
  const answer = await answering;
  times.note('EOMTime');
  answer.resume();
  assertGood(answer, 'Error_NoTransferComplete');
  return {
    TestBytesSent: String(size),
    TotalBytesSent: String(socket.bytesWritten),
    TotalBytesReceived: String(socket.bytesRead),
  };
}
