// The load: a process of its own that plays CPE sessions over raw sockets, so that its cost is not the server's.
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContextOptions } from 'node:tls';

export interface LoadOrder {
  port: number;
  tls?: { maxVersion: 'TLSv1.2' | 'TLSv1.3'; ciphers?: string };
  sessions: number;
  concurrency: number;
  /** Devices are numbered from here, round and round. */
  devices: number;
  /** The Inform of device n, whole; `@SERIAL@` stands for its serial number. */
  inform: string;
  /** The answer to any ACS request, by its method. */
  answers: Record<string, string>;
  authorization?: string;
}

export interface LoadReport {
  sessions: number;
  failed: number;
  seconds: number;
  /** Requests of the ACS that were answered. */
  rpcs: number;
  p50: number;
  p99: number;
}

interface Answer {
  status: number;
  body: string;
  cookie: string | undefined;
}

/** Reads one HTTP answer with Content-Length, or 204. */
function reader(socket: Socket): () => Promise<Answer> {
  let text = '';
  let wake: (() => void) | undefined;
  let ended = false;
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    text += chunk;
    wake?.();
  });
  const over = (): void => {
    ended = true;
    wake?.();
  };
  socket.on('close', over).on('error', over);
  return async () => {
    for (;;) {
      const head = text.indexOf('\r\n\r\n');
      if (head >= 0) {
        const length = Number(/content-length: (\d+)/i.exec(text.slice(0, head))?.[1] ?? 0);
        if (text.length >= head + 4 + length) {
          const answer = {
            status: Number(text.slice(9, 12)),
            body: text.slice(head + 4, head + 4 + length),
            cookie: /set-cookie: ([^;\r]+)/i.exec(text.slice(0, head))?.[1],
          };
          text = text.slice(head + 4 + length);
          return answer;
        }
      }
      if (ended) throw new Error('connection closed');
      await new Promise<void>(resolve => {
        wake = resolve;
      });
    }
  };
}

async function open(order: LoadOrder, context: SecureContextOptions | undefined): Promise<Socket> {
  const socket = context
    ? connectTls({
        host: '127.0.0.1',
        port: order.port,
        secureContext: createdContext(order),
        rejectUnauthorized: false,
      })
    : connectTcp({ host: '127.0.0.1', port: order.port });
  await new Promise<void>((resolve, reject) =>
    socket.once(context ? 'secureConnect' : 'connect', resolve).once('error', reject),
  );
  socket.setNoDelay(true);
  return socket;
}

let shared: ReturnType<typeof createSecureContext> | undefined;
function createdContext(order: LoadOrder): ReturnType<typeof createSecureContext> {
  shared ??= createSecureContext({
    maxVersion: order.tls!.maxVersion,
    ...(order.tls?.ciphers ? { ciphers: order.tls.ciphers } : {}),
  });
  return shared;
}

async function session(order: LoadOrder, number: number): Promise<number> {
  const socket = await open(order, order.tls ? {} : undefined);
  try {
    const read = reader(socket);
    let cookie: string | undefined;
    const post = async (body: string): Promise<Answer> => {
      const headers = [
        'POST / HTTP/1.1',
        `Host: 127.0.0.1:${order.port}`,
        ...(body ? ['Content-Type: text/xml; charset="utf-8"', 'SOAPAction: '] : []),
        ...(order.authorization ? [`Authorization: ${order.authorization}`] : []),
        ...(cookie ? [`Cookie: ${cookie}`] : []),
        `Content-Length: ${Buffer.byteLength(body)}`,
      ];
      socket.write(`${headers.join('\r\n')}\r\n\r\n${body}`);
      const answer = await read();
      cookie = answer.cookie ?? cookie;
      return answer;
    };
    const serial = String(number % order.devices).padStart(8, '0');
    const first = await post(order.inform.replace('@SERIAL@', serial));
    if (first.status !== 200 || !first.body.includes('InformResponse'))
      throw new Error(`Inform: ${first.status} ${first.body.slice(0, 200)}`);
    let rpcs = 0;
    let next = await post('');
    while (next.status === 200) {
      const method = /<cwmp:(\w+)[ >/]/.exec(next.body.slice(next.body.indexOf('Body>')))?.[1] ?? '';
      const id = /<cwmp:ID[^>]*>([^<]*)</.exec(next.body)?.[1] ?? '';
      const answer = order.answers[method];
      if (!answer) throw new Error(`no answer for ${method}`);
      rpcs++;
      next = await post(answer.replace('@ID@', id));
    }
    if (next.status !== 204) throw new Error(`ended with ${next.status}`);
    return rpcs;
  } finally {
    socket.destroy();
  }
}

export async function runLoad(order: LoadOrder): Promise<LoadReport> {
  const times: number[] = [];
  let failed = 0;
  let rpcs = 0;
  let next = 0;
  let lastError = '';
  const worker = async (): Promise<void> => {
    while (next < order.sessions) {
      const number = next++;
      const began = performance.now();
      try {
        rpcs += await session(order, number);
        times.push(performance.now() - began);
      } catch (error) {
        failed++;
        lastError = String(error);
      }
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: order.concurrency }, worker));
  const seconds = (performance.now() - began) / 1000;
  if (failed) process.stderr.write(`load: ${failed} sessions failed: ${lastError}\n`);
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  return { sessions: times.length, failed, seconds, rpcs, p50: at(0.5), p99: at(0.99) };
}

if (process.send) {
  process.on('message', (order: LoadOrder) => {
    void runLoad(order).then(report => process.send?.(report));
  });
}
