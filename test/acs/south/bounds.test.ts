// What is bounded before anyone has proved anything: connections and file transfers.
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Server, Socket } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import { limitConnections, untilClosed } from '../../../acs/south/admission/connection-limit.ts';
import { logFailedHandshakes } from '../../../acs/south/http/tls-failures.ts';
import { limitTransfers } from '../../../acs/south/transfers/transfer-limit.ts';
import { VirtualClock } from '../../../shared/clock.ts';
import { createLog, silentLog } from '../../../shared/log.ts';

const RETRY_AFTER = 42;
const UPLOADS = 16;

describe('bounds of connections', () => {
  const connect = (server: EventEmitter): EventEmitter => {
    const socket = new EventEmitter();
    server.emit('connection', socket);
    return socket;
  };

  const quiet = { clock: new VirtualClock(), log: silentLog };

  it('more than sessions, waiting and some spare ones are not taken; from half of it on it is crowded', () => {
    const server = new EventEmitter() as Server;
    const isCrowded = limitConnections(server, { running: 10, waiting: 90 }, quiet);
    assert.ok(server.maxConnections > 100);
    const sockets = Array.from({ length: server.maxConnections / 2 }, () => connect(server));
    assert.equal(isCrowded(), false);
    const last = connect(server);
    assert.equal(isCrowded(), true);
    last.emit('close');
    assert.equal(isCrowded(), false);
    for (const socket of sockets) socket.emit('close');
    assert.equal(isCrowded(), false);
  });

  it('says that connections are dropped, and how many so far, once a minute', async () => {
    const clock = new VirtualClock();
    const said: number[] = [];
    const log = createLog({
      clock,
      level: 'info',
      write: line => said.push((JSON.parse(line) as { dropped: number }).dropped),
    });
    const server = new EventEmitter() as Server;
    limitConnections(server, { running: 1, waiting: 1 }, { clock, log });
    for (let n = 0; n < 5; n++) server.emit('drop');
    await clock.advance(60_000);
    server.emit('drop');
    assert.deepEqual(said, [1, 6]);
  });

  it('who listens for the end of a connection hears it once, also of one that has ended, and not after leaving', async () => {
    const heard: string[] = [];
    const open = Object.assign(new EventEmitter(), { destroyed: false }) as unknown as Socket;
    untilClosed(open)(() => heard.push('open'));
    untilClosed(open)(() => heard.push('left'))();
    open.emit('close');
    open.emit('close');
    untilClosed({ destroyed: true, off: () => undefined } as unknown as Socket)(() => heard.push('ended'));
    await Promise.resolve();
    assert.deepEqual(heard, ['open', 'ended']);
  });
});

describe('handshakes that fail', () => {
  it('are told with address and reason, once a minute for each address', async () => {
    const clock = new VirtualClock();
    const said: Record<string, unknown>[] = [];
    const log = createLog({
      clock,
      level: 'info',
      write: line => said.push(JSON.parse(line) as Record<string, unknown>),
    });
    const server = new EventEmitter() as Server;
    logFailedHandshakes(server, { clock, log });
    const fail = (remoteAddress: string | undefined, code: string): boolean =>
      server.emit('tlsClientError', Object.assign(new Error('no'), { code }), { remoteAddress });
    fail('::ffff:192.0.2.1', 'ERR_SSL_NO_SHARED_CIPHER');
    fail('192.0.2.1', 'ERR_SSL_NO_SHARED_CIPHER');
    fail('192.0.2.2', 'ERR_SSL_UNSUPPORTED_PROTOCOL');
    await clock.advance(60_000);
    fail('192.0.2.1', 'ECONNRESET');
    fail(undefined, 'ECONNRESET');
    assert.deepEqual(
      said.map(({ msg, address, reason, suppressed }) => [msg, address, reason, suppressed]),
      [
        ['TLS handshake failed', '192.0.2.1', 'ERR_SSL_NO_SHARED_CIPHER', undefined],
        ['TLS handshake failed', '192.0.2.2', 'ERR_SSL_UNSUPPORTED_PROTOCOL', undefined],
        ['TLS handshake failed', '192.0.2.1', 'ECONNRESET', 1],
        ['TLS handshake failed', 'unknown', 'ECONNRESET', undefined],
      ],
    );
  });
});

describe('bounds of file transfers', () => {
  let instance: FastifyInstance;
  let finish: (() => void)[] = [];
  beforeEach(async () => {
    finish = [];
    instance = fastify();
    limitTransfers(instance, { retryAfter: () => RETRY_AFTER });
    const held = async (): Promise<string> => {
      await new Promise<void>(resolve => finish.push(resolve));
      return 'done';
    };
    instance.put('/files/:id', held);
    instance.get('/files/:id', async () => 'here');
    await instance.ready();
  });
  afterEach(async () => {
    await instance.close();
  });

  it('uploads beyond the bound get 503 with Retry-After, downloads go on, and a place that is free is used again', async () => {
    const put = () => instance.inject({ method: 'PUT', url: '/files/1', payload: {} });
    const running = Array.from({ length: UPLOADS }, put);
    while (finish.length < UPLOADS) await new Promise(resolve => setImmediate(resolve));
    const away = await put();
    assert.deepEqual([away.statusCode, away.headers['retry-after']], [503, String(RETRY_AFTER)]);
    assert.equal((await instance.inject({ url: '/files/1' })).statusCode, 200);
    for (const done of finish.splice(0)) done();
    for (const { statusCode } of await Promise.all(running)) assert.equal(statusCode, 200);
    const again = put();
    while (finish.length === 0) await new Promise(resolve => setImmediate(resolve));
    finish[0]?.();
    assert.equal((await again).statusCode, 200);
  });
});
