// H.323 terminals of pycrate in the whole exchange, beside SIP telephones: seen by its commands, and kept apart in calls.
import assert from 'node:assert/strict';
import type { Pbx } from '../../../pbx/app.ts';
import { Exchange } from '../../../pbx/exchange/exchange.ts';
import { withGatekeeper } from '../../../pbx/gatekeeper.ts';
import { silentLog } from '../../../shared/log.ts';
import { createCa } from '../../../shared/pki/authority.ts';
import { clock, pbxLab, random } from '../../support/cpe/pbx-lab.ts';
import { eventually } from '../../support/eventually.ts';
import { extensionChanges } from '../../support/h323/lab.ts';
import { H323Peers, type H323Terminal, h323Needs, type TerminalOptions } from '../../support/h323/terminals.ts';
import { securityLicense, testShell } from '../../support/pbx/mdsh.ts';
import { peerSuite } from '../../support/servers/peers.ts';

peerSuite('H.323 terminals of pycrate at the exchange', h323Needs, function () {
  this.timeout(20_000);
  const sip = pbxLab();
  let peers: H323Peers;
  let pair: { cert: string; key: string };
  let pbx: Pbx;
  const stops: (() => Promise<void>)[] = [];
  before(async () => {
    peers = await H323Peers.start();
    const ca = await createCa({ name: 'test', key: 'ec', clock, random });
    const { chain: cert, key } = await ca.issue({
      commonName: 'lab',
      ips: ['127.0.0.1'],
      usage: ['server'],
      key: 'ec',
    });
    pair = { cert, key };
  });
  after(() => peers?.stop());
  beforeEach(async () => {
    const extensions = ['4100', '4101', '4102'].flatMap(dir => extensionChanges({ dir, pin: `pw${dir}` }));
    const exchange = Exchange.inMemory([securityLicense, ...extensions]);
    const ports = { rasPort: 0, callPort: 0, tlsPort: 0 };
    const started = await sip.start({ exchange });
    pbx = await withGatekeeper(started, { host: '127.0.0.1', clock, random, log: silentLog, ...ports, ...pair });
    stops.push(() => pbx.stop());
  });
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });

  const terminal = (dir: string, way: 'plain' | 'secure'): Promise<H323Terminal> => {
    const { h323: ras, h323Calls: calls, h323Tls: tls } = pbx.ports;
    const ports: Partial<TerminalOptions> = way === 'plain' ? { ras, calls } : { tls };
    return peers.terminal({ aliases: [dir], password: `pw${dir}`, product: 'DBC42502', ...ports });
  };
  const print = async (line: string): Promise<string[]> =>
    (await testShell({ exchange: pbx.exchange, sources: () => pbx.sources }).run(line)).lines;

  it('are printed with the port that they registered at', async () => {
    await (await terminal('4100', 'plain')).ask('register');
    await (await terminal('4101', 'secure')).ask('register');
    const lines = await print('ip_extension -p');
    const lineOf = (dir: string): string => lines.find(line => line.startsWith(dir)) ?? '';
    assert.match(lineOf('4100'), new RegExp(`\\b${pbx.ports.h323}\\b`));
    assert.match(lineOf('4101'), new RegExp(`\\b${pbx.ports.h323Tls}\\b`));
    assert.deepEqual(
      pbx.registrations().map(({ user, kind, signalling, row, userAgent }) => [user, kind, signalling, row, userAgent]),
      [
        ['4100', 'H.323', 'not encrypted', 'Table 1 row 2', 'DBC42502'],
        ['4101', 'H.323', 'encrypted', 'Table 1 row 2', 'DBC42502'],
      ],
    );
  });

  it('register again after extension_unregistration, in clear no more under policy 1', async () => {
    const [plain, secure] = [await terminal('4100', 'plain'), await terminal('4101', 'secure')];
    for (const one of [plain, secure]) await one.ask('register');
    for (const dir of ['4100', '4101', '4102']) await print(`extension -c -d ${dir} --security-exception no`);
    assert.deepEqual(await print('sec_policy -set 1'), ['EXECUTED']);
    assert.equal(pbx.registrations().length, 2);
    await print('extension_unregistration -d 4100,4101');
    for (const one of [plain, secure]) await one.hears('ras', 'unregistrationRequest');
    assert.equal((await plain.ask('register')).kind, 'registrationReject');
    assert.equal((await secure.ask('register')).kind, 'registrationConfirm');
    assert.equal(pbx.refusals.all()[0]?.row, 'Table 2 row 3');
  });

  it('neither call SIP terminals nor are called by them', async () => {
    const phone = await sip.registered(pbx, '4102', 'udp', { userAgent: 'Mitel 6867i/5.1.0' });
    const caller = await terminal('4100', 'plain');
    await caller.ask('register');
    assert.equal(sip.statusOf(await phone.call('4100')), 488);
    caller.tell('call', { to: '4102', admit: false });
    assert.equal((await caller.hears('call', 'releaseComplete')).cause, 88);
  });

  it('are seen in calls', async () => {
    const called = await terminal('4101', 'secure');
    const caller = await terminal('4100', 'secure');
    for (const one of [called, caller]) await one.ask('register');
    caller.tell('call', { to: '4101' });
    await caller.hears('call', 'connect');
    const [call] = pbx.calls();
    assert.deepEqual(
      [call?.from, call?.to, call?.state, call?.protocol, call?.secure, call?.decidedBy],
      ['4100', '4101', 'up', 'H.323', true, 'endpoints'],
    );
    caller.tell('hangup');
    await eventually('the call ends', () => pbx.calls().length === 0);
  });
});
