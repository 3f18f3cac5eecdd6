// The HTTP client against servers that speak as the standard lets them: raw sockets, whose bytes each test writes itself.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import fc from 'fast-check';
import { seededRandom, systemClock } from '../../../shared/clock.ts';
import { authenticated, createHttp, type HttpClient, HttpError, withRedirects } from '../../../shared/net/http.ts';
import { ResponseHeads } from '../../../shared/net/response-head.ts';

const CHALLENGE =
  'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm="r", nonce="n1", qop="auth"\r\nContent-Length: 0\r\n\r\n';
const GOOD = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const MOVED = 'HTTP/1.1 302 Found\r\nLocation: /new\r\nContent-Length: 0\r\n\r\n';

describe('HTTP client and its peers', () => {
  let server: Server | undefined;
  let client: HttpClient | undefined;
  afterEach(async () => {
    await client?.close();
    server?.close();
  });

  /** @param answer gets the socket, the number of its connection and of the request on it, both from 1 */
  async function play(
    answer: (socket: Socket, connection: number, request: number, head: string) => void,
  ): Promise<string> {
    let connections = 0;
    server = createServer(socket => {
      const connection = ++connections;
      let requests = 0;
      socket.on('error', () => undefined).on('data', data => answer(socket, connection, ++requests, String(data)));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    client = createHttp({ clock: systemClock() });
    return `http://127.0.0.1:${(server.address() as { port: number }).port}/x`;
  }

  const login = { credentials: () => ({ username: 'u', password: 'p' }), random: seededRandom(1) };
  const send = (url: string, method = 'GET') =>
    withRedirects()(authenticated((client as HttpClient).send, login))({
      method,
      url,
      headers: {},
      body: method === 'POST' ? 'x' : undefined,
    });

  for (const method of ['GET', 'POST']) {
    it(`D1: answers a challenge although the server closes after its 401 unsaid (${method})`, async () => {
      const url = await play((socket, connection) => socket.end(connection === 1 ? CHALLENGE : GOOD));
      assert.equal((await send(url, method)).status, 200);
    });

    it(`D1: answers a challenge whose connection ends as the answer arrives (${method})`, async () => {
      const url = await play((socket, connection, request) => {
        if (request > 1) socket.end();
        else socket.write(connection === 1 ? CHALLENGE : GOOD);
      });
      assert.equal((await send(url, method)).status, 200);
    });

    it(`D1: follows a redirect whose connection ends as the next request arrives (${method})`, async () => {
      const url = await play((socket, connection, request) => {
        if (request > 1) socket.end();
        else socket.write(connection === 1 ? MOVED : GOOD);
      });
      assert.equal((await send(url, method)).status, 200);
    });
  }

  it('D1: does not repeat a POST that was read after a good answer, and repeats a GET once only', async () => {
    const heads: string[] = [];
    const url = await play((socket, _, request, head) => {
      heads.push(head.slice(0, 4).trim());
      if (request > 1) socket.end();
      else socket.write(GOOD);
    });
    await send(url);
    await assert.rejects(send(url, 'POST'), HttpError);
    assert.deepEqual(heads, ['GET', 'POST']);
    await send(url);
    assert.equal((await send(url)).status, 200);
    assert.deepEqual(heads, ['GET', 'POST', 'GET', 'GET', 'GET']);
  });

  it('D2: reads past 100 Continue that was not asked for, several and in pieces', async () => {
    const url = await play((socket, _, request) => {
      socket.write('HTTP/1.1 100 Con');
      setImmediate(() =>
        socket.write(`tinue\r\n\r\n${request > 1 ? 'HTTP/1.1 100 Continue\r\nX: y\r\n\r\n' : ''}${GOOD}`),
      );
    });
    for (let round = 0; round < 3; round++) assert.equal(String((await send(url, 'POST')).body), 'ok');
  });

  it('D2: reads folded header lines, so that a folded challenge is answered', async () => {
    const folded =
      'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm="r",\r\n  nonce="n1",\r\n\tqop="auth"\r\nContent-Length: 0\r\n\r\n';
    const heads: string[] = [];
    const url = await play((socket, _, request, head) => {
      heads.push(head);
      socket.write(request === 1 ? folded : GOOD);
    });
    assert.equal((await send(url)).status, 200);
    assert.match(heads[1] ?? '', /Authorization: Digest username="u", realm="r", nonce="n1".*qop=auth/);
  });

  it('D2: leaves every body as it is, however the answer is cut into pieces', () => {
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.constantFrom('HTTP/1.1 100 Continue\r\n\r\nx', 'a\r\n b\r\n\r\nc'),
    );
    fc.assert(
      fc.property(body, fc.array(fc.nat(60), { maxLength: 8 }), fc.nat(2), (content, cuts, interims) => {
        const head = 'HTTP/1.1 200 OK\r\nA: b,\r\n \t c\r\nD: e\r\n\r\n';
        const all = Buffer.concat([
          Buffer.from('HTTP/1.1 100 Continue\r\n\r\n'.repeat(interims) + head),
          Buffer.from(content as Uint8Array),
        ]);
        const heads = new ResponseHeads();
        heads.expect();
        const passed: Buffer[] = [];
        let at = 0;
        for (const cut of [...cuts, all.length]) {
          passed.push(heads.pass(all.subarray(at, at + cut)));
          at += cut;
        }
        const expected = Buffer.concat([
          Buffer.from('HTTP/1.1 200 OK\r\nA: b, c\r\nD: e\r\n\r\n'),
          Buffer.from(content as Uint8Array),
        ]);
        assert.equal(Buffer.concat(passed).toString('latin1'), expected.toString('latin1'));
      }),
    );
  });
});
