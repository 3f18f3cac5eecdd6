// Connection requests by HTTP and UDP: allowed addresses, outcomes, and the choice between the two.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DeviceRow } from '../../../acs/device/row.ts';
import { createEvents } from '../../../acs/events.ts';
import { createSecrets } from '../../../acs/fleet/common/secrets.ts';
import { createHttpSender } from '../../../acs/south/connection-request/http.ts';
import type { ConnectionRequestSender } from '../../../acs/south/connection-request/policy.ts';
import { createConnectionRequests } from '../../../acs/south/connection-request/send.ts';
import { createUdpSender } from '../../../acs/south/connection-request/udp.ts';
import { seededRandom, systemClock, systemRandom, VirtualClock } from '../../../shared/clock.ts';
import { parseUdpRequest } from '../../../shared/cwmp/udp-request.ts';
import { networks } from '../../../shared/net/address.ts';
import type { Endpoint } from '../../../shared/stun.ts';
import { deviceId as id } from '../../support/devices.ts';

const ADDRESS = 'Device.ManagementServer.UDPConnectionRequestAddress';
const never = new AbortController().signal;

describe('connection requests of the ACS', () => {
  const random = systemRandom();
  const secrets = createSecrets(Buffer.alloc(32, 7), random);
  const row = (more: Partial<DeviceRow> & { url?: string; udp?: string } = {}): DeviceRow => {
    const { url = '', udp, ...rest } = more;
    return {
      id,
      address: '127.0.0.1',
      root: 'Device.',
      connectionRequest: { url, username: 'acs', password: secrets.seal('pw') },
      told: JSON.stringify(udp === undefined ? {} : { [ADDRESS]: udp }),
      ...rest,
    } as DeviceRow;
  };

  describe('by HTTP', () => {
    let server: Server;
    let base: string;
    let calls: string[];
    let status: number;
    let challenge = '';
    const sender = (allow: string[] = []): ConnectionRequestSender =>
      createHttpSender({ clock: systemClock(), random, secrets, allowed: networks(allow) });
    beforeEach(async () => {
      calls = [];
      challenge = '';
      server = createServer((request, response) => {
        calls.push(request.url ?? '');
        if (challenge !== '') response.setHeader('WWW-Authenticate', challenge);
        response.writeHead(status, { Location: `${base}/elsewhere`, 'Content-Length': 0 });
        response.end();
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    afterEach(async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    });

    it('calls only the address that informed and allowed networks', async () => {
      status = 200;
      const accepted = { outcome: 'accepted' };
      assert.deepEqual(await sender()(row({ url: `${base}/a` }), never), accepted);
      assert.deepEqual(await sender(['127.0.0.0/8'])(row({ url: `${base}/b`, address: '192.0.2.1' }), never), accepted);
      const elsewhere = await sender(['10.0.0.0/8'])(row({ url: `${base}/c`, address: '192.0.2.1' }), never);
      assert.deepEqual(elsewhere, {
        outcome: 'closed',
        reason: '127.0.0.1 is not the address that informed (192.0.2.1), nor in an allowed network',
      });
      for (const url of ['https://127.0.0.1/', 'http://localhost/', 'file:///etc/passwd', 'junk', ''])
        assert.equal((await sender()(row({ url }), never)).outcome, 'closed', url);
      assert.deepEqual(calls, ['/a', '/b']);
    });

    it('D7: calls a device whose URL maps its IPv4 address into IPv6', async () => {
      status = 200;
      for (const host of ['[::ffff:127.0.0.1]', '[::FFFF:7f00:1]'])
        assert.deepEqual(await sender()(row({ url: `${base.replace('127.0.0.1', host)}/cr` }), never), {
          outcome: 'accepted',
        });
      const other = await sender()(row({ url: `${base.replace('127.0.0.1', '[::ffff:127.0.0.2]')}/cr` }), never);
      assert.equal(other.outcome, 'closed');
      assert.deepEqual(calls, ['/cr', '/cr']);
    });

    it('C5: gives the reason of a 401 as it was', async () => {
      status = 401;
      const reasonOf = async (asked: string, pair?: object): Promise<string> => {
        challenge = asked;
        const url = `${base}/cr`;
        const device = row(pair ? { url, connectionRequest: { url, ...pair } as never } : { url });
        const outcome = await sender()(device, never);
        assert.equal(outcome.outcome, 'failed');
        return 'reason' in outcome ? outcome.reason : '';
      };
      const digest = 'Digest realm="r", nonce="n", qop="auth"';
      assert.match(await reasonOf('Basic realm="r"'), /asks for basic instead of digest .* no credentials were sent/);
      assert.match(await reasonOf(''), /without a challenge/);
      assert.deepEqual(calls, ['/cr', '/cr'], 'no second request');
      assert.match(await reasonOf(digest, { username: '', password: '' }), /has given it none/);
      assert.equal(await reasonOf(digest), 'the device refused the credentials');
    });

    it('notes that a device has refused its credentials, and no other 401', async () => {
      status = 401;
      const noted: string[] = [];
      const send = createConnectionRequests({
        events: createEvents(),
        http: sender(),
        onPairRefused: async device => void noted.push(device.id),
        signal: never,
      });
      for (const asked of ['', 'Basic realm="r"', 'Digest realm="r", nonce="n", algorithm=NONE']) {
        challenge = asked;
        await send(row({ url: `${base}/cr` }));
      }
      assert.deepEqual(noted, []);
      challenge = 'Digest realm="r", nonce="n", qop="auth"';
      assert.deepEqual(await send(row({ url: `${base}/cr` })), {
        accepted: false,
        reason: 'the device refused the credentials',
      });
      assert.deepEqual(noted, [id]);
      await send(row({ connectionRequest: { url: `${base}/cr`, username: '', password: '' } }));
      assert.deepEqual(noted, [id], 'none were known');
    });

    it('does not follow a redirect', async () => {
      for (const redirect of [301, 302, 307, 308]) {
        status = redirect;
        assert.deepEqual(await sender()(row({ url: `${base}/x` }), never), {
          outcome: 'failed',
          reason: `the device answered ${redirect}`,
        });
      }
      assert.deepEqual(calls, ['/x', '/x', '/x', '/x']);
    });
  });

  describe('by UDP', () => {
    let clock: VirtualClock;
    let sent: { bytes: Buffer; to: Endpoint; at: number }[];
    let arrive: (events: string[]) => void;
    let listeners: number;
    const sender = (allow: string[] = []): ConnectionRequestSender =>
      createUdpSender({
        clock,
        random: seededRandom(1),
        secrets,
        allowed: networks(allow),
        server: { send: async (bytes, to) => void sent.push({ bytes, to, at: clock.monotonic() }) },
        onArrival: (_device, listener) => {
          listeners++;
          arrive = listener;
          return () => listeners--;
        },
      });
    beforeEach(() => {
      clock = new VirtualClock();
      sent = [];
      listeners = 0;
    });

    it('sends identical signed copies and takes the session as evidence', async () => {
      const outcome = sender()(row({ udp: '127.0.0.1:5000' }), never);
      await clock.advance(10_000);
      assert.deepEqual(
        sent.map(({ at }) => at),
        [0, 200, 1000],
      );
      assert.equal(new Set(sent.map(({ bytes }) => bytes.toString())).size, 1);
      assert.deepEqual(sent[0]?.to, { address: '127.0.0.1', port: 5000 });
      assert.equal(parseUdpRequest(sent[0]?.bytes ?? Buffer.alloc(0))?.un, 'acs');
      arrive(['2 PERIODIC']);
      await clock.settle();
      assert.equal(listeners, 1, 'a session for another reason is no evidence');
      arrive(['4 VALUE CHANGE', '6 CONNECTION REQUEST']);
      assert.deepEqual(await outcome, { outcome: 'accepted' });
      assert.equal(listeners, 0);
    });

    it('stops sending copies once the session begins', async () => {
      const outcome = sender()(row({ udp: '127.0.0.1:5000' }), never);
      await clock.advance(100);
      arrive(['6 CONNECTION REQUEST']);
      await outcome;
      await clock.advance(5_000);
      assert.equal(sent.length, 1);
    });

    it('fails with a reason after 30 s without a session (TR-069 3.2.2)', async () => {
      const outcome = sender()(row({ udp: '[::1]:5000', address: '::1' }), never);
      await clock.advance(30_000);
      assert.deepEqual(await outcome, { outcome: 'failed', reason: '[::1]:5000: no session within 30 s' });
      assert.equal(listeners, 0);
    });

    it('gives each request to a device a newer timestamp, even within one second', async () => {
      const send = sender();
      for (let count = 0; count < 3; count++) {
        const outcome = send(row({ udp: '127.0.0.1:5000' }), never);
        await clock.settle();
        arrive(['6 CONNECTION REQUEST']);
        await outcome;
      }
      const times = sent.map(({ bytes }) => parseUdpRequest(bytes)?.ts ?? 0);
      const first = clock.now() / 1000;
      assert.deepEqual(times, [first, first + 1, first + 2]);
    });

    it('sends only to the address that informed and to allowed networks', async () => {
      for (const udp of [
        '192.0.2.7:5000',
        'localhost:5000',
        '127.0.0.1:0',
        '127.0.0.1:70000',
        'http://127.0.0.1',
        '@',
        '',
      ])
        assert.equal((await sender()(row({ udp }), never)).outcome, 'closed', udp);
      assert.equal((await sender()(row(), never)).outcome, 'closed');
      assert.equal(sent.length, 0);
      const allowed = sender(['192.0.2.0/24'])(row({ udp: '192.0.2.7' }), never);
      await clock.settle();
      assert.deepEqual(sent[0]?.to, { address: '192.0.2.7', port: 80 });
      arrive(['6 CONNECTION REQUEST']);
      await allowed;
    });
  });

  describe('choice of protocol', () => {
    const events = createEvents();
    const stop = new AbortController();
    const protocols: string[] = [];
    const senderOf =
      (name: string, outcome: Awaited<ReturnType<ConnectionRequestSender>>): ConnectionRequestSender =>
      async () => {
        protocols.push(name);
        return outcome;
      };
    const requests = (
      http: Awaited<ReturnType<ConnectionRequestSender>>,
      udp?: Awaited<ReturnType<ConnectionRequestSender>>,
    ): ReturnType<typeof createConnectionRequests> => {
      protocols.length = 0;
      return createConnectionRequests({
        events,
        http: senderOf('http', http),
        ...(udp && { udp: senderOf('udp', udp) }),
        signal: stop.signal,
      });
    };
    const accepted = { outcome: 'accepted' } as const;
    const failed = (reason: string, final = false) => ({ outcome: 'failed', reason, final }) as const;
    const closed = (reason: string) => ({ outcome: 'closed', reason }) as const;

    it('falls back from HTTP to UDP unless the device answers that it is busy', async () => {
      assert.deepEqual(await requests(accepted, accepted)(row()), { accepted: true });
      assert.deepEqual(protocols, ['http']);
      assert.deepEqual(await requests(closed('private'), accepted)(row()), { accepted: true });
      assert.deepEqual(protocols, ['http', 'udp']);
      assert.deepEqual(await requests(failed('silent'), accepted)(row()), { accepted: true });
      assert.deepEqual(await requests(failed('busy', true), accepted)(row()), { accepted: false, reason: 'busy' });
      assert.deepEqual(protocols, ['http']);
    });

    it('reports the reason of each protocol that failed', async () => {
      assert.deepEqual(await requests(failed('silent'), failed('no session'))(row()), {
        accepted: false,
        reason: 'HTTP: silent; UDP: no session',
      });
      assert.deepEqual(await requests(failed('silent'))(row()), { accepted: false, reason: 'silent' });
    });

    it('shares one request between callers that ask at the same time', async () => {
      const emitted: unknown[] = [];
      const end = events.on('connectionRequest', event => emitted.push(event));
      const send = requests(accepted);
      assert.deepEqual(await Promise.all([send(row()), send(row())]), [{ accepted: true }, { accepted: true }]);
      assert.deepEqual(protocols, ['http']);
      assert.deepEqual(emitted, [{ device: id, accepted: true }]);
      end();
    });
  });
});
