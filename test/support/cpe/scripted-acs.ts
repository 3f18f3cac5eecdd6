// An ACS that plays a script over real sockets, also misbehaviour that the real ACS never shows.
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type { AcsMethod, Arguments, CpeMethod, MethodName, Results } from '../../../shared/cwmp/methods.ts';
import {
  type Body,
  decodeEnvelope,
  type Envelope,
  encodeEnvelope,
  faultBody,
  InvalidSoap,
  requestBody,
  responseBody,
} from '../../../shared/cwmp/soap.ts';
import type { Namespace } from '../../../shared/cwmp/versions.ts';

/** One request as it came. */
export interface Heard {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  rawHeaders: string[];
  text: string;
  body: Buffer;
  /** Its envelope; undefined for an empty POST and for text that is none. */
  envelope?: Envelope;
  /** Counts connections from 1. */
  connection: number;
  /** The other end's. */
  port: number;
}

/** One answer of the script. */
export interface Answer {
  /** Default: 200 with text, 204 without. */
  status?: number;
  headers?: Record<string, string | string[]>;
  text?: string | Buffer;
  /** Closes the connection after the answer. */
  close?: boolean;
  /** Cuts the connection instead of an answer, or after this number of bytes of the body. */
  cut?: true | number;
  /** Sends the body in chunks. */
  chunked?: boolean;
  /** Never answers. */
  silent?: boolean;
}

export type Step = Answer | ((heard: Heard) => Answer | Promise<Answer>);

export interface ScriptedAcs {
  readonly url: string;
  readonly port: number;
  /** All requests, in order. */
  readonly heard: Heard[];
  /** Appends steps. Requests after the last step are answered by a friendly ACS that wants nothing. */
  play(...steps: Step[]): void;
  /** Takes all answers from now on; undefined goes back to the script. */
  always(step: Step | undefined): void;
  /** Resolves once `count` requests have come. */
  until(count: number): Promise<void>;
  /** Names of all requests: `Inform`, `(empty)`, `RebootResponse`, `Fault 9000`. */
  names(): string[];
  readonly connections: number;
  /** Open connections. */
  readonly open: number;
  close(): Promise<void>;
}

const named = ({ envelope, text }: Heard): string => {
  if (text === '') return '(empty)';
  const body = envelope?.body;
  switch (body?.kind) {
    case 'request':
      return body.method;
    case 'response':
      return `${body.method}Response`;
    case 'fault':
      return `Fault ${body.fault.soap ?? body.fault.code}`;
    default:
      return '(other)';
  }
};

/** The friendly answer: acknowledges every request, and adds none of its own. */
export function friendly(heard: Heard): Answer {
  const { envelope } = heard;
  if (envelope?.body.kind !== 'request') return {};
  const results: Partial<Record<MethodName, object>> = { Inform: { MaxEnvelopes: 1 }, TransferComplete: {} };
  return reply(heard, responseBody(envelope.body.method as AcsMethod, results[envelope.body.method] as never));
}

/** An envelope that answers a request: same ID, same namespace. */
export function reply(heard: Heard, body: Body, more: Partial<Envelope> = {}): Answer {
  const { id, namespace = '1-2' } = heard.envelope ?? {};
  return { text: encodeEnvelope({ namespace, ...(id === undefined ? {} : { id }), ...more, body }) };
}

export const informResponse =
  (more: Partial<Envelope> = {}): Step =>
  heard =>
    reply(heard, responseBody('Inform', { MaxEnvelopes: 1 }), more);

export const fault =
  (code: number): Step =>
  heard =>
    reply(heard, faultBody({ code, message: `fault ${code}` }));

/** A request of the ACS. */
export function ask<M extends CpeMethod>(
  method: M,
  args: Arguments<M>,
  more: Partial<Envelope> & { namespace?: Namespace } = {},
): Answer {
  return { text: encodeEnvelope({ namespace: '1-2', id: `acs-${method}`, ...more, body: requestBody(method, args) }) };
}

/** The result in the CPE's answer to a request of the ACS. @throws Error when it is another message */
export function resultOf<M extends CpeMethod>(heard: Heard | undefined, method: M): Results<M> {
  const body = heard?.envelope?.body;
  if (body?.kind !== 'response' || body.method !== method) throw new Error(`no ${method}Response: ${heard?.text}`);
  return body.result as Results<M>;
}

/** The arguments of a request of the CPE. @throws Error when it is another message */
export function argumentsOf<M extends AcsMethod>(heard: Heard | undefined, method: M): Arguments<M> {
  const body = heard?.envelope?.body;
  if (body?.kind !== 'request' || body.method !== method) throw new Error(`no ${method}: ${heard?.text}`);
  return body.args as Arguments<M>;
}

/** The envelope of a POST; undefined where the unit has sent what is no XML. */
function readable(text: string): Envelope | undefined {
  try {
    return decodeEnvelope(text);
  } catch (error) {
    if (error instanceof InvalidSoap) return undefined;
    throw error;
  }
}

export async function scriptedAcs(
  options: { tls?: { cert: string; key: string }; host?: string; path?: string } = {},
): Promise<ScriptedAcs> {
  const { host = '127.0.0.1', path = '/acs' } = options;
  const heard: Heard[] = [];
  const script: Step[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  const sockets = new Map<Socket, number>();
  const open = new Set<Socket>();
  let everyAnswer: Step | undefined;

  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => response.destroy());
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const text = body.toString('utf8');
      const entry: Heard = {
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        rawHeaders: request.rawHeaders,
        text,
        body,
        connection: sockets.get(request.socket) ?? 0,
        port: request.socket.remotePort ?? 0,
      };
      const envelope = text.includes('Envelope') ? readable(text) : undefined;
      if (envelope) entry.envelope = envelope;
      heard.push(entry);
      const step = everyAnswer ?? script.shift() ?? friendly;
      void Promise.resolve(typeof step === 'function' ? step(entry) : step).then(answer => {
        send(answer, response);
        for (const wait of waiting) if (heard.length >= wait.count) wait.resolve();
      });
    });
  };
  const server = options.tls ? createHttpsServer(options.tls, listener) : createHttpServer(listener);
  server.on(options.tls ? 'secureConnection' : 'connection', (socket: Socket) => {
    sockets.set(socket, sockets.size + 1);
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
  });
  await new Promise<void>(resolve => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;

  return {
    url: `http${options.tls ? 's' : ''}://${host}:${port}${path}`,
    port,
    heard,
    play: (...steps) => void script.push(...steps),
    always: step => {
      everyAnswer = step;
    },
    until: async count => {
      if (heard.length < count) await new Promise<void>(resolve => waiting.push({ count, resolve }));
      // The answer to the last of them leaves first.
      await turn();
    },
    names: () => heard.map(named),
    get connections() {
      return sockets.size;
    },
    get open() {
      return open.size;
    },
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

function send(answer: Answer, response: ServerResponse): void {
  if (answer.silent) return;
  if (answer.cut === true) {
    response.destroy();
    return;
  }
  const body = Buffer.from(answer.text ?? '');
  const status = answer.status ?? (body.length > 0 ? 200 : 204);
  const length = answer.chunked || status === 204 ? {} : { 'Content-Length': String(body.length) };
  const type = body.length > 0 ? { 'Content-Type': 'text/xml; charset=utf-8' } : {};
  response.writeHead(status, { ...length, ...type, ...(answer.close && { Connection: 'close' }), ...answer.headers });
  if (typeof answer.cut === 'number') {
    response.write(body.subarray(0, answer.cut), () => response.destroy());
    return;
  }
  response.end(body);
}
