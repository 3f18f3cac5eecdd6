// SIP routes: two exchanges call each other over UDP, TCP and TLS, and a route that does not work says so at once.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Pbx, PbxOptions } from '../../../pbx/app.ts';
import { type Change, defaultSettings, type EncryptionType, type SipRoute } from '../../../pbx/exchange/data.ts';
import { Exchange } from '../../../pbx/exchange/exchange.ts';
import { createCa } from '../../../shared/pki/authority.ts';
import { buildRequest } from '../../../shared/sip/dialog.ts';
import type { Protocol } from '../../../shared/sip/flow-types.ts';
import { clock, domain, pbxLab, random } from '../../support/cpe/pbx-lab.ts';
import type { Softphone, SoftphoneOptions } from '../../support/cpe/softphone.ts';
import { hurriedClock } from '../../support/cpe/voice.ts';
import { eventually } from '../../support/eventually.ts';
import { rawUdpPeer } from '../../support/servers/raw-sip.ts';
import { describeMedia, plainAudio, secureAudio } from '../../support/voice/descriptions.ts';

const avp = describeMedia(plainAudio);
const savp = describeMedia(secureAudio);
const account = (user: string): { user: string; password: string } => ({ user, password: `pw${user}` });
const change = (row: Partial<SipRoute> & { route: number; prefix: string; port: number }): Change => ({
  table: 'sipRoutes',
  key: String(row.route),
  row: { host: '127.0.0.1', protocol: 'udp', isGateway: false, registers: false, ...row },
});
const switches = (...on: EncryptionType[]): Change => {
  const mediaEncryption = { ...defaultSettings.mediaEncryption, ...Object.fromEntries(on.map(type => [type, true])) };
  return { table: 'settings', key: 'system', row: { policy: 0, mediaEncryption } };
};

