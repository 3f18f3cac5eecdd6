// Terminals of pycrate register at the gatekeeper: in clear and over TLS, with and without a PIN, once and again.
import assert from 'node:assert/strict';
import { eventually } from '../../support/eventually.ts';
import { type H323Lab, openH323Lab } from '../../support/h323/lab.ts';
import { H323Peers, h323Needs, type TerminalEvent } from '../../support/h323/terminals.ts';
import { peerSuite } from '../../support/servers/peers.ts';

const reason = (event: TerminalEvent): unknown => event.fields?.rejectReason;

peerSuite('H.323 terminals of pycrate', h323Needs, function () {
  this.timeout(20_000);
  let lab: H323Lab;
  let peers: H323Peers;
  before(async () => {
    peers = await H323Peers.start();
  });
  after(() => peers?.stop());
  beforeEach(async () => {
    lab = await openH323Lab();
    await lab.add({ dir: '4100' }, { dir: '4101', pin: '1234' }, { dir: '4102', pin: '5678', exception: false });
  });
  afterEach(() => lab.stop());
  const plain = (dir: string, more = {}) => peers.terminal({ aliases: [dir], ...lab.ports, tls: undefined, ...more });
  const secure = (dir: string, more = {}) =>
    peers.terminal({ aliases: [dir], tls: lab.ports.tls, product: 'DBC42502', ...more });

  it('discover the gatekeeper and register at the RAS port', async () => {
    const terminal = await plain('4100', { product: 'DBC42501' });
    const found = await terminal.ask('discover');
    assert.equal(found.kind, 'gatekeeperConfirm');
    const answer = await terminal.ask('register');
    assert.equal(answer.kind, 'registrationConfirm');
    assert.equal(answer.fields?.timeToLive, 60);
    const [seen] = lab.gatekeeper.terminals();
    assert.deepEqual(
      [seen?.dir, seen?.kind, seen?.protocol, seen?.port, seen?.row, seen?.isSecure, seen?.product],
      ['4100', 'H.323', 'udp', lab.ports.ras, 'Table 1 row 5', false, 'DBC42501'],
    );
  });

  it('register over TLS with their PIN', async () => {
    const terminal = await secure('4102', { password: '5678' });
    assert.equal((await terminal.ask('register')).kind, 'registrationConfirm');
    const [seen] = lab.gatekeeper.terminals('4102');
    assert.deepEqual([seen?.protocol, seen?.port, seen?.row], ['tls', lab.ports.tls, 'Table 1 row 3']);
  });

  it('are refused without their PIN, and let in with it', async () => {
    const terminal = await plain('4101');
    const refused = await terminal.ask('register');
    assert.deepEqual([refused.kind, reason(refused)], ['registrationReject', { securityDenial: 0 }]);
    assert.equal((await terminal.ask('register', { password: '9999' })).kind, 'registrationReject');
    assert.equal((await terminal.ask('register', { password: '1234' })).kind, 'registrationConfirm');
    assert.deepEqual(
      lab.refusals.all().map(({ dir, row, reason: text }) => [dir, row, text]),
      [
        ['4101', 'PIN', 'the PIN is wrong'],
        ['4101', 'PIN', 'the PIN is missing'],
      ],
    );
  });

  it('are refused with a clock that is an hour wrong', async () => {
    const terminal = await plain('4101', { password: '1234', skew: -3600 });
    const refused = await terminal.ask('register');
    assert.deepEqual(reason(refused), { securityError: { securityWrongSyncTime: 0 } });
  });

  it('are no longer heard after ten wrong PINs', async () => {
    const terminal = await plain('4101');
    for (let tries = 0; tries < 10; tries++) await terminal.ask('register', { password: '0000' });
    assert.equal((await terminal.ask('register', { password: '1234' })).kind, 'registrationReject');
    assert.equal(lab.refusals.all()[0]?.reason, 'too many wrong PINs');
  });

  it('without an extension, or with one for SIP alone, are refused', async () => {
    await lab.add({ dir: '4103', protocol: 'SIP' });
    for (const dir of ['4999', '4103'])
      assert.deepEqual(reason(await (await plain(dir)).ask('register')), { invalidAlias: 0 });
  });

  it('renew by a lightweight registration, which a change of policy does not touch', async () => {
    const terminal = await plain('4100');
    await terminal.ask('register');
    const [before] = lab.gatekeeper.terminals();
    await lab.setPolicy(1);
    assert.equal((await terminal.ask('register', { keepAlive: true, ttl: 600 })).kind, 'registrationConfirm');
    const [after] = lab.gatekeeper.terminals();
    assert.ok((after?.expires ?? 0) > (before?.expires ?? 0) + 500_000);
    const refused = await terminal.ask('register');
    assert.deepEqual([refused.kind, reason(refused)], ['registrationReject', { securityDenial: 0 }]);
    assert.equal(lab.refusals.all()[0]?.row, 'Table 2 row 4');
  });

  it('are asked for a full registration when the gatekeeper does not know them', async () => {
    const terminal = await plain('4100');
    await terminal.ask('register');
    await lab.gatekeeper.unregister('4100');
    await terminal.hears('ras', 'unregistrationRequest');
    const answer = await terminal.ask('register', { keepAlive: true });
    assert.deepEqual(reason(answer), { fullRegistrationRequired: 0 });
  });

  it('register once for one request that is sent twice', async () => {
    const terminal = await plain('4100');
    const first = await terminal.ask('register', { seq: 77 });
    await lab.setPolicy(1);
    const again = await terminal.ask('register', { seq: 77 });
    assert.deepEqual(again, first);
    assert.equal((await terminal.ask('register', { seq: 78 })).kind, 'registrationReject');
  });

  for (const way of ['plain', 'secure'] as const) {
    it(`unregister themselves (${way})`, async () => {
      const terminal = await (way === 'plain' ? plain('4100') : secure('4102', { password: '5678' }));
      await terminal.ask('register');
      assert.equal((await terminal.ask('unregister')).kind, 'unregistrationConfirm');
      assert.deepEqual(lab.gatekeeper.terminals(), []);
      const again = await terminal.ask('unregister');
      assert.deepEqual(reason(again), { notCurrentlyRegistered: 0 });
    });

    it(`are unregistered by a command, and told to register again (${way})`, async () => {
      const [dir, terminal] =
        way === 'plain' ? ['4100', await plain('4100')] : ['4102', await secure('4102', { password: '5678' })];
      await terminal.ask('register');
      assert.equal(await lab.gatekeeper.unregister(dir), 1);
      const request = await terminal.hears('ras', 'unregistrationRequest');
      assert.deepEqual(request.fields?.reason, { reregistrationRequired: 0 });
      assert.deepEqual(lab.gatekeeper.terminals(dir), []);
      assert.equal((await terminal.ask('register')).kind, 'registrationConfirm');
    });
  }

  it('end with their connection when they came over TLS', async () => {
    const terminal = await secure('4102', { password: '5678' });
    await terminal.ask('register');
    terminal.tell('close');
    await eventually('the registration ends', () => lab.gatekeeper.terminals().length === 0);
  });

  it('end when their extension is erased', async () => {
    const terminal = await plain('4100');
    await terminal.ask('register');
    await lab.exchange.commit([{ table: 'ipExtensions', key: '4100' }]);
    await terminal.hears('ras', 'unregistrationRequest');
    assert.deepEqual(lab.gatekeeper.terminals(), []);
  });

  it('keep their number while they answer, and lose it to another when they do not', async () => {
    const first = await plain('4100');
    await first.ask('register');
    const second = await plain('4100');
    const waiting = await second.ask('register');
    assert.equal(waiting.kind, 'requestInProgress');
    await first.hears('ras', 'infoRequest');
    const refused = await second.hears('ras');
    assert.deepEqual(Object.keys((reason(refused) ?? {}) as object), ['duplicateAlias']);
    first.tell('close');
    await second.ask('register');
    assert.equal((await second.hears('ras', 'registrationConfirm')).kind, 'registrationConfirm');
    assert.equal(lab.gatekeeper.terminals().length, 1);
  });

  it('share a number that may have two terminals', async () => {
    await lab.add({ dir: '4105', maxTerminals: 2 });
    for (let count = 1; count <= 2; count++)
      assert.equal((await (await plain('4105')).ask('register')).kind, 'registrationConfirm');
    assert.equal(lab.gatekeeper.terminals('4105').length, 2);
  });

  it('are admitted to call numbers of the gatekeeper, which locates them too', async () => {
    const called = await plain('4100');
    await called.ask('register');
    const caller = await plain('4101', { password: '1234' });
    const early = await caller.ask('admit', { to: '4100' });
    assert.deepEqual(reason(early), { callerNotRegistered: 0 });
    await caller.ask('register');
    const admitted = await caller.ask('admit', { to: '4100' });
    assert.deepEqual(admitted.fields?.callModel, { gatekeeperRouted: 0 });
    assert.deepEqual(admitted.fields?.destCallSignalAddress, { ipAddress: { ip: '7f000001', port: lab.ports.calls } });
    assert.deepEqual(reason(await caller.ask('admit', { to: '4999' })), { calledPartyNotRegistered: 0 });
    assert.equal((await caller.ask('bandwidth')).kind, 'bandwidthConfirm');
  });
});
