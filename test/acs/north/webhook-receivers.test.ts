// Receivers of webhooks that misbehave: each ends in bounded time and memory, with an outcome that says why.
import assert from 'node:assert/strict';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createPoster, type Poster } from '../../../acs/north/webhook-sender.ts';
import { seededRandom, VirtualClock } from '../../../shared/clock.ts';
import { networks } from '../../../shared/net/address.ts';
import { createCa } from '../../../shared/pki/authority.ts';

describe('webhook receivers that misbehave', () => {
  let poster: Poster;
  let servers: Server[];
  const sockets = new Set<Socket>();
  const listen = async (server: Server): Promise<number> => {
    servers.push(server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => undefined))));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  };
  const answering = (answer: (socket: Socket) => void) =>
    listen(createServer(socket => socket.once('data', () => answer(socket))));
  const post = (url: string, ms = 2000) =>
    poster.post(url, { headers: {}, body: '{}', signal: AbortSignal.timeout(ms) });

  beforeEach(() => {
    poster = createPoster(networks(['127.0.0.1']));
    servers = [];
  });
  afterEach(async () => {
    await poster.close();
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    for (const server of servers) server.close();
  });

  it('never answer', async () => {
    const port = await answering(() => undefined);
    await assert.rejects(post(`http://127.0.0.1:${port}/`, 200), /abort|timeout/i);
  });

  it('close at once, or answer what is no HTTP', async () => {
    for (const answer of [(socket: Socket) => socket.destroy(), (socket: Socket) => socket.end('SSH-2.0-x\r\n')])
      await assert.rejects(post(`http://127.0.0.1:${await answering(answer)}/`));
  });

  it('redirect: the status is the outcome, and nothing is sent there', async () => {
    let isAsked = false;
    const there = await answering(() => {
      isAsked = true;
    });
    for (const status of [301, 302, 307, 308]) {
      const head = `HTTP/1.1 ${status} Moved\r\nLocation: http://127.0.0.1:${there}/\r\nContent-Length: 0\r\n\r\n`;
      const port = await answering(socket => socket.write(head));
      assert.deepEqual(await post(`http://127.0.0.1:${port}/`), { status });
    }
    assert.equal(isAsked, false);
  });

  it('answer without end: the status counts, and the rest is not read', async () => {
    let written = 0;
    const port = await answering(socket => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
      const pump = (): void => {
        while (!socket.destroyed && written < 1e9 && socket.write(chunk)) written += chunk.length;
      };
      socket.on('drain', pump);
      pump();
    });
    assert.deepEqual(await post(`http://127.0.0.1:${port}/`), { status: 200 });
    assert.ok(written < 50e6, `${written} bytes were taken`);
  });

  it('answer slowly: a status that came counts when the time is over', async () => {
    const port = await answering(socket => socket.write('HTTP/1.1 204 OK\r\nContent-Length: 5\r\n\r\nx'));
    assert.deepEqual(await post(`http://127.0.0.1:${port}/`, 300), { status: 204 });
  });

  it('answer with a head of megabytes', async () => {
    const port = await answering(socket => socket.write(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(5e6)}\r\n\r\n`));
    await assert.rejects(post(`http://127.0.0.1:${port}/`), /header/i);
  });

  it('have a certificate that nobody trusts, another name, or no TLS at all', async () => {
    const env = { clock: new VirtualClock(), random: seededRandom(3) };
    const authority = await createCa({ name: 'Unknown', key: 'ec', ...env });
    const { chain, key } = await authority.issue({ commonName: 'other.test', usage: ['server'], key: 'ec' });
    const tls = await listen(createTlsServer({ cert: chain, key }, () => assert.fail('a message was sent')));
    await assert.rejects(post(`https://127.0.0.1:${tls}/`), /certificate|altnames/i);
    const plain = await answering(socket => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
    await assert.rejects(post(`https://127.0.0.1:${plain}/`), /SSL|wrong version/i);
  });

  it('ask for a pause, in seconds or until a date of their own clock', async () => {
    const date = 'Thu, 01 Jan 2026 00:00:00 GMT';
    const later = 'Thu, 01 Jan 2026 00:01:30 GMT';
    const cases: [head: string, ms: number | undefined][] = [
      ['Retry-After: 7', 7000],
      [`Date: ${date}\r\nRetry-After: ${later}`, 90_000],
      ['Retry-After: soon', undefined],
      ['Retry-After: 99999999999999999999', 86_400_000],
    ];
    for (const [head, ms] of cases) {
      const port = await answering(socket => socket.write(`HTTP/1.1 429 Busy\r\n${head}\r\nContent-Length: 0\r\n\r\n`));
      const expected = ms === undefined ? { status: 429 } : { status: 429, retryAfterMs: ms };
      assert.deepEqual(await post(`http://127.0.0.1:${port}/`), expected, head);
    }
  });
});
