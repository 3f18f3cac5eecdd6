// Two terminals of pycrate call each other through the gatekeeper, in clear and over TLS, and do not always get there.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { plainPolicy } from '../../../shared/tls/profiles.ts';
import { eventually } from '../../support/eventually.ts';
import { type H323Lab, openH323Lab } from '../../support/h323/lab.ts';
import { H323Peers, type H323Terminal, h323Needs, type TerminalOptions } from '../../support/h323/terminals.ts';
import { peerSuite } from '../../support/servers/peers.ts';

/** Tunnelled H.245 in the Setup, and in the call. */
const [early, late] = ['0270010600088175', '21700106'];

peerSuite('calls of H.323 terminals of pycrate', h323Needs, function () {
  this.timeout(20_000);
  let lab: H323Lab;
  let peers: H323Peers;
  before(async () => {
    peers = await H323Peers.start();
  });
  after(() => peers?.stop());
  beforeEach(async () => {
    lab = await openH323Lab({ isSipNumber: number => number === '4200' });
    await lab.add({ dir: '4100' }, { dir: '4101' }, { dir: '4102' }, { dir: '4200', protocol: 'SIP' });
  });
  afterEach(() => lab.stop());

  const registered = async (
    dir: string,
    way: 'plain' | 'secure' = 'plain',
    more: Partial<TerminalOptions> = {},
  ): Promise<H323Terminal> => {
    const { ras, calls, tls } = lab.ports;
    const ports = way === 'plain' ? { ras, calls } : { tls, password: dir };
    const terminal = await peers.terminal({ aliases: [dir], product: 'DBC42502', ...ports, ...more });
    assert.equal((await terminal.ask('register')).kind, 'registrationConfirm');
    return terminal;
  };
  const ended = async (): Promise<void> => {
    await eventually('the call ends', () => lab.gatekeeper.calls().length === 0);
  };

  const pairs = [
    ['plain', 'plain', 'caller'],
    ['secure', 'secure', 'callee'],
    ['plain', 'secure', 'callee'],
    ['secure', 'plain', 'caller'],
  ] as const;
  for (const [one, other, hangsUp] of pairs) {
    it(`connect from ${one} to ${other}, pass H.245 untouched, and end by the ${hangsUp}`, async () => {
      const callee = await registered('4101', other);
      const caller = await registered('4100', one);
      caller.tell('call', { to: '4101', h245: early });
      const setup = await callee.hears('call', 'setup');
      assert.deepEqual(setup.fields?.h245Control, [early]);
      assert.deepEqual(source(setup.fields), [{ dialledDigits: '4100' }]);
      await caller.hears('call', 'callProceeding');
      await caller.hears('call', 'alerting');
      const connect = await caller.hears('call', 'connect');
      assert.deepEqual(bodyOf(connect.fields, 'connect')?.h245Address, { ipAddress: { ip: '7f000001', port: 30_001 } });
      const [call] = lab.gatekeeper.calls();
      const secure = one === 'secure' && other === 'secure';
      assert.deepEqual(
        [call?.from, call?.to, call?.state, call?.protocol, call?.secure],
        ['4100', '4101', 'up', 'H.323', secure],
      );
      callee.tell('facility', { h245: late });
      assert.deepEqual((await caller.hears('call', 'facility')).fields?.h245Control, [late]);
      const [first, second] = hangsUp === 'caller' ? [caller, callee] : [callee, caller];
      first.tell('hangup');
      assert.equal((await second.hears('call', 'releaseComplete')).cause, 16);
      await ended();
      assert.equal((await first.hears('ras', 'disengageConfirm')).kind, 'disengageConfirm');
    });
  }

  it('end with cause 17 when the called terminal is busy', async () => {
    await registered('4101', 'plain', { answers: 'busy' });
    const caller = await registered('4100');
    caller.tell('call', { to: '4101' });
    assert.equal((await caller.hears('call', 'releaseComplete')).cause, 17);
    await ended();
  });

  it('end when the caller gives up while the other rings', async () => {
    const callee = await registered('4101', 'plain', { answers: 'alert' });
    const caller = await registered('4100');
    caller.tell('call', { to: '4101' });
    await caller.hears('call', 'alerting');
    assert.equal(lab.gatekeeper.calls()[0]?.state, 'ringing');
    caller.tell('hangup');
    assert.equal((await callee.hears('call', 'releaseComplete')).cause, 16);
    await ended();
  });

  it('end with cause 18 when the called terminal says nothing to Setup', async () => {
    await registered('4101', 'plain', { answers: 'silent' });
    const caller = await registered('4100');
    caller.tell('call', { to: '4101' });
    assert.equal((await caller.hears('call', 'releaseComplete')).cause, 18);
    await ended();
  });

  for (const way of ['plain', 'secure'] as const) {
    it(`end for the caller when the called terminal vanishes (${way})`, async () => {
      const callee = await registered('4101', way);
      const caller = await registered('4100');
      caller.tell('call', { to: '4101' });
      await caller.hears('call', 'connect');
      callee.tell('close');
      assert.equal((await caller.hears('call', 'releaseComplete')).cause, 41);
      await ended();
    });
  }

  const refusals: [string, string, number][] = [
    ['to a number that is not allocated', '4999', 1],
    ['to an extension without a terminal', '4102', 20],
    ['to a SIP terminal', '4200', 88],
  ];
  for (const [what, to, cause] of refusals) {
    it(`are refused ${what} with cause ${cause}`, async () => {
      const caller = await registered('4100');
      caller.tell('call', { to });
      await caller.hears('refused');
      caller.tell('call', { to, admit: false });
      assert.equal((await caller.hears('call', 'releaseComplete')).cause, cause);
      assert.equal(lab.refusals.all()[0]?.row, `cause ${cause}`);
    });
  }

  it('are refused when the caller is not registered', async () => {
    await registered('4101');
    const stranger = await peers.terminal({ aliases: ['4100'], ras: lab.ports.ras, calls: lab.ports.calls });
    stranger.tell('call', { to: '4101', admit: false });
    assert.equal((await stranger.hears('call', 'releaseComplete')).cause, 21);
  });

  it('are refused in clear when the caller has registered over TLS', async () => {
    await registered('4101');
    const caller = await registered('4100', 'secure');
    caller.tell('call', { to: '4101', admit: false, clear: lab.ports.calls });
    const release = await caller.hears('call', 'releaseComplete');
    assert.deepEqual(bodyOf(release.fields, 'releaseComplete')?.reason, { securityDenied: 0 });
  });

  const ways = [
    ['TCP', 'connect'],
    ['TLS', 'connect'],
    ['TLS with a certificate of an unknown CA', 'releaseComplete'],
  ] as const;
  for (const [way, outcome] of ways) {
    it(`by a route over ${way} come to ${outcome}`, async () => {
      const far = await openH323Lab();
      const known = new X509Certificate(way === 'TLS' ? far.root : lab.root);
      const near = await openH323Lab({ routeTls: { policy: plainPolicy, roots: [known] } });
      const tls = way !== 'TCP';
      try {
        await far.add({ dir: '5100' });
        await far.exchange.commit([routeChange('4', 1720, tls)]);
        const called = await peers.terminal({ aliases: ['5100'], ras: far.ports.ras, calls: far.ports.calls });
        await called.ask('register');
        await near.add({ dir: '4100' });
        await near.exchange.commit([routeChange('5', tls ? far.ports.tls : far.ports.calls, tls)]);
        const caller = await peers.terminal({ aliases: ['4100'], ras: near.ports.ras, calls: near.ports.calls });
        await caller.ask('register');
        caller.tell('call', { to: '5100' });
        const answer = await caller.hears('call', outcome);
        const calls = [near, far].map(({ gatekeeper }) => gatekeeper.calls()[0]);
        if (outcome === 'releaseComplete') assert.equal(answer.cause, 27);
        else
          assert.deepEqual(
            calls.map(call => [call?.kind, call?.from]),
            [
              ['route', '4100'],
              ['route', 'route 1'],
            ],
          );
      } finally {
        await near.stop();
        await far.stop();
      }
    });
  }
});

const routeChange = (prefix: string, port: number, tls: boolean) => ({
  table: 'h323Routes' as const,
  key: '1',
  row: { route: 1, prefix, host: '127.0.0.1', port, tls },
});

type Fields = Record<string, unknown> | undefined;

function bodyOf(fields: Fields, name: string): Record<string, unknown> | undefined {
  const body = fields?.['h323-message-body'] as Record<string, Record<string, unknown>> | undefined;
  return body?.[name];
}

const source = (fields: Fields): unknown => bodyOf(fields, 'setup')?.sourceAddress;
