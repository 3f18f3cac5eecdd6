// The listener of connection requests by HTTP, over real sockets.
import assert from 'node:assert/strict';
import { connect, createServer } from 'node:net';
import { seededRandom } from '../../../shared/clock.ts';
import { answerChallenge, chooseDigest, parseChallenges } from '../../../shared/net/digest.ts';
import {
  argumentsOf,
  ask,
  fault,
  friendly,
  informResponse,
  type ScriptedAcs,
  scriptedAcs,
} from '../../support/cpe/scripted-acs.ts';
import { type TestUnit, testUnit, type UnitOptions } from '../../support/cpe/unit.ts';

const random = seededRandom(9);
const listen = { host: '127.0.0.1', port: 0 };

/** One request on a connection of its own; resolves with status and headers once the unit closes it. */
function raw(url: URL, text: string): Promise<{ status: number; headers: Map<string, string>; body: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(url.port), url.hostname, () => socket.write(text));
    let answer = '';
    socket.on('data', data => {
      answer += String(data);
    });
    socket.on('error', reject);
    socket.on('close', () => {
      const [head = '', body = ''] = answer.split('\r\n\r\n');
      const [first = '', ...lines] = head.split('\r\n');
      const headers = new Map(
        lines.map(line => [line.split(':')[0]?.toLowerCase() ?? '', line.slice(line.indexOf(':') + 1).trim()] as const),
      );
      resolve({ status: Number(first.split(' ')[1]), headers, body });
    });
  });
}

const get = (url: URL, authorization?: string, method = 'GET') =>
  raw(
    url,
    `${method} ${url.pathname} HTTP/1.1\r\nHost: x\r\n${authorization ? `Authorization: ${authorization}\r\n` : ''}\r\n`,
  );

async function authorize(url: URL, username = 'admin', password = 'administrator', nc = 1): Promise<string> {
  const { headers } = await get(url);
  const challenge = chooseDigest(parseChallenges(headers.get('www-authenticate')));
  assert.ok(challenge);
  return answerChallenge({ challenge, username, password, method: 'GET', uri: url.pathname, random, nc });
}

