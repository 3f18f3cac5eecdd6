// A gateway is woken over sockets: by UDP through a NAT and the ACS's own STUN server, or by HTTP; and only by whom it should,
// and the ACS calls only where it may.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { informValues } from '../../acs/device/inform.ts';
import type { DeviceRow } from '../../acs/device/row.ts';
import { createEvents } from '../../acs/events.ts';
import { createSecrets } from '../../acs/fleet/common/secrets.ts';
import { createHttpSender } from '../../acs/south/connection-request/http.ts';
import { type ConnectionRequestSender, networks } from '../../acs/south/connection-request/policy.ts';
import { createConnectionRequests } from '../../acs/south/connection-request/send.ts';
import { createUdpSender } from '../../acs/south/connection-request/udp.ts';
import type { Gateway } from '../../cpe/gateway.ts';
import { seededRandom, systemClock, systemRandom, VirtualClock } from '../../shared/clock.ts';
import type { Arguments } from '../../shared/cwmp/methods.ts';
import { encodeUdpRequest, parseUdpRequest } from '../../shared/cwmp/udp-request.ts';
import type { Endpoint } from '../../shared/stun.ts';
import { type Nat, openNat, rawPeer } from '../support/servers/stun.ts';
import { eventually, openWorld, type World } from '../support/worlds/world.ts';

const id = '0090F8-4102S-0090F8000001';
const ADDRESS = 'Device.ManagementServer.UDPConnectionRequestAddress';
const never = new AbortController().signal;

describe('a gateway behind NAT', () => {
  let world: World;
  let nat: Nat;
  let gateway: Gateway;

  /** Its URL lies at an address that the ACS never sees: only UDP leads in. */
  const start = async (login?: { username: string; password: string }): Promise<void> => {
    world = await openWorld({ stun: login ? { login } : {} });
    nat = await openNat(Number(world.acs.stun?.split(':')[1]));
    gateway = await world.gateway({
      listen: { host: '127.0.0.2', port: 0 },
      settings: {
        'Cwmp.Tr111StunEnable': 'Enable',
        'Cwmp.Tr111StunServerHost': `127.0.0.1:${nat.inside}`,
        ...(login && {
          'Cwmp.Tr111StunUsername': login.username,
          'Device.ManagementServer.STUNPassword': login.password,
        }),
      },
    });
    await gateway.boot();
    await known();
  };
  /** Its own credentials are in use, and the ACS has the address of its binding. */
  const known = (): Promise<unknown> =>
    eventually('its address known to the ACS', async () => {
      const row = await world.acs.fleet.devices.row(id).catch(() => undefined);
      const quiet = world.acs.south.sessions() === 0 && gateway.device.state.facts.changed.length === 0;
      return (
        quiet &&
        row?.credentials?.next === undefined &&
        row &&
        informValues(row)[ADDRESS] === `127.0.0.1:${nat.outside}`
      );
    });
  const wake = async (): Promise<{ status: number; title?: string }> => {
    const answer = await fetch(`${world.acs.api}/api/v1/devices/${id}/connection-request`, {
      method: 'POST',
      headers: { authorization: 'Bearer test-token' },
    });
    return { status: answer.status, ...((await answer.json()) as object) };
  };
  /** Sessions with 6 CONNECTION REQUEST so far. */
  const woken = (): number =>
    world.wire.filter(
      ({ envelope: { body } }) =>
        body.kind === 'request' &&
        body.method === 'Inform' &&
        (body.args as Arguments<'Inform'>).Event.some(({ EventCode }) => EventCode === '6 CONNECTION REQUEST'),
    ).length;
  afterEach(async () => {
    await world.close();
    await nat.close();
  });

  it('finds the NAT, and is woken by UDP from the STUN port, again and again', async () => {
    await start();
    assert.equal(gateway.device.config.variable('Cwmp.Tr111NatDetected'), 'Yes');
    for (let count = 1; count <= 3; count++) {
      assert.deepEqual(await wake(), { status: 200, accepted: true });
      assert.equal(woken(), count);
      await eventually('the session ends', () => world.acs.south.sessions() === 0);
    }
    assert.equal(nat.dropped, 0);
  }).timeout(30_000);

  it('tells the ACS when its binding moves, and is woken through the new one', async () => {
    await start({ username: 'all', password: 'stun-secret' });
    await nat.restart();
    // The keep-alive finds it; here a changed setting makes the unit ask at once.
    await gateway.device.config.set([{ name: 'Device.X_0090F8_Cwmp.Tr111StunKeepAlivePeriod', value: '30-30' }], 'web');
    await known();
    assert.deepEqual(await wake(), { status: 200, accepted: true });
    await eventually(
      'announced with integrity',
      () => gateway.device.config.variable('Cwmp.Tr111StunStatus') === 'Connected',
    );
  }).timeout(30_000);

  it('wrong signatures, replays, old times and floods do not wake it; a good one does right after', async () => {
    await start();
    const { username, password } = {
      username: gateway.device.config.variable('Cwmp.ConnectionRequestUsername') ?? '',
      password: gateway.device.config.variable('Cwmp.ConnectionRequestPassword') ?? '',
    };
    const now = Math.floor(systemClock().now() / 1000);
    const request = (ts: number, name: string, key = password): Buffer =>
      encodeUdpRequest({ authority: 'h:1', ts, id: name, un: username, cn: 'c' }, key);
    const stranger = await rawPeer();
    const good = request(now - 100, '1');
    await stranger.send(good, nat.client);
    await eventually('the first of them', () => woken() === 1);
    await eventually('the session ends', () => world.acs.south.sessions() === 0);
    for (let count = 0; count < 3000; count++) await stranger.send(request(now - 50, `${count}`, 'guess'), nat.client);
    await stranger.send(good, nat.client);
    await stranger.send(request(now - 101, '2'), nat.client);
    await stranger.send(request(now - 100, '3'), nat.client);
    await stranger.send(good, nat.outside);
    await eventually('the NAT drops a stranger', () => nat.dropped === 1);
    // After the flood the unit checks no signature for a second; the copies sent later count.
    let answer = await wake();
    if (answer.status !== 200) answer = await wake();
    assert.equal(answer.status, 200);
    assert.equal(woken(), 2);
    assert.equal(stranger.heard.length, 0, 'nobody is answered');
    await stranger.close();
  }).timeout(60_000);
});

