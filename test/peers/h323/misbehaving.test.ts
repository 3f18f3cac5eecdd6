// A terminal of pycrate that misbehaves: its connection or registration suffers, and another terminal is served throughout.
import assert from 'node:assert/strict';
import { type H323Lab, openH323Lab } from '../../support/h323/lab.ts';
import { H323Peers, type H323Terminal, h323Needs, type TerminalOptions } from '../../support/h323/terminals.ts';
import { peerSuite } from '../../support/servers/peers.ts';

/** Octets of no message: of PER, of Q.931 in TPKT, and half a packet. */
const garbage = { per: 'ffff00deadbeef', q931: '0300000cff02ffff7e0500ff', half: '0300400008020001' };

peerSuite('a misbehaving H.323 terminal of pycrate', h323Needs, function () {
  this.timeout(20_000);
  let lab: H323Lab;
  let peers: H323Peers;
  let bad: H323Terminal;
  before(async () => {
    peers = await H323Peers.start();
  });
  after(() => peers?.stop());
  beforeEach(async () => {
    lab = await openH323Lab();
    await lab.add({ dir: '4100' }, { dir: '4101' }, { dir: '4102' }, { dir: '4103' });
  });
  afterEach(() => lab.stop());

  const terminal = async (dir: string, way: 'plain' | 'secure', more: Partial<TerminalOptions> = {}) => {
    const { ras, calls, tls } = lab.ports;
    const ports = way === 'plain' ? { ras, calls } : { tls, calls, password: dir };
    const made = await peers.terminal({ aliases: [dir], product: 'DBC42502', ...ports, ...more });
    assert.equal((await made.ask('register')).kind, 'registrationConfirm');
    return made;
  };
  /** Two others register and call each other. */
  const assertServes = async (): Promise<void> => {
    const [caller, called] = [await terminal('4101', 'plain'), await terminal('4102', 'secure')];
    caller.tell('call', { to: '4102' });
    await caller.hears('call', 'connect');
    caller.tell('hangup');
    assert.equal((await called.hears('call', 'releaseComplete')).cause, 16);
  };

  it('that floods RAS with garbage keeps its registration', async () => {
    bad = await terminal('4100', 'plain');
    bad.tell('raw', { over: 'ras', hex: garbage.per, times: 200 });
    await bad.hears('sent');
    await assertServes();
    assert.equal((await bad.ask('register', { keepAlive: true })).kind, 'registrationConfirm');
  });

  it('that sends garbage in packets over TLS keeps its connection', async () => {
    bad = await terminal('4100', 'secure');
    bad.tell('raw', { over: 'tls', hex: garbage.q931, times: 50 });
    await bad.hears('sent');
    assert.equal((await bad.ask('register', { keepAlive: true })).kind, 'registrationConfirm');
    await assertServes();
  });

  it('whose packets over TLS have no frame loses its connection, and its registration with it', async () => {
    bad = await terminal('4100', 'secure');
    bad.tell('raw', { over: 'tls', hex: garbage.per });
    await bad.hears('closed');
    assert.deepEqual(lab.gatekeeper.terminals('4100'), []);
    await assertServes();
  });

  it('that sends half a packet, or leaves its calls to themselves, holds no other up', async () => {
    bad = await terminal('4100', 'plain', { answers: 'silent' });
    bad.tell('raw', { over: 'calls', hex: garbage.half });
    await bad.hears('sent');
    const caller = await terminal('4103', 'plain');
    caller.tell('call', { to: '4100' });
    await bad.hears('call', 'setup');
    caller.tell('close');
    await assertServes();
  });

  it('that answers with numbers of no request, or its own twice, is served once', async () => {
    bad = await terminal('4100', 'plain');
    const first = await bad.ask('register', { seq: 900 });
    assert.deepEqual(await bad.ask('register', { seq: 900 }), first);
    assert.equal((await bad.ask('register', { seq: 3 })).kind, 'registrationConfirm');
    assert.equal(lab.gatekeeper.terminals('4100').length, 1);
  });
});
