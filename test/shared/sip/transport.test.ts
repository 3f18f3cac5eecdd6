// SIP transport: framing under any split (RFC 3261 18.3), CRLF keep-alive (RFC 5626 3.5.1), idle limit, hostile peers.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import fc from 'fast-check';
import { systemClock, systemRandom, VirtualClock } from '../../../shared/clock.ts';
import { silentLog as log } from '../../../shared/log.ts';
import { createCa } from '../../../shared/pki/authority.ts';
import type { Flow } from '../../../shared/sip/flow-types.ts';
import { createFramer } from '../../../shared/sip/framing.ts';
import {
  createRequest,
  createResponse,
  formatMessage,
  MalformedRequest,
  type SipMessage,
} from '../../../shared/sip/message.ts';
import { SipTransport, type TransportOptions } from '../../../shared/sip/transport.ts';
import { eventually } from '../../support/eventually.ts';

const clock = systemClock();

const options = (id: string, body = ''): ReturnType<typeof createRequest> =>
  createRequest('OPTIONS', 'sip:lab.test', {
    headers: [
      ['Via', `SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK${id}`],
      ['From', '<sip:a@lab.test>;tag=1'],
      ['To', '<sip:lab.test>'],
      ['Call-ID', id],
      ['CSeq', '1 OPTIONS'],
    ],
    body,
  });

interface Frames {
  messages: string[];
  pings: number;
  crlfs: number;
  broken: string[];
}

function frame(chunks: readonly Buffer[]): Frames {
  const seen: Frames = { messages: [], pings: 0, crlfs: 0, broken: [] };
  const feed = createFramer({
    message: bytes => void seen.messages.push(bytes.toString('latin1')),
    crlf: pair => {
      seen.crlfs++;
      if (pair) seen.pings++;
    },
    broken: reason => void seen.broken.push(reason),
  });
  for (const chunk of chunks) feed(chunk);
  return seen;
}

describe('SIP framing on streams', () => {
  const first = formatMessage(options('1', 'v=0\r\n\r\nbody'));
  const second = formatMessage(options('2'));
  const stream = Buffer.concat([Buffer.from('\r\n\r\n'), first, second, Buffer.from('\r\n'), first]);
  const whole = [first, second, first].map(bytes => bytes.toString('latin1'));

  it('finds the same messages however the stream is split', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 12 }), cuts => {
        const at = [0, ...cuts.toSorted((a, b) => a - b), stream.length];
        const chunks = at.slice(1).map((end, index) => stream.subarray(at[index], end));
        const seen = frame(chunks);
        assert.deepEqual(seen.messages, whole);
        assert.deepEqual([seen.crlfs, seen.pings, seen.broken], [3, 1, []]);
      }),
    );
  });

  it('finds the same messages byte by byte', () => {
    assert.deepEqual(frame([...stream].map(byte => Buffer.from([byte]))).messages, whole);
  });

  it('reads a folded and compact Content-Length, and bare LF', () => {
    assert.equal(frame([Buffer.from('A b SIP/2.0\r\nl:\r\n  3\r\n\r\nabcX')]).messages[0]?.endsWith('abc'), true);
    assert.equal(frame([Buffer.from('A b SIP/2.0\nContent-Length : 2\n\nabX')]).messages[0]?.endsWith('ab'), true);
  });

  it('reports a stream as broken when the end of a message is unknown', () => {
    const cases: [string, RegExp][] = [
      ['A b SIP/2.0\r\nX: y\r\n\r\n', /no Content-Length/],
      ['A b SIP/2.0\r\nContent-Length: ten\r\n\r\n', /not a number/],
      ['A b SIP/2.0\r\nContent-Length: 1\r\nl: 2\r\n\r\n', /twice/],
      ['A b SIP/2.0\r\nContent-Length: 99999999\r\n\r\n', /at most/],
      ['x'.repeat(70_000), /do not end/],
      [`GET / HTTP/1.1\r\nHost: a\r\n\r\n`, /no Content-Length/],
    ];
    for (const [text, reason] of cases) {
      const seen = frame([Buffer.from(text), second]);
      assert.equal(seen.broken.length, 1);
      assert.match(seen.broken[0] ?? '', reason);
      assert.deepEqual(seen.messages, []);
    }
  });

  it('never throws on any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 10 }), chunks => {
        frame(chunks.map(chunk => Buffer.from(chunk)));
      }),
    );
  });
});

