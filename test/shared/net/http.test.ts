// The HTTP client: on the wire, its failures, over TLS.
import assert from 'node:assert/strict';
import type { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket, Server as TcpServer } from 'node:net';
import { VirtualClock } from '../../../shared/clock.ts';
import { isAbort } from '../../../shared/errors.ts';
import { authenticated, HttpError } from '../../../shared/net/http.ts';
import { type Authority, createCa, type Issued } from '../../../shared/pki/authority.ts';
import { readCertificates } from '../../../shared/pki/certificates.ts';
import { type TlsFacts, TlsRefused, type TlsSettings } from '../../../shared/tls/connect.ts';
import { policyFor } from '../../../shared/tls/profiles.ts';
import {
  client,
  clock,
  closeAll,
  fails,
  get,
  listen,
  opened,
  post,
  random,
  raw,
  serve,
  text,
} from '../../support/servers/http-lab.ts';

describe('HTTP client', () => {
  afterEach(closeAll);

  describe('on the wire', () => {
    it('sends header names as given, Content-Length and never chunked', async () => {
      const seen: string[] = [];
      const { url } = await raw(socket => socket.end('HTTP/1.1 204 No Content\r\n\r\n'));
      const server = opened.servers.at(-1) as TcpServer;
      server.on('connection', socket => socket.on('data', data => seen.push(String(data))));
      await client().send(post(`${url}/a?b=c`, 'grüße', { 'Content-Type': 'text/xml', SOAPAction: '' }));
      const [head = '', body] = seen.join('').split('\r\n\r\n');
      assert.match(head, /^POST \/a\?b=c HTTP\/1\.1\r\n/);
      assert.match(head, /\r\nContent-Type: text\/xml\r\nSOAPAction: ?(\r\n|$)/);
      assert.match(head, /\r\ncontent-length: 7/i);
      assert.doesNotMatch(head, /transfer-encoding|user-agent|accept/i);
      assert.equal(body, 'grüße');
    });

    it('sends an empty POST with Content-Length 0 and no Content-Type', async () => {
      const { url } = await serve((request, response) => response.end(JSON.stringify(request.headers)));
      const { body } = await client().send({ method: 'POST', url, headers: {} });
      const headers = JSON.parse(text(body)) as Record<string, string>;
      assert.equal(headers['content-length'], '0');
      assert.ok(!('content-type' in headers));
    });

    it('reads chunked bodies, several headers of one name, and both ends of the connection', async () => {
      const { url } = await serve((_, response) => {
        response.setHeader('Set-Cookie', ['a=1', 'b=2']);
        response.write('one ');
        response.end('two');
      });
      const response = await client({ localAddress: '127.0.0.7' }).send(get(url));
      assert.deepEqual(
        [response.status, text(response.body), response.headers['set-cookie']],
        [200, 'one two', ['a=1', 'b=2']],
      );
      assert.equal(`http://${response.remote?.address}:${response.remote?.port}`, url);
      assert.equal(response.local?.address, '127.0.0.7');
    });

    it('keeps one connection per origin, and takes a new one after Connection: close', async () => {
      let close = false;
      const { url, connections } = await serve((_, response) => {
        if (close) response.setHeader('Connection', 'close');
        response.end('x'.repeat(100_000));
      });
      const { send } = client();
      for (let index = 0; index < 4; index++) await send(post(url));
      await Promise.all([send(post(url)), send(post(url))]);
      assert.equal(connections(), 1);
      close = true;
      await send(post(url));
      close = false;
      await send(post(url));
      assert.equal(connections(), 2);
    });

    it('opens a new connection when the server has closed the idle one', async () => {
      const { url, server, connections } = await serve((_, response) => response.end());
      const { send } = client();
      await send(get(url));
      const [socket] = opened.sockets;
      server.closeIdleConnections();
      if (socket && !socket.destroyed) await once(socket, 'close');
      await new Promise(resolve => setImmediate(resolve));
      assert.equal((await send(get(url))).status, 200);
      assert.equal(connections(), 2);
    });
  });

  describe('failures', () => {
    it('reports a cut body, bare line feeds, nonsense and an endless head as protocol errors', async () => {
      const answers: [string | ((socket: Socket) => void), RegExp][] = [
        [socket => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc'), /./],
        [socket => socket.destroy(), /./],
        ['HTTP/1.1 200 OK\nContent-Length: 0\n\n', /./],
        ['SSH-2.0-x\r\n', /./],
        [`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, /./],
        ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx', /./],
      ];
      for (const [answer, pattern] of answers) {
        const { url } = await raw(answer);
        await fails(client().send(get(url)), 'protocol', pattern);
      }
    });

    it('reports a body above the limit as too-large and closes the connection', async () => {
      const { url, connections } = await serve((request, response) =>
        response.end(request.url === '/big' ? 'x'.repeat(5_000_000) : 'ok'),
      );
      const { send } = client();
      await fails(send(get(`${url}/big`, { maxBytes: 1000 })), 'too-large', /1000 bytes/);
      assert.equal(text((await send(get(url, { maxBytes: 2 }))).body), 'ok');
      assert.equal(connections(), 2);
      assert.equal((await send(get(`${url}/big`, { maxBytes: 5_000_000 }))).body.length, 5_000_000);
    });

    it('reports a refused connection as connect, a foreign URL as protocol', async () => {
      const { url, server } = await raw('');
      server.close();
      await once(server, 'close');
      await fails(client().send(get(url)), 'connect', /ECONNREFUSED/);
      for (const bad of ['ftp://x/', 'nonsense', ''])
        await fails(client().send(get(bad)), 'protocol', /is not an http/);
      await fails(client().send(get(url, { headers: { 'Bad Name': 'x' } })), 'protocol');
    });

    it('reports silence since the last piece of the answer as timeout', async () => {
      const virtual = new VirtualClock();
      const answering: Socket[] = [];
      const { url } = await raw(socket => void answering.push(socket));
      const pending = client({ clock: virtual }).send(get(url, { timeoutMs: 1000 }));
      const outcome = fails(pending, 'timeout', /said nothing for 1000 ms/);
      while (!answering.length) await new Promise(resolve => setImmediate(resolve));
      await virtual.advance(1000);
      await outcome;
    });

    it('reports a late handshake as timeout, with ETIMEDOUT as its cause', async () => {
      const virtual = new VirtualClock();
      const { url } = await raw(() => undefined);
      const settings = { policy: policyFor('Cwmp', () => undefined), roots: [], now: 0 };
      const pending = client({ clock: virtual, tls: () => settings }).send(get(url.replace('http:', 'https:')));
      const outcome = assert.rejects(pending, { kind: 'timeout', code: 'ETIMEDOUT', message: /no connection with/ });
      await once(opened.servers[0] as TcpServer, 'connection');
      await virtual.advance(30_000);
      await outcome;
    });

    it('reports an aborted request as aborted, before, during and after it', async () => {
      const { url } = await raw(() => undefined);
      const http = client();
      const controller = new AbortController();
      const pending = http.send(get(url, { signal: controller.signal }));
      const outcome = assert.rejects(
        pending,
        error => isAbort(error) && error instanceof HttpError && error.kind === 'aborted',
      );
      await once(opened.servers[0] as TcpServer, 'connection');
      controller.abort();
      await outcome;
      await fails(http.send(get(url, { signal: controller.signal })), 'aborted');
      const left = fails(http.send(get(url)), 'aborted', /closed/);
      await http.close();
      await left;
      await fails(http.send(get(url)), 'aborted', /closed/);
    });
  });

  describe('over TLS', () => {
    let root: Authority;
    let issued: Issued;
    let settings: TlsSettings;

    before(async () => {
      root = await createCa({ name: 'Root', key: 'rsa', clock, random });
      issued = await root.issue({ commonName: '127.0.0.1', ips: ['127.0.0.1'], usage: ['server'], key: 'rsa' });
      settings = { policy: policyFor('Cwmp', () => undefined), roots: readCertificates(root.root), now: clock.now() };
    });

    const secure = (listener: RequestListener) =>
      listen(createHttpsServer({ cert: issued.chain, key: issued.key }, listener), 'https');

    it('reports version, suite and peer of the handshake, and writes the key log', async () => {
      const { url, connections } = await secure((_, response) => response.end('ok'));
      const seen: TlsFacts[] = [];
      const lines: string[] = [];
      const http = client({
        tls: () => ({ ...settings, keylog: line => lines.push(String(line)) }),
        onTls: facts => seen.push(facts),
      });
      assert.equal(http.lastTls(), undefined);
      assert.equal(text((await http.send(get(url))).body), 'ok');
      await http.send(post(url));
      assert.equal(connections(), 1);
      const { version, cipher, peerCertificate } = http.lastTls() as TlsFacts;
      assert.equal(version, 'TLSv1.2');
      assert.ok(settings.policy.suites.includes(cipher), cipher);
      assert.equal((peerCertificate as X509Certificate).subject, 'CN=127.0.0.1');
      assert.deepEqual(seen, [http.lastTls()]);
      assert.match(lines[0] ?? '', /^(CLIENT_RANDOM|RSA) /);
    });

    it('sends nothing to a server that it refuses, and reports the reason', async () => {
      let requests = 0;
      const { url } = await secure((_, response) => {
        requests++;
        response.end();
      });
      const http = client({ tls: () => ({ ...settings, roots: [] }) });
      await assert.rejects(http.send(post(url)), error => {
        assert.ok(error instanceof HttpError && error.kind === 'tls');
        assert.ok(error.cause instanceof TlsRefused);
        return error.cause.verdict.reason === 'no-ca';
      });
      await fails(client().send(get(url)), 'tls', /not set up/);
      assert.equal(requests, 0);
    });

    it('reads its TLS settings at each connection', async () => {
      const { url } = await secure((_, response) => response.setHeader('Connection', 'close').end());
      let { roots } = { ...settings, roots: [] as readonly X509Certificate[] };
      const { send } = client({ tls: () => ({ ...settings, roots }) });
      await fails(send(get(url)), 'tls');
      roots = settings.roots;
      assert.equal((await send(get(url))).status, 200);
    });

    it('answers a basic challenge over TLS, never in clear (TR-069 3.4.4)', async () => {
      const listener: RequestListener = (request, response) => {
        if (request.headers.authorization === `Basic ${Buffer.from('u:p').toString('base64')}`) response.end('in');
        else response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="x"' }).end();
      };
      const credentials = () => ({ username: 'u', password: 'p' });
      const ask = async (url: string) =>
        (await authenticated(client({ tls: () => settings }).send, { credentials, random })(get(url))).status;
      assert.equal(await ask((await secure(listener)).url), 200);
      assert.equal(await ask((await serve(listener)).url), 401);
    });
  });
});