describe('SIP routes', function () {
  this.timeout(20_000);
  const { start, registered, dialogOf, statusOf, roots } = pbxLab();
  const exchange = (user: string, extra: Partial<PbxOptions> = {}): Promise<Pbx> =>
    start({ users: [account(user), account('900')], routeRoots: roots(), exchange: Exchange.inMemory(), ...extra });
  const up = (pbx: Pbx, route = 1): Promise<boolean> =>
    eventually('the route is up', () => pbx.routes().find(one => one.route === route)?.state === 'up');
  const portOf = (pbx: Pbx, protocol: Protocol): number => pbx.ports[protocol] ?? 0;
  const answering = (pbx: Pbx, user: string, answer = savp): Promise<Softphone> =>
    registered(pbx, user, 'tls', { onInvite: (transaction, one) => void one.accept(transaction, answer) });

  for (const protocol of ['udp', 'tcp', 'tls'] as const) {
    it(`carry calls between two exchanges over ${protocol}, in both directions`, async () => {
      const [one, other] = [await exchange('101'), await exchange('200')];
      await one.exchange.commit([change({ route: 1, prefix: '2', protocol, port: portOf(other, protocol) })]);
      await other.exchange.commit([change({ route: 1, prefix: '1', protocol, port: portOf(one, protocol) })]);
      await Promise.all([up(one), up(other)]);
      const near = await answering(one, '101');
      const far = await answering(other, '200');
      for (const [caller, callee, number] of [
        [near, far, '200'],
        [far, near, '101'],
      ] as const) {
        const dialog = dialogOf(await caller.call(number, savp));
        await callee.hears('ACK');
        for (const pbx of [one, other]) {
          const [call] = pbx.calls();
          assert.deepEqual(
            [call?.state, call?.kind, call?.decidedBy, call?.encrypted],
            ['up', 'route', 'extension', true],
          );
        }
        const theirs = [...callee.dialogs.values()].at(-1);
        assert.ok(theirs);
        assert.equal((await callee.ask(buildRequest(theirs, 'INFO'))).status, 200);
        assert.equal((await (number === '200' ? callee.hangUp(theirs) : caller.hangUp(dialog))).status, 200);
        assert.deepEqual([one.calls(), other.calls()], [[], []]);
      }
    });
  }

  it('register with user and password, so that the other side calls back over that connection', async () => {
    const [one, other] = [await exchange('101'), await exchange('200')];
    await other.exchange.commit([change({ route: 4, prefix: '1', port: 5060, registeredAs: '900' })]);
    const credentials = { user: '900', password: 'pw900' };
    await one.exchange.commit([
      change({ route: 1, prefix: '2', protocol: 'tls', port: portOf(other, 'tls'), registers: true, ...credentials }),
    ]);
    await up(one);
    assert.deepEqual(
      other.registrations().map(({ user }) => user),
      ['900'],
    );
    const near = await answering(one, '101');
    const far = await answering(other, '200');
    assert.equal((await near.hangUp(dialogOf(await near.call('200', savp)))).status, 200);
    assert.equal((await far.hangUp(dialogOf(await far.call('101', savp)))).status, 200);
    await other.exchange.commit([{ table: 'sipRoutes', key: '4' }]);
    assert.equal(statusOf(await near.call('200', savp)), 403, 'no trunk: it calls in its own name alone');
  });

  it('do not hurry where the other side grants a registration of no time', async () => {
    const one = await exchange('101');
    const peer = await rawUdpPeer({ host: '127.0.0.1', port: portOf(one, 'udp') }, 0);
    await one.exchange.commit([change({ route: 1, prefix: '2', port: peer.port, registers: true, user: '900' })]);
    peer.send((await peer.next(/^OPTIONS/)).answer('200 OK'));
    await up(one);
    const hurried = await Promise.race([peer.next(/^OPTIONS/), clock.sleep(500)]);
    await peer.close();
    assert.equal(hurried, undefined);
    assert.equal(peer.seen.filter(line => line.startsWith('REGISTER ')).length, 1);
  });

  it('answer 502 where the other side wants other credentials', async () => {
    const [one, other] = [await exchange('101'), await exchange('200')];
    const near = await registered(one, '101');
    for (const credentials of [{}, { user: '900', password: 'wrong' }]) {
      await one.exchange.commit([change({ route: 1, prefix: '2', port: portOf(other, 'udp'), ...credentials })]);
      await up(one);
      assert.equal(statusOf(await near.call('200', savp)), 502);
    }
  });

  it('trust the other side over the transport and address of the route alone', async () => {
    const other = await exchange('200');
    await answering(other, '200');
    const peer = await rawUdpPeer({ host: '127.0.0.1', port: portOf(other, 'udp') });
    const ask = async (protocol: 'udp' | 'tcp', port: number): Promise<string> => {
      await other.exchange.commit([change({ route: 1, prefix: '1', protocol, port })]);
      const via = `Via: SIP/2.0/UDP 127.0.0.1:${peer.port};branch=z9hG4bK${random.bytes(6).toString('hex')};rport`;
      const address = `sip:200@127.0.0.1:${portOf(other, 'udp')}`;
      const lines = [via, 'From: <sip:101@x>;tag=1', `To: <${address}>`, `Call-ID: ${random.bytes(6).toString('hex')}`];
      peer.send([`OPTIONS ${address} SIP/2.0`, ...lines, 'CSeq: 1 OPTIONS', 'Content-Length: 0', '', ''].join('\r\n'));
      return (await peer.next(/^SIP\/2.0 [2-6]/)).first;
    };
    assert.match(await ask('udp', peer.port), /200/);
    assert.match(await ask('udp', peer.port + 1), /407/);
    assert.match(await ask('tcp', peer.port), /407/);
    await peer.close();
  });

  it('are down without a port of their transport, and where their host has no address', async () => {
    const one = await start({ users: [account('101')], exchange: Exchange.inMemory(), port: undefined });
    for (const [row, reason] of [
      [{ protocol: 'tcp' }, /no port for tcp/],
      [{ protocol: 'tls', host: 'no-such-host.invalid' }, /no-such-host/],
    ] as const) {
      await one.exchange.commit([change({ route: 1, prefix: '2', port: 5060, ...row })]);
      await eventually('the route is down', () => one.routes()[0]?.state === 'down', 8_000);
      assert.match(one.routes()[0]?.problem ?? '', reason);
    }
  });

  it('refuse a certificate of another authority or name, and answer 503 at once', async () => {
    const ca = await createCa({ name: 'other', key: 'ec', clock, random });
    const strange = await ca.issue({ commonName: domain, ips: ['127.0.0.1'], usage: ['server'], key: 'rsa' });
    const one = await exchange('101');
    const near = await registered(one, '101');
    const [stranger, other] = [await exchange('200', { cert: strange.chain, key: strange.key }), await exchange('200')];
    for (const [host, pbx, reason] of [
      ['127.0.0.1', stranger, /CA|issue/],
      ['localhost', other, /localhost/],
    ] as const) {
      await one.exchange.commit([change({ route: 1, prefix: '2', host, protocol: 'tls', port: portOf(pbx, 'tls') })]);
      await eventually('the route is down', () => one.routes()[0]?.state === 'down');
      assert.match(one.routes()[0]?.problem ?? '', reason);
      const began = clock.monotonic();
      assert.equal(statusOf(await near.call('200', savp)), 503);
      assert.ok(clock.monotonic() - began < 500, 'at once');
    }
  });

  it('answer 503 for a side that accepts and says nothing, and 504 for one that ignores calls', async () => {
    const hurried = hurriedClock(1_000, 8);
    const one = await exchange('101', { clock: hurried });
    const near = await registered(one, '101');
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    await one.exchange.commit([change({ route: 1, prefix: '2', protocol: 'tcp', port })]);
    assert.equal(statusOf(await near.call('200', savp)), 503);
    assert.match(one.routes()[0]?.problem ?? '', /no answer to OPTIONS/);

    const peer = await rawUdpPeer({ host: '127.0.0.1', port: portOf(one, 'udp') });
    await one.exchange.commit([change({ route: 1, prefix: '2', port: peer.port })]);
    peer.send((await peer.next(/^OPTIONS/)).answer('200 OK'));
    await up(one);
    assert.equal(statusOf(await near.call('200', savp)), 504);
    await eventually('the silent side is found out', () => one.routes()[0]?.state === 'down');
    assert.equal(statusOf(await near.call('200', savp)), 503);
    silent.close();
    await peer.close();
  });

  it('are opened again after the other side was gone, and ended with their row', async () => {
    const one = await exchange('101', { clock: hurriedClock(1_000, 8) });
    const near = await registered(one, '101');
    const first = await exchange('200');
    const port = portOf(first, 'tcp');
    await one.exchange.commit([change({ route: 1, prefix: '2', protocol: 'tcp', port })]);
    await up(one);
    await first.stop();
    await eventually('the route is down', () => one.routes()[0]?.state === 'down');
    assert.equal(statusOf(await near.call('200', savp)), 503);
    const second = await exchange('200', { port });
    await up(one);
    await second.exchange.commit([change({ route: 1, prefix: '1', protocol: 'tcp', port: portOf(one, 'tcp') })]);
    await answering(second, '200');
    assert.equal((await near.hangUp(dialogOf(await near.call('200', savp)))).status, 200);
    await one.exchange.commit([{ table: 'sipRoutes', key: '1' }]);
    assert.equal(statusOf(await near.call('200', savp)), 404);
    assert.deepEqual(one.routes(), []);
  });

  it('end a call that goes in a circle with 482, and one without hops with 483', async () => {
    const pbxs = [await exchange('101'), await exchange('101'), await exchange('101')];
    for (const [at, pbx] of pbxs.entries()) {
      const [next, before] = [pbxs[(at + 1) % 3], pbxs[(at + 2) % 3]];
      assert.ok(next && before);
      await pbx.exchange.commit([
        change({ route: 1, prefix: '3', port: portOf(next, 'udp') }),
        change({ route: 2, prefix: '9', port: portOf(before, 'udp') }),
      ]);
    }
    const [one] = pbxs;
    assert.ok(one);
    for (const pbx of pbxs) await Promise.all([up(pbx), up(pbx, 2)]);
    const near = await registered(one, '101');
    assert.equal(statusOf(await near.call('300', savp)), 482);
    const far = near.build('INVITE', `sip:300@${domain}`, `<sip:300@${domain}>`, [], savp);
    far.headers.set('Max-Forwards', '2');
    assert.equal((await near.ask(far)).status, 483);
    assert.deepEqual(
      pbxs.flatMap(pbx => pbx.calls()),
      [],
    );
  });
});

