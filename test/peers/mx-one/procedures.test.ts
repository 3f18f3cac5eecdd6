// The procedures of the vendor's description, command by command, with telephones that stay registered meanwhile.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BaresipTerminals } from '../../support/pbx/baresip-terminals.ts';
import { ExchangeLab } from '../../support/pbx/exchange-lab.ts';
import { customaryPort } from '../../support/pbx/mx-one-vectors.ts';
import { Pjsua2Program } from '../../support/pbx/pjsua2-terminals.ts';
import { secureProduct, type TerminalMaker } from '../../support/pbx/terminals.ts';
import { peerSuite } from '../../support/servers/peers.ts';
import { pjsua2Needs } from '../../support/servers/pjsua2.ts';

const [TLS, PLAIN] = [customaryPort('SIP', true), customaryPort('SIP', false)];
const PIN = '4711';

peerSuite('procedures of the description', pjsua2Needs, function () {
  this.timeout(30_000);
  let lab: ExchangeLab;
  let pjsua2: Pjsua2Program;
  let secure: TerminalMaker;
  let insecure: TerminalMaker;

  beforeEach(async () => {
    [lab, pjsua2] = await Promise.all([ExchangeLab.start({ tls: TLS, plain: PLAIN }), Pjsua2Program.start()]);
    secure = pjsua2.maker(secureProduct);
    insecure = pjsua2.maker('PJSUA/2.15');
    await lab.executed(
      'extension -i -d 2001..2003 --csp 1 --lim 1 --security-exception yes --third-party-client yes',
      'ip_extension -i -d 2001..2003 --protocol SIP',
      `auth_code -i -d 2001,2002 --auth-code ${PIN} --csp 1`,
    );
  });
  afterEach(async () => {
    await pjsua2?.stop();
    await lab?.stop();
  });

  const logOn = async (maker: TerminalMaker, number: string, protocol: 'tls' | 'udp'): Promise<boolean> => {
    const port = protocol === 'tls' ? TLS : PLAIN;
    const pin = number === '2003' ? undefined : PIN;
    return (await maker.logOn({ number, protocol, port, pin })).isRegistered;
  };
  const portsOf = async (): Promise<string[]> => {
    const { text } = await lab.command('ip_extension -p');
    return [...text.matchAll(/^(\d+) +SIP +SIP +\w+ +(\d+) /gm)].map(([, dir, port]) => `${dir} at ${port}`);
  };

  it('5.1: encryption on, backup, terminals unregistered, and seen at the secure port', async () => {
    assert.equal(await logOn(secure, '2001', 'udp'), true);
    assert.deepEqual(await portsOf(), [`2001 at ${PLAIN}`]);
    await lab.executed(
      'media_encryption_enable -type extension',
      'media_encryption_enable -type route',
      'media_encryption_enable -type intermgw',
      'data_backup',
      'extension_unregistration -d 2001',
    );
    assert.deepEqual(await pjsua2.request('2001'), { method: 'NOTIFY', event: 'check-sync' });
    assert.deepEqual(await portsOf(), []);
    await secure.logOff('2001');
    assert.equal(await logOn(secure, '2001', 'tls'), true);
    assert.deepEqual(await portsOf(), [`2001 at ${TLS}`]);
    const { text } = await lab.command('media_encryption_print');
    assert.equal(text.match(/enabled/g)?.length, 3);
    // The backup has the settings.
    await lab.executed('media_encryption_disable -type route', 'data_restore');
    assert.equal(lab.pbx.exchange.settings.mediaEncryption.route, true);
  });

  it('5.2: policy 1 touches registered terminals at their next registration', async () => {
    assert.deepEqual(
      [await logOn(secure, '2001', 'tls'), await logOn(insecure, '2002', 'udp'), await logOn(insecure, '2003', 'udp')],
      [true, true, true],
    );
    const refused = await lab.command('sec_policy -set 1');
    assert.equal(refused.text, 'NOT EXECUTED\nDIRECTORY NUMBERS WITH SECURITY EXCEPTION EXIST\n');
    await lab.executed('extension -c -d 2001..2003 --security-exception no', 'sec_policy -set 1');
    assert.deepEqual(await portsOf(), [`2001 at ${TLS}`, `2002 at ${PLAIN}`, `2003 at ${PLAIN}`]);

    assert.equal((await pjsua2.refresh('2001')).isRegistered, true);
    assert.equal((await pjsua2.refresh('2002')).status, 403);
    assert.deepEqual(await portsOf(), [`2001 at ${TLS}`, `2003 at ${PLAIN}`]);
    assert.deepEqual([...new Set(lab.refusalsOf('2002'))], ['Table 2 row 4']);

    await lab.executed('extension_unregistration');
    assert.deepEqual(await portsOf(), []);
    assert.equal((await pjsua2.refresh('2001')).isRegistered, true);
    assert.equal((await pjsua2.refresh('2003')).status, 403);
    assert.deepEqual(await portsOf(), [`2001 at ${TLS}`]);
  });

  it('6.3: policy 3 after a check of all exceptions in the print', async () => {
    const before = await lab.command('extension -p -d 2001..2003');
    assert.equal(before.text.match(/^200[123] /gm)?.length, 3);
    await lab.executed('extension -c -d 2001,2002 --security-exception no', 'extension -e -d 2003');
    await lab.executed('sec_policy -set 3');
    assert.equal(await logOn(secure, '2001', 'udp'), false);
    await secure.logOff('2001');
    assert.equal(await logOn(secure, '2001', 'tls'), true);
    assert.equal(await logOn(insecure, '2002', 'udp'), false);
    await lab.executed('sec_policy -remove');
    assert.equal((await pjsua2.refresh('2002')).isRegistered, true);
  });

  it('6.2.3: policy 2 with an exception for one number', async () => {
    await lab.executed('extension -c -d 2001 --security-exception no', 'sec_policy -set 2');
    assert.equal(await logOn(insecure, '2001', 'udp'), false);
    assert.equal(await logOn(insecure, '2002', 'udp'), true);
    assert.equal(await logOn(insecure, '2003', 'udp'), true);
    assert.deepEqual(await portsOf(), [`2002 at ${PLAIN}`, `2003 at ${PLAIN}`]);
    await lab.executed('extension -c -d 2002 --security-exception no');
    assert.deepEqual(await portsOf(), [`2002 at ${PLAIN}`, `2003 at ${PLAIN}`]);
    assert.equal((await pjsua2.refresh('2002')).status, 403);
    assert.deepEqual(await portsOf(), [`2003 at ${PLAIN}`]);
  });

  it('6.2.3: a number without code registers over TLS with itself as PIN', async () => {
    await lab.executed('sec_policy -set 2', 'extension -i -d 2004 --csp 1 --lim 1 --security-exception no');
    await lab.executed('ip_extension -i -d 2004 --protocol SIP');
    const logon = { number: '2004', protocol: 'tls', port: TLS } as const;
    for (const pin of [undefined, PIN]) {
      assert.equal((await secure.logOn({ ...logon, pin })).isRegistered, false);
      await secure.logOff('2004');
    }
    const { isRegistered, wasChallenged } = await secure.logOn({ ...logon, pin: '2004' });
    assert.deepEqual([isRegistered, wasChallenged], [true, true]);
    assert.equal(lab.terminal('2004')?.row, 'Table 3 addition 1');
  });

  it('asks a registered terminal for its code as soon as it has one', async () => {
    assert.equal(await logOn(insecure, '2003', 'udp'), true);
    assert.deepEqual(await pjsua2.refresh('2003'), { isRegistered: true, status: 200, wasChallenged: false });
    await lab.executed(`auth_code -i -d 2003 --auth-code ${PIN} --csp 1`);
    assert.equal((await pjsua2.refresh('2003')).status, 401);
    await insecure.logOff('2003');
    assert.equal((await insecure.logOn({ number: '2003', protocol: 'udp', port: PLAIN, pin: PIN })).isRegistered, true);
  });

  it('unregisters the terminals of the numbers that are given, and no others', async () => {
    for (const number of ['2001', '2002', '2003']) assert.equal(await logOn(insecure, number, 'udp'), true);
    await lab.executed('extension_unregistration -d 2001,2003');
    assert.deepEqual(await portsOf(), [`2002 at ${PLAIN}`]);
    assert.equal((await pjsua2.request('2003')).event, 'check-sync');
    assert.equal((await lab.command('extension_unregistration -d 2999')).exit, 1);
    assert.deepEqual(await portsOf(), [`2002 at ${PLAIN}`]);
  });

  it('ends the registration of an extension that is erased', async () => {
    assert.equal(await logOn(insecure, '2002', 'udp'), true);
    await lab.executed('extension -e -d 2002');
    assert.equal(lab.terminal('2002'), undefined);
    assert.equal((await pjsua2.refresh('2002')).isRegistered, false);
  });
});

