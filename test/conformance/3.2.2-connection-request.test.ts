// TR-069 3.2.2, the ACS's side: the GET that asks a device for a session, and the meaning of its answers.
import assert from 'node:assert/strict';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DeviceRow } from '../../acs/device/row.ts';
import { createSecrets } from '../../acs/fleet/common/secrets.ts';
import { createHttpSender } from '../../acs/south/connection-request/http.ts';
import type { ConnectionRequestOutcome } from '../../acs/south/connection-request/policy.ts';
import { seededRandom, VirtualClock } from '../../shared/clock.ts';
import { networks } from '../../shared/net/address.ts';
import { Verifier } from '../../shared/net/verifier.ts';

interface Heard {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

describe('3.2.2 Connection request of the ACS by HTTP', () => {
  const clock = new VirtualClock();
  const random = seededRandom(2);
  const secrets = createSecrets(Buffer.alloc(32, 1), random);
  const verifier = new Verifier({ realm: 'cpe', clock, random, key: Buffer.alloc(32, 2) });
  const send = createHttpSender({ clock, random, secrets, allowed: networks([]) });
  let server: Server;
  let heard: Heard[];
  let answer: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;
  beforeEach(async () => {
    heard = [];
    server = createServer((request, response) => {
      let body = '';
      request.on('data', data => {
        body += String(data);
      });
      request.on('end', () => {
        heard.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
        void answer(request, response);
      });
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  });

  const row = (more: object = {}): DeviceRow =>
    ({
      address: '127.0.0.1',
      connectionRequest: {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret/path`,
        username: 'acs',
        password: secrets.seal('pw'),
        ...more,
      },
    }) as DeviceRow;
  const ask = (device = row()): Promise<ConnectionRequestOutcome> => send(device, new AbortController().signal);
  const status =
    (code: number, headers: Record<string, string> = {}, body = ''): typeof answer =>
    (_request, response) =>
      void response.writeHead(code, headers).end(body);

  it('sends a GET without data, with digest on demand, and ignores the body of a 200', async () => {
    answer = async (request, response) => {
      const header = request.headers.authorization;
      const verdict = await verifier.verify({
        header,
        method: 'GET',
        uri: request.url ?? '',
        passwords: name => (name === 'acs' ? ['pw'] : undefined),
      });
      if (verdict.ok) response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>hello</html>');
      else response.writeHead(401, { 'WWW-Authenticate': verifier.challenge() }).end('no');
    };
    assert.deepEqual(await ask(), { outcome: 'accepted' });
    assert.deepEqual(
      heard.map(({ method, url, body }) => [method, url, body]),
      [
        ['GET', '/secret/path', ''],
        ['GET', '/secret/path', ''],
      ],
    );
    assert.equal(heard[0]?.headers.authorization, undefined);
    assert.match(heard[1]?.headers.authorization ?? '', /^Digest .*qop=auth/);
  });

  it('takes 204 as accepted', async () => {
    answer = status(204);
    assert.deepEqual(await ask(), { outcome: 'accepted' });
  });

  it('takes 401 after credentials, 503, 404 and other statuses as refused, each with its reason', async () => {
    const reasons = new Set<string>();
    for (const code of [401, 503, 404, 500, 302]) {
      answer = status(code, {
        ...(code === 401 && { 'WWW-Authenticate': String(verifier.challenge()) }),
        ...(code === 302 && { Location: '/elsewhere' }),
      });
      const outcome = await ask();
      assert.equal(outcome.outcome, 'failed', String(code));
      if (outcome.outcome === 'failed') reasons.add(outcome.reason);
    }
    assert.equal(reasons.size, 5);
    assert.ok(
      heard.every(({ url }) => url === '/secret/path'),
      'no redirect is followed',
    );
  });

  it('uses http only, never https, and never sends a password to a basic challenge', async () => {
    const { port } = server.address() as AddressInfo;
    answer = status(401, { 'WWW-Authenticate': 'Basic realm="x"' });
    assert.equal((await ask(row({ url: `https://127.0.0.1:${port}/` }))).outcome, 'closed');
    assert.equal(heard.length, 0);
    assert.equal((await ask()).outcome, 'failed');
    assert.ok(heard.every(({ headers }) => headers.authorization === undefined));
  });

  it('gives up after seconds when the device does not answer', async () => {
    answer = () => undefined;
    const asked = ask();
    while (heard.length === 0) await new Promise(resume => setImmediate(resume));
    await clock.advance(10_000);
    assert.equal((await asked).outcome, 'failed');
  });
});
