import assert from 'node:assert/strict';
import type { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import { seededRandom, systemClock, VirtualClock } from '../../../shared/clock.ts';
import { isAbort } from '../../../shared/errors.ts';
import {
  authenticated,
  createHttp,
  type HttpClient,
  HttpError,
  type HttpErrorKind,
  type HttpOptions,
  type HttpRequest,
  withCookies,
  withRedirects,
} from '../../../shared/net/http.ts';
import { Verifier } from '../../../shared/net/verifier.ts';
import { type Authority, createCa, type Issued } from '../../../shared/pki/authority.ts';
import { readCertificates } from '../../../shared/pki/certificates.ts';
import { type TlsFacts, TlsRefused, type TlsSettings } from '../../../shared/tls/connect.ts';
import { policyFor } from '../../../shared/tls/profiles.ts';

const clock = systemClock();
const random = seededRandom(1);
const text = (body: Buffer): string => body.toString('utf8');

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

describe('HTTP client', () => {
  const opened: { servers: TcpServer[]; clients: HttpClient[]; sockets: Set<Socket> } = {
    servers: [],
    clients: [],
    sockets: new Set(),
  };

  afterEach(async () => {
    for (const client of opened.clients.splice(0)) await client.close();
    for (const socket of opened.sockets) socket.destroy();
    for (const server of opened.servers.splice(0)) server.close();
  });

  async function listen<S extends TcpServer>(
    server: S,
    scheme = 'http',
  ): Promise<{ url: string; server: S; connections: () => number }> {
    opened.servers.push(server);
    let connections = 0;
    server.on('connection', (socket: Socket) => {
      connections++;
      opened.sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => opened.sockets.delete(socket));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    return { url: `${scheme}://127.0.0.1:${port}`, server, connections: () => connections };
  }

  const serve = (listener: RequestListener) => listen<Server>(createHttpServer(listener));
  /** A server that answers each request with these bytes. */
  const raw = (answer: string | ((socket: Socket) => void)) =>
    listen(
      createTcpServer(socket => {
        socket.on('data', () => (typeof answer === 'string' ? socket.write(answer) : answer(socket)));
      }),
    );

  const client = (options: Partial<HttpOptions> = {}): HttpClient => {
    const made = createHttp({ clock, ...options });
    opened.clients.push(made);
    return made;
  };

  const get = (url: string, more: Partial<HttpRequest> = {}): HttpRequest => ({
    method: 'GET',
    url,
    headers: {},
    ...more,
  });
  const post = (url: string, body = 'hello', headers = {}): HttpRequest => ({ method: 'POST', url, headers, body });

  const fails = (promise: Promise<unknown>, kind: HttpErrorKind, pattern = /./): Promise<void> =>
    assert.rejects(promise, error => {
      assert.ok(error instanceof HttpError, String(error));
      assert.equal(error.kind, kind, error.message);
      assert.match(error.message, pattern);
      return true;
    });

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
        tls: () => settings,
        onTls: facts => seen.push(facts),
        keylog: line => lines.push(String(line)),
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

  describe('authentication', () => {
    async function guarded(lifetimeMs = 60_000, perConnection = false) {
      const virtual = new VirtualClock();
      const verifier = new Verifier({
        realm: 'acs',
        clock: virtual,
        random,
        key: Buffer.alloc(16),
        lifetimeMs,
        algorithms: ['SHA-256-sess', 'MD5'],
      });
      const rounds: string[] = [];
      const served = await serve(async (request: IncomingMessage, response: ServerResponse) => {
        const { method = '', url: uri = '' } = request;
        const body = await bodyOf(request);
        const binding = perConnection ? String(request.socket.remotePort) : '';
        const header = request.headers.authorization;
        const result = await verifier.verify({ header, method, uri, binding, passwords: () => ['secret'] });
        rounds.push(result.ok ? 'ok' : result.reason);
        if (result.ok) return void response.end(`got ${body}`);
        const challenges = verifier.challenge({ stale: result.stale, binding });
        // A long body, which must not block the next request.
        response.writeHead(401, { 'WWW-Authenticate': challenges }).end('x'.repeat(200_000));
      });
      return { ...served, rounds, virtual };
    }
    const credentials = () => ({ username: 'u', password: 'secret' });

    it('answers a 401 on the same connection, then sends credentials unasked', async () => {
      const { url, rounds, connections } = await guarded();
      const send = authenticated(client().send, { credentials, random });
      for (let index = 0; index < 3; index++)
        assert.equal(text((await send(post(`${url}/acs?x=${index}`))).body), 'got hello');
      assert.deepEqual(rounds, ['missing', 'ok', 'ok', 'ok']);
      assert.equal(connections(), 1);
    });

    it('fetches a new nonce when the old one is stale', async () => {
      const { url, rounds, virtual } = await guarded(1000);
      const send = authenticated(client().send, { credentials, random });
      await send(post(url));
      await virtual.advance(2000);
      assert.equal((await send(post(url))).status, 200);
      assert.deepEqual(rounds, ['missing', 'ok', 'stale', 'ok']);
    });

    it('returns the 401 after one attempt with a wrong password', async () => {
      const { url, rounds } = await guarded();
      const send = authenticated(client().send, { credentials: () => ({ username: 'u', password: 'guess' }), random });
      assert.equal((await send(post(url))).status, 401);
      assert.deepEqual(rounds, ['missing', 'wrong']);
      const none = authenticated(client().send, { credentials: () => undefined, random });
      assert.equal((await none(post(url))).status, 401);
    });

    it('ends after a bounded number of challenges', async () => {
      let requests = 0;
      const { url } = await serve((_, response) => {
        requests++;
        response
          .writeHead(401, { 'WWW-Authenticate': `Digest realm="x", nonce="${requests}", qop="auth", stale=true` })
          .end();
      });
      assert.equal((await authenticated(client().send, { credentials, random })(post(url))).status, 401);
      assert.equal(requests, 3);
    });
  });

  describe('cookies (TR-069 3.4.2)', () => {
    it('returns every unexpired cookie of the session, whatever its domain', async () => {
      const seen: (string | undefined)[] = [];
      const answers = [
        ['a=1; Path=/; HttpOnly', `long=${'x'.repeat(600)}`],
        ['a=2', 'b="q w"; Domain=elsewhere.example', 'sec=1; Secure', 'junk', '=nameless'],
        ['long=; Max-Age=0', 'b=; Expires=Thu, 01 Jan 1970 00:00:00 GMT'],
        [],
      ];
      const listener: RequestListener = (request, response) => {
        seen.push(request.headers.cookie);
        response.setHeader('Set-Cookie', answers.shift() ?? []).end();
      };
      const [one, other] = [await serve(listener), await serve(listener)];
      const send = withCookies(client().send);
      for (const { url } of [one, one, other, other]) await send(get(url));
      assert.deepEqual(seen, [
        undefined,
        `a=1; long=${'x'.repeat(600)}`,
        `a=2; long=${'x'.repeat(600)}; b="q w"`,
        'a=2',
      ]);
    });
  });

  describe('redirects (TR-069 3.4.2)', () => {
    for (const status of [301, 302, 307]) {
      it(`${status}: sends the same POST to the new place, and stays there`, async () => {
        const there: string[] = [];
        const target = await serve(async (request, response) => {
          there.push(`${request.method} ${request.url} ${await bodyOf(request)}`);
          response.end();
        });
        const first = await serve((_, response) =>
          response.writeHead(status, { Location: `${target.url}/new?x=1` }).end('ignored'),
        );
        const send = withRedirects()(client().send);
        await send(post(`${first.url}/acs`));
        await send(post(`${first.url}/acs`, 'again'));
        assert.deepEqual(there, ['POST /new?x=1 hello', 'POST /new?x=1 again']);
        assert.equal(first.connections(), 1);
      });
    }

    it('follows five redirects in a row and refuses a sixth', async () => {
      const { url } = await serve((request, response) => {
        const left = Number(request.url?.slice(1));
        if (left === 0) response.end('there');
        else response.writeHead(302, { Location: `/${left - 1}` }).end();
      });
      assert.equal(text((await withRedirects()(client().send)(post(`${url}/5`))).body), 'there');
      await fails(withRedirects()(client().send)(post(`${url}/6`)), 'protocol', /more than 5 redirects/);
    });

    it('refuses an invalid location, and returns a 303 of a POST and a 304 as they are', async () => {
      const answer = async (status: number, headers: Record<string, string>) => {
        const { url } = await serve((_, response) => response.writeHead(status, headers).end());
        return withRedirects()(client().send)(post(url));
      };
      await fails(answer(302, {}), 'protocol', /without a Location/);
      await fails(answer(302, { Location: 'file:///etc/passwd' }), 'protocol', /no http or https URL/);
      await fails(answer(307, { Location: 'http://[' }), 'protocol', /no http or https URL/);
      assert.equal((await answer(303, { Location: '/' })).status, 303);
      assert.equal((await answer(304, {})).status, 304);
    });

    it('authenticates and keeps cookies separately at each redirect target', async () => {
      const seen: string[] = [];
      const guard =
        (realm: string, then: (response: ServerResponse) => void): RequestListener =>
        (request, response) => {
          const given = request.headers.authorization ?? '';
          seen.push(`${realm} ${given.includes(`realm="${realm}"`)} ${request.headers.cookie ?? ''}`);
          if (given.includes(`realm="${realm}"`)) then(response);
          else
            response
              .writeHead(401, {
                'WWW-Authenticate': `Digest realm="${realm}", nonce="n", qop="auth"`,
                'Set-Cookie': `${realm}=1`,
              })
              .end();
        };
      const target = await serve(guard('two', response => response.end('done')));
      const first = await serve(guard('one', response => response.writeHead(307, { Location: target.url }).end()));
      const credentials = () => ({ username: 'u', password: 'p' });
      const send = withRedirects()(authenticated(withCookies(client().send), { credentials, random }));
      assert.equal(text((await send(post(first.url))).body), 'done');
      assert.deepEqual(seen, ['one false ', 'one true one=1', 'two false one=1', 'two true one=1; two=1']);
    });
  });
});