describe('connection requests (TR-069 3.2.2)', () => {
  let acs: ScriptedAcs;
  let unit: TestUnit;
  beforeEach(async () => {
    acs = await scriptedAcs();
  });
  afterEach(async () => {
    await unit?.close();
    await acs.close();
  });
  const start = async (options: UnitOptions = {}): Promise<URL> => {
    unit = await testUnit({ url: acs.url, listen, ...options });
    await unit.boot();
    await unit.ended(1);
    return new URL(unit.gateway.agent?.connectionRequestUrl ?? '');
  };
  const codes = (session: number): string[] => unit.codes(session);

  it('shows its URL in the Inform and in the model, with an unguessable path', async () => {
    const url = await start();
    assert.match(url.href, /^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}$/);
    const told = argumentsOf(acs.heard[0], 'Inform').ParameterList;
    assert.equal(told.find(({ Name }) => Name === 'Device.ManagementServer.ConnectionRequestURL')?.Value, url.href);
    assert.equal(unit.device.config.get('Device.ManagementServer.ConnectionRequestURL'), url.href);
  });

  it('answers the right digest with an empty 200 and one session with 6 CONNECTION REQUEST', async () => {
    const url = await start();
    const answer = await get(url, await authorize(url));
    assert.deepEqual([answer.status, answer.headers.get('content-length'), answer.body], [200, '0', '']);
    await unit.ended(2);
    assert.deepEqual(codes(2), ['6 CONNECTION REQUEST']);
  });

  it('answers a missing or wrong digest with a 401 challenge, and opens no session', async () => {
    const url = await start();
    const wrong = [
      undefined,
      await authorize(url, 'admin', 'wrong'),
      await authorize(url, 'eve'),
      'Basic YWRtaW46YWRtaW5pc3RyYXRvcg==',
      'Digest nonsense',
    ];
    for (const header of wrong) {
      const answer = await get(url, header);
      assert.equal(answer.status, 401, header);
      assert.match(answer.headers.get('www-authenticate') ?? '', /^Digest .*qop="auth"/);
    }
    await unit.clock.advance(60_000);
    assert.equal(unit.sessions.length, 1);
  });

  it('D6: takes a request target in absolute form (RFC 9112 3.2.2)', async () => {
    const url = await start();
    const challenge = chooseDigest(parseChallenges((await get(url)).headers.get('www-authenticate')));
    assert.ok(challenge);
    for (const [nc, uri] of [url.pathname, url.href].entries()) {
      const login = { username: 'admin', password: 'administrator' };
      const authorization = answerChallenge({ challenge, ...login, method: 'GET', uri, random, nc: nc + 1 });
      const answer = await raw(url, `GET ${url.href} HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\n\r\n`);
      assert.equal(answer.status, 200);
      await unit.ended(nc + 2);
    }
  });

  it('refuses a replayed digest', async () => {
    const url = await start();
    const header = await authorize(url);
    assert.equal((await get(url, header)).status, 200);
    await unit.ended(2);
    assert.equal((await get(url, header)).status, 401);
    await unit.clock.advance(60_000);
    assert.equal(unit.sessions.length, 2);
  });

  it('answers other methods with 405, other paths with 404, and non-HTTP with nothing', async () => {
    const url = await start();
    assert.equal((await get(url, await authorize(url), 'POST')).status, 405);
    assert.equal((await get(new URL('/', url))).status, 404);
    assert.ok(Number.isNaN((await raw(url, '\x16\x03\x01 hello\r\n\r\n')).status));
    const endless = await raw(url, `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
    assert.ok(endless.status !== 200);
    await unit.clock.advance(60_000);
    assert.equal(unit.sessions.length, 1);
  });

  it('answers 503 during a session, which continues', async () => {
    const url = await start();
    const header = await authorize(url);
    let status = 0;
    acs.play(async heard => {
      status = (await get(url, header)).status;
      return friendly(heard);
    });
    unit.gateway.agent?.inform('2 PERIODIC');
    await unit.ended(2);
    assert.equal(status, 503);
    assert.equal(unit.sessions[1]?.ok, true);
    await unit.clock.advance(60_000);
    assert.equal(unit.sessions.length, 2);
  });

  it('F2: tells in Retry-After when it takes a connection request again', async () => {
    const url = await start();
    const header = await authorize(url);
    let answer: Awaited<ReturnType<typeof get>> | undefined;
    acs.play(async heard => {
      answer = await get(url, header);
      return friendly(heard);
    });
    unit.gateway.agent?.inform('2 PERIODIC');
    await unit.ended(2);
    assert.deepEqual([answer?.status, answer?.headers.get('retry-after')], [503, '5']);
    for (let count = 0; count < 70 && answer?.headers.get('retry-after') !== '60'; count++)
      answer = await get(url, await authorize(url));
    assert.equal(answer?.headers.get('retry-after'), '60');
  });

  it('opens one session for several requests before it starts', async () => {
    const url = await start();
    const headers = [await authorize(url), await authorize(url), await authorize(url)];
    const statuses = await Promise.all(headers.map(header => get(url, header)));
    await unit.ended(2);
    await unit.clock.advance(60_000);
    assert.ok(statuses.some(({ status }) => status === 200));
    assert.ok(unit.sessions.length <= 1 + statuses.filter(({ status }) => status === 200).length);
  });

  it('answers a flood with 503', async () => {
    const url = await start();
    acs.always({ silent: false });
    let refused = 0;
    for (let count = 0; count < 70; count++) {
      const { status } = await get(url, await authorize(url));
      if (status === 503) refused++;
    }
    assert.ok(refused >= 10, `${refused} refused`);
  });

  it('never reports event 6 twice, and does not retry for it alone', async () => {
    const url = await start();
    acs.play(fault(8002));
    await get(url, await authorize(url));
    await unit.ended(2);
    await unit.clock.advance(3_600_000);
    assert.equal(unit.sessions.length, 2);
    unit.gateway.agent?.inform('2 PERIODIC');
    await unit.ended(3);
    assert.deepEqual(codes(3), ['2 PERIODIC']);
    assert.equal(argumentsOf(acs.heard.at(-2), 'Inform').RetryCount, 1);
  });

  it('applies credentials that the ACS sets at once', async () => {
    await start();
    const P = 'Device.ManagementServer.ConnectionRequest';
    const values = [
      { Name: `${P}Username`, Value: 'acs', Type: 'xsd:string' },
      { Name: `${P}Password`, Value: 'new', Type: 'xsd:string' },
    ];
    acs.play(informResponse(), ask('SetParameterValues', { ParameterList: values as never, ParameterKey: '' }));
    unit.gateway.agent?.inform();
    await unit.ended(2);
    const url = new URL(unit.gateway.agent?.connectionRequestUrl ?? '');
    assert.equal((await get(url, await authorize(url))).status, 401);
    assert.equal((await get(url, await authorize(url, 'acs', 'new'))).status, 200);
    await unit.ended(3);
  });

  it('keeps its URL over a reboot', async () => {
    const url = await start();
    await unit.gateway.powerOff();
    await unit.boot();
    await unit.ended(2);
    assert.equal(unit.gateway.agent?.connectionRequestUrl, url.href);
    assert.deepEqual(codes(2), ['1 BOOT']);
  });

  it('notifies the ACS of another port after a reboot', async () => {
    const url = await start();
    await unit.gateway.powerOff();
    const squatter = createServer();
    await new Promise<void>(resolve => squatter.listen(Number(url.port), '127.0.0.1', resolve));
    await unit.boot();
    await unit.ended(2);
    assert.notEqual(unit.gateway.agent?.connectionRequestUrl, url.href);
    assert.deepEqual(codes(2), ['1 BOOT', '4 VALUE CHANGE']);
    await new Promise(resolve => squatter.close(resolve));
  });

  it('moves to Cwmp.ListeningPort, and notifies the ACS of the new URL', async () => {
    const url = await start();
    const other = await scriptedAcs();
    const port = other.port;
    await other.close();
    await unit.device.config.set(
      [{ name: unit.device.config.pathOf('Cwmp.ListeningPort') ?? '', value: String(port) }],
      'web',
    );
    await unit.ended(2);
    const moved = new URL(unit.gateway.agent?.connectionRequestUrl ?? '');
    assert.equal(moved.port, String(port));
    assert.equal(moved.pathname, url.pathname);
    assert.deepEqual(codes(2), ['4 VALUE CHANGE']);
    assert.equal((await get(moved, await authorize(moved))).status, 200);
    await unit.ended(3);
  });

  it('closes when EnableCWMP or HTTPConnectionRequestEnable is off (plain device)', async () => {
    unit = await testUnit({ url: acs.url, listen, model: 'device' });
    await unit.boot();
    await unit.ended(1);
    assert.notEqual(unit.gateway.agent?.connectionRequestUrl, '');
    await unit.device.config.set([{ name: 'Device.ManagementServer.EnableCWMP', value: '0' }], 'web');
    unit.gateway.agent?.inform('2 PERIODIC');
    await unit.clock.advance(60_000);
    assert.equal(unit.gateway.agent?.connectionRequestUrl, '');
    assert.equal(unit.sessions.length, 1);
    await unit.device.config.set([{ name: 'Device.ManagementServer.EnableCWMP', value: '1' }], 'web');
    await unit.ended(2);
    assert.ok(codes(2).includes('2 PERIODIC'));
  });
});