peerSuite('a change of policy under 100 telephones', { programs: ['baresip', 'stdbuf'] }, function () {
  this.timeout(60_000);
  let folder = '';
  let lab: ExchangeLab;
  const makers: BaresipTerminals[] = [];
  const numbers = Array.from({ length: 100 }, (_, at) => String(3000 + at));

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mx-one-'));
    lab = await ExchangeLab.start({ tls: TLS, plain: PLAIN });
    const ports = { sipPort: 15_170, controlPort: 14_460 };
    makers.push(
      await BaresipTerminals.start({ folder: join(folder, 'secure'), ...ports, product: secureProduct }),
      await BaresipTerminals.start({ folder: join(folder, 'own'), sipPort: 15_180, controlPort: 14_461 }),
    );
  });
  after(async () => {
    for (const maker of makers) await maker.stop();
    await lab?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('keeps all of them, and lets half of them in again after all are unregistered', async () => {
    await lab.executed(
      'extension -i -d 3000..3099 --csp 1 --lim 1 --security-exception no --third-party-client yes',
      'ip_extension -i -d 3000..3099 --protocol SIP',
      `auth_code -i -d 3000..3099 --auth-code ${PIN} --csp 1`,
    );
    const logOn = async (number: string, at: number): Promise<boolean> => {
      const [maker, protocol] = at % 2 === 0 ? [makers[0], 'tls' as const] : [makers[1], 'udp' as const];
      const port = protocol === 'tls' ? TLS : PLAIN;
      return (await maker?.logOn({ number, protocol, port, pin: PIN }))?.isRegistered ?? false;
    };
    const count = (): number => lab.terminals().length;
    for (const [at, number] of numbers.entries()) assert.equal(await logOn(number, at), true, number);
    await lab.executed('sec_policy -set 1');
    assert.equal(count(), 100);
    await lab.executed('extension_unregistration');
    assert.equal(count(), 0);
    for (const [at, number] of numbers.entries()) await makers[at % 2]?.logOff(number);
    for (const [at, number] of numbers.entries()) assert.equal(await logOn(number, at), at % 2 === 0, number);
    assert.equal(count(), 50);
    assert.deepEqual([...lab.pbx.refusals.byRow().keys()], ['Table 2 row 4']);
  });
});