describe('media encryption of routes and gateways', function () {
  this.timeout(20_000);
  const { start, registered, dialogOf, statusOf } = pbxLab();

  it('follows the switch of routes, or between two gateways that of intermgw', async () => {
    const one = await start({ users: ['101', '901', '902', '903'].map(account), exchange: Exchange.inMemory() });
    const trunk = (route: number, prefix: string, registeredAs: string, isGateway: boolean): Change =>
      change({ route, prefix, port: 5060, registeredAs, isGateway });
    const rows = [trunk(1, '5', '901', true), trunk(2, '6', '902', true), trunk(3, '7', '903', false)];
    await one.exchange.commit(rows);
    const answer: Partial<SoftphoneOptions> = { onInvite: (transaction, phone) => void phone.accept(transaction, avp) };
    const [gateway] = await Promise.all(['901', '902', '903'].map(user => registered(one, user, 'tls', answer)));
    const extension = await registered(one, '101', 'tls', answer);
    assert.ok(gateway);
    const outcome = async (caller: Softphone, number: string): Promise<string> => {
      const result = await caller.call(number, avp);
      if ('status' in result) return String(statusOf(result));
      const [call] = one.calls();
      await caller.hangUp(dialogOf(result));
      return `${call?.kind} ${call?.decidedBy}`;
    };
    const all = async (): Promise<string[]> => [
      await outcome(gateway, '600'),
      await outcome(gateway, '700'),
      await outcome(gateway, '101'),
      await outcome(extension, '500'),
      await outcome(extension, '700'),
    ];
    const free = ['gateway intermgw', 'gateway route', 'gateway extension', 'gateway extension', 'route extension'];
    assert.deepEqual(await all(), free);
    await one.exchange.commit([switches('intermgw')]);
    assert.deepEqual(await all(), ['488', ...free.slice(1)]);
    await one.exchange.commit([switches('route')]);
    assert.deepEqual(await all(), [free[0], '488', ...free.slice(2)]);
    await one.exchange.commit([switches('extension')]);
    assert.deepEqual(await all(), [...free.slice(0, 2), '488', '488', '488']);
  });
});