describe('the ACS, when it wakes a device', () => {
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
    const knock = (allow: string[] = []): ConnectionRequestSender =>
      createHttpSender({ clock: systemClock(), random, secrets, allowed: networks(allow) });
    beforeEach(async () => {
      calls = [];
      server = createServer((request, response) => {
        calls.push(request.url ?? '');
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

    it('calls the address that informed, or one of the allow-list, and no other', async () => {
      status = 200;
      const accepted = { outcome: 'accepted' };
      assert.deepEqual(await knock()(row({ url: `${base}/a` }), never), accepted);
      assert.deepEqual(await knock(['127.0.0.0/8'])(row({ url: `${base}/b`, address: '192.0.2.1' }), never), accepted);
      const elsewhere = await knock(['10.0.0.0/8'])(row({ url: `${base}/c`, address: '192.0.2.1' }), never);
      assert.deepEqual(elsewhere, {
        outcome: 'closed',
        reason: '127.0.0.1 is not the address that informed (192.0.2.1), nor in an allowed network',
      });
      for (const url of ['https://127.0.0.1/', 'http://localhost/', 'file:///etc/passwd', 'junk', ''])
        assert.equal((await knock()(row({ url }), never)).outcome, 'closed', url);
      assert.deepEqual(calls, ['/a', '/b']);
    });

    it('follows no redirect', async () => {
      for (const redirect of [301, 302, 307, 308]) {
        status = redirect;
        assert.deepEqual(await knock()(row({ url: `${base}/x` }), never), {
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
    const knock = (allow: string[] = []): ConnectionRequestSender =>
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

    it('sends identical signed copies, and the visit is the evidence', async () => {
      const outcome = knock()(row({ udp: '127.0.0.1:5000' }), never);
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
      assert.equal(listeners, 1, 'a visit for another reason is none');
      arrive(['4 VALUE CHANGE', '6 CONNECTION REQUEST']);
      assert.deepEqual(await outcome, { outcome: 'accepted' });
      assert.equal(listeners, 0);
    });

    it('sends no more copies than it takes', async () => {
      const outcome = knock()(row({ udp: '127.0.0.1:5000' }), never);
      await clock.advance(100);
      arrive(['6 CONNECTION REQUEST']);
      await outcome;
      await clock.advance(5_000);
      assert.equal(sent.length, 1);
    });

    it('gives up after 30 s (TR-069 3.2.2), and says so', async () => {
      const outcome = knock()(row({ udp: '[::1]:5000', address: '::1' }), never);
      await clock.advance(30_000);
      assert.deepEqual(await outcome, { outcome: 'failed', reason: '[::1]:5000: no session within 30 s' });
      assert.equal(listeners, 0);
    });

    it('each request to a device is newer than the one before, within one second too', async () => {
      const way = knock();
      for (let count = 0; count < 3; count++) {
        const outcome = way(row({ udp: '127.0.0.1:5000' }), never);
        await clock.settle();
        arrive(['6 CONNECTION REQUEST']);
        await outcome;
      }
      const times = sent.map(({ bytes }) => parseUdpRequest(bytes)?.ts ?? 0);
      const first = clock.now() / 1000;
      assert.deepEqual(times, [first, first + 1, first + 2]);
    });

    it('goes to the address that informed or is allowed, and nowhere else', async () => {
      for (const udp of [
        '192.0.2.7:5000',
        'localhost:5000',
        '127.0.0.1:0',
        '127.0.0.1:70000',
        'http://127.0.0.1',
        '@',
        '',
      ])
        assert.equal((await knock()(row({ udp }), never)).outcome, 'closed', udp);
      assert.equal((await knock()(row(), never)).outcome, 'closed');
      assert.equal(sent.length, 0);
      const allowed = knock(['192.0.2.0/24'])(row({ udp: '192.0.2.7' }), never);
      await clock.settle();
      assert.deepEqual(sent[0]?.to, { address: '192.0.2.7', port: 80 });
      arrive(['6 CONNECTION REQUEST']);
      await allowed;
    });
  });

  describe('chooses the way', () => {
    const events = createEvents();
    const stop = new AbortController();
    const ways: string[] = [];
    const way =
      (name: string, outcome: Awaited<ReturnType<ConnectionRequestSender>>): ConnectionRequestSender =>
      async () => {
        ways.push(name);
        return outcome;
      };
    const wake = (
      http: Awaited<ReturnType<ConnectionRequestSender>>,
      udp?: Awaited<ReturnType<ConnectionRequestSender>>,
    ): ReturnType<typeof createConnectionRequests> => {
      ways.length = 0;
      return createConnectionRequests({
        events,
        http: way('http', http),
        ...(udp && { udp: way('udp', udp) }),
        signal: stop.signal,
      });
    };
    const accepted = { outcome: 'accepted' } as const;
    const failed = (reason: string, final = false) => ({ outcome: 'failed', reason, final }) as const;
    const closed = (reason: string) => ({ outcome: 'closed', reason }) as const;

    it('HTTP where it is answered, UDP where it is not, and a busy device is left alone', async () => {
      assert.deepEqual(await wake(accepted, accepted)(row()), { accepted: true });
      assert.deepEqual(ways, ['http']);
      assert.deepEqual(await wake(closed('private'), accepted)(row()), { accepted: true });
      assert.deepEqual(ways, ['http', 'udp']);
      assert.deepEqual(await wake(failed('silent'), accepted)(row()), { accepted: true });
      assert.deepEqual(await wake(failed('busy', true), accepted)(row()), { accepted: false, reason: 'busy' });
      assert.deepEqual(ways, ['http']);
    });

    it('says why each way failed', async () => {
      assert.deepEqual(await wake(failed('silent'), failed('no session'))(row()), {
        accepted: false,
        reason: 'HTTP: silent; UDP: no session',
      });
      assert.deepEqual(await wake(failed('silent'))(row()), { accepted: false, reason: 'silent' });
    });

    it('who asks while a device is being woken shares the outcome', async () => {
      const told: unknown[] = [];
      const end = events.on('connectionRequest', event => told.push(event));
      const both = wake(accepted);
      assert.deepEqual(await Promise.all([both(row()), both(row())]), [{ accepted: true }, { accepted: true }]);
      assert.deepEqual(ways, ['http']);
      assert.deepEqual(told, [{ device: id, accepted: true }]);
      end();
    });
  });
});