describe('SIP transport', () => {
  const open: SipTransport[] = [];
  const transport = (with_: TransportOptions = { clock, log }): SipTransport => {
    const made = new SipTransport(with_);
    open.push(made);
    return made;
  };
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
  });
  /** A server that answers every request with 200. */
  const answering = (server: SipTransport): void =>
    server.onMessage((message, flow) => {
      if (message.kind === 'request') flow.send(createResponse(message, 200));
    });
  const response = (client: SipTransport): Promise<SipMessage> => new Promise(resolve => client.onMessage(resolve));

  for (const protocol of ['udp', 'tcp'] as const) {
    it(`carries a request and its answer over ${protocol}`, async () => {
      const server = transport();
      const client = transport();
      answering(server);
      const { address } = await server.listen({ protocol, host: '127.0.0.1', port: 0 });
      const flow = await client.connect({ protocol, ...address, localAddress: '127.0.0.1' });
      const answer = response(client);
      flow.send(options('a'));
      assert.equal((await answer).headers.get('Call-ID'), 'a');
      assert.equal(flow.local.host, '127.0.0.1');
      assert.notEqual(flow.local.port, 0);
      assert.equal(await flow.ping(), true);
    });
  }

  it('carries TLS over a socket that is handed in, and names version and cipher', async () => {
    const ca = await createCa({ name: 'test', key: 'ec', clock, random: systemRandom() });
    const { chain, key } = await ca.issue({
      commonName: 'lab.test',
      ips: ['127.0.0.1'],
      usage: ['server'],
      key: 'rsa',
    });
    const server = transport();
    const client = transport();
    answering(server);
    const tls = { cert: chain, key, maxVersion: 'TLSv1.2' as const };
    const { address } = await server.listen({ protocol: 'tls', host: '127.0.0.1', port: 0, tls });
    const accepted = new Promise<Flow>(resolve => server.onConnection(resolve));
    const socket = tlsConnect({ ...address, ca: ca.root, ciphers: 'AES128-SHA' });
    await once(socket, 'secureConnect');
    const flow = await client.connect({ protocol: 'tls', ...address, tlsConnect: () => Promise.resolve(socket) });
    const answer = response(client);
    flow.send(options('b'));
    assert.equal((await answer).headers.get('Call-ID'), 'b');
    assert.deepEqual(flow.tls, { version: 'TLSv1.2', cipher: 'TLS_RSA_WITH_AES_128_CBC_SHA', peer: 'lab.test' });
    assert.equal((await accepted).tls?.version, 'TLSv1.2');
    assert.equal(await flow.ping(), true);
    const gone = new Promise<string>(resolve => flow.onClose(resolve));
    (await accepted).close();
    assert.match(await gone, /closed/);
    assert.equal(await flow.ping(), false);
  });

  const raw = async (port: number): Promise<{ socket: Socket; text: () => string; closed: Promise<unknown> }> => {
    const socket = connect(port, '127.0.0.1');
    let held = '';
    socket.on('data', chunk => {
      held += chunk.toString();
    });
    socket.on('error', () => undefined);
    const closed = once(socket, 'close');
    await once(socket, 'connect');
    return { socket, text: () => held, closed };
  };

  it('A6: closes connections that send no message or no handshake, and keeps those that do', async () => {
    const virtual = new VirtualClock();
    const server = transport({ clock: virtual, log });
    const ca = await createCa({ name: 'test', key: 'ec', clock, random: systemRandom() });
    const { chain: cert, key } = await ca.issue({ commonName: 'lab.test', usage: ['server'], key: 'ec' });
    const plain = await server.listen({ protocol: 'tcp', host: '127.0.0.1', port: 0 });
    const secure = await server.listen({ protocol: 'tls', host: '127.0.0.1', port: 0, tls: { cert, key } });
    let heard = 0;
    server.onMessage(() => heard++);
    const silent = [await raw(plain.address.port), await raw(secure.address.port)];
    const speaking = await raw(plain.address.port);
    speaking.socket.write(formatMessage(options('a')));
    await eventually('the message came', () => heard === 1);
    await eventually('the silent ones are closed', async () => {
      await virtual.advance(1000);
      return silent.every(({ socket }) => socket.destroyed);
    });
    assert.equal(speaking.socket.destroyed, false);
    await virtual.advance(120_000);
    assert.equal(speaking.socket.destroyed, false);
  });

  it('A6: ends beside a connection whose handshake never came', async () => {
    const server = transport();
    const ca = await createCa({ name: 'test', key: 'ec', clock, random: systemRandom() });
    const { chain: cert, key } = await ca.issue({ commonName: 'lab.test', usage: ['server'], key: 'ec' });
    const { address } = await server.listen({ protocol: 'tls', host: '127.0.0.1', port: 0, tls: { cert, key } });
    const { closed } = await raw(address.port);
    await new Promise(resolve => setImmediate(() => setImmediate(resolve)));
    await server.close();
    await closed;
  });

  it('answers a double CRLF with one, and nothing to a single one (RFC 5626 4.4.1)', async () => {
    const server = transport();
    const { address } = await server.listen({ protocol: 'tcp', host: '127.0.0.1', port: 0 });
    const peer = await raw(address.port);
    peer.socket.write('\r\n');
    peer.socket.write('\r\n\r\n\r\n');
    await once(peer.socket, 'data');
    while (peer.text().length < 4) await once(peer.socket, 'data');
    assert.equal(peer.text(), '\r\n\r\n');
    peer.socket.destroy();
  });

  it('closes a stream with lost framing after reporting the readable request', async () => {
    const server = transport();
    const { address } = await server.listen({ protocol: 'tcp', host: '127.0.0.1', port: 0 });
    const malformed = new Promise<string | undefined>(resolve =>
      server.onMalformed(error => resolve(error instanceof MalformedRequest ? error.request.method : undefined)),
    );
    const peer = await raw(address.port);
    peer.socket.write('OPTIONS sip:a SIP/2.0\r\nCall-ID: 1\r\n\r\n');
    assert.equal(await malformed, 'OPTIONS');
    await peer.closed;
    assert.equal(server.flows().length, 0);
  });

  it('reports a malformed message with a known end, and reads the next', async () => {
    const server = transport();
    answering(server);
    const reasons: string[] = [];
    server.onMalformed(error => void reasons.push(error.message));
    const { address } = await server.listen({ protocol: 'tcp', host: '127.0.0.1', port: 0 });
    const peer = await raw(address.port);
    peer.socket.write('garbage\r\nl: 2\r\n\r\nxy');
    peer.socket.write(formatMessage(options('after')));
    await once(peer.socket, 'data');
    assert.match(peer.text(), /^SIP\/2.0 200 OK.*Call-ID: after/s);
    assert.equal(reasons.length, 1);
    peer.socket.destroy();
  });

  it('closes a connection after the idle limit, not before', async () => {
    const virtual = new VirtualClock();
    const server = transport({ clock: virtual, log });
    const { address } = await server.listen({ protocol: 'tcp', host: '127.0.0.1', port: 0, idleMs: 12_000_000 });
    const accepted = new Promise<Flow>(resolve => server.onConnection(resolve));
    const peer = await raw(address.port);
    const flow = await accepted;
    // A connection that has sent no message at all is closed much earlier.
    const heard = new Promise(resolve => server.onMessage(resolve));
    peer.socket.write(formatMessage(options('a')));
    await heard;
    await virtual.advance(11_999_000);
    peer.socket.write('\r\n\r\n');
    await once(peer.socket, 'data');
    await virtual.advance(11_999_000);
    assert.equal(flow.closed, false);
    await virtual.advance(2_000);
    assert.equal(flow.closed, true);
    await peer.closed;
  });

  it('reports a flow as dead when its ping is not answered in time', async () => {
    const virtual = new VirtualClock();
    const server = transport({ clock: virtual, log });
    const { address } = await server.listen({ protocol: 'tcp', host: '127.0.0.1', port: 0 });
    const accepted = new Promise<Flow>(resolve => server.onConnection(resolve));
    const peer = await raw(address.port);
    const ping = (await accepted).ping(10_000);
    await virtual.advance(10_000);
    assert.equal(await ping, false);
    peer.socket.destroy();
  });

  it('refuses connections above its bound, and a port in use', async () => {
    const server = transport({ clock, log, maxConnections: 1 });
    const { address } = await server.listen({ protocol: 'tcp', host: '127.0.0.1', port: 0 });
    const accepted = new Promise<Flow>(resolve => server.onConnection(resolve));
    const one = await raw(address.port);
    await accepted;
    await (await raw(address.port)).closed;
    assert.equal(server.flows().length, 1);
    await assert.rejects(transport().listen({ protocol: 'tcp', ...address }), /EADDRINUSE/);
    await assert.rejects(
      transport().connect({
        protocol: 'tcp',
        ...address,
        localAddress: '127.0.0.1',
        localPort: one.socket.localPort ?? 0,
      }),
      /EADDRINUSE/,
    );
    one.socket.destroy();
  });

  it('aborts a connection attempt by its signal', async () => {
    const controller = new AbortController();
    controller.abort(new Error('enough'));
    const attempt = transport().connect({ protocol: 'tcp', host: '127.0.0.1', port: 9, signal: controller.signal });
    await assert.rejects(attempt, /enough/);
  });
});
