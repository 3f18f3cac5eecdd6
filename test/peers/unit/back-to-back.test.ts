// Two units back to back without a proxy, set up on their own pages: one Host certificate lets calls through in one direction, two in both.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import type { Authority } from '../../../shared/pki/authority.ts';
import { voiceAuthority } from '../../support/cpe/voice.ts';
import { openChromium, UnitBrowser } from '../../support/cpe/web/unit-browser.ts';
import { eventually } from '../../support/eventually.ts';
import { endPrograms, program } from '../../support/processes/process.ts';
import { peerSuite } from '../../support/servers/peers.ts';

interface Side {
  address: string;
  user: string;
  state: string;
  at: UnitBrowser;
}

peerSuite('two units back to back', { programs: ['chromium'] }, function () {
  this.timeout(90_000);
  let folder: string;
  let browser: Browser;
  let authority: Authority;
  let one: Side;
  let two: Side;

  const start = async (address: string, user: string): Promise<Side> => {
    const state = join(folder, user);
    const unit = program('cpe/main.ts', [
      ...['run', '--web', `${address}:0`, '--address', address, '--state', state, '--serial', `B2B${user}`],
    ]);
    const at = await UnitBrowser.open(browser, String((await unit.ready()).web));
    await at.signIn();
    return { address, user, state, at };
  };
  /** Loads a certificate over HTTP, by the link that the vendor does not recommend. */
  const load = async ({ at }: Side, type: 'Host' | 'Other', name: string, pem: string): Promise<void> => {
    const file = join(folder, name);
    await writeFile(file, pem);
    await at.goTo('Management/Certificates');
    await at.page.getByRole('link', { name: /^Activate unsecure certificate transfer/ }).click();
    await at.choose('Certificate Transfer', 'Type', type);
    await at.field('Certificate Transfer', 'Path').setInputFiles(file);
    await at.press('Transfer');
    const names = (await at.rows(`${type} Certificates`)).map(([first]) => first);
    assert.ok(names.includes(name), names.join());
  };
  const loadHost = async (side: Side): Promise<void> => {
    const { address, user } = side;
    const issued = await authority.issue({
      commonName: address,
      ips: [address],
      usage: ['server', 'client'],
      key: 'rsa',
    });
    await load(side, 'Host', `host${user}.pem`, `${issued.chain}\n${issued.key}`);
  };
  /** SIP and media of a unit whose proxy is the other one. */
  const setUp = async ({ at, user }: Side, peer: string): Promise<void> => {
    await at.goTo('SIP/Servers');
    await at.type('SIP Default Servers', 'Proxy Host', `${peer}:5061`);
    await at.type('SIP Default Servers', 'Outbound Proxy Host', `${peer}:5061`);
    await at.press('Submit');
    await at.goTo('SIP/Endpoints');
    await at.type('User Agents', 'User Name Phone-Fax1', user);
    await at.press('Apply');
    await at.goTo('SIP/Transport');
    await at.choose('Protocol Configuration', 'TLS default', 'Enable');
    await at.type('Persistent Connections', 'Transport Failback Interval', '5');
    await at.press('Apply');
    await at.goTo('Media/Security');
    await at.choose('Security', 'Mode', 'Secure');
    await at.press('Apply');
    await at.restartServices();
  };
  const call = async (from: Side, to: string): Promise<number | null> =>
    (await program('cpe/main.ts', ['call', to, '--duration', '0.5', '--expect', 'secure', '--state', from.state]).ended)
      .code;
  /** A connection is tried again after some seconds. */
  const callSucceeds = (from: Side, to: string): Promise<true> =>
    eventually(`${from.user} calls ${to}`, async () => (await call(from, to)) === 0 || undefined, 20_000, 500);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'back-'));
    authority = await voiceAuthority();
    browser = await openChromium();
    [one, two] = await Promise.all([start('127.0.0.3', '201'), start('127.0.0.4', '202')]);
  });
  after(async () => {
    await browser?.close();
    await endPrograms();
    await rm(folder, { recursive: true, force: true });
  });

  it('refuses a Host certificate over HTTP before the link is used', async () => {
    await one.at.goTo('Management/Certificates');
    await one.at.choose('Certificate Transfer', 'Type', 'Host');
    await writeFile(join(folder, 'h.pem'), 'x');
    await one.at.field('Certificate Transfer', 'Path').setInputFiles(join(folder, 'h.pem'));
    await one.at.page.getByRole('button', { name: 'Transfer', exact: true }).click();
    assert.match(
      await one.at.page.getByRole('alert').innerText(),
      /Certificate transfer is disabled because of unsecure HTTP access/,
    );
    one.at.complaints.length = 0;
  });

  it('calls in one direction with one Host certificate', async () => {
    await load(one, 'Other', 'ca.pem', authority.cert);
    await load(two, 'Other', 'ca.pem', authority.cert);
    await loadHost(two);
    await setUp(two, one.address);
    await setUp(one, two.address);
    await callSucceeds(one, '202');
    assert.equal(await call(two, '201'), 1);
  });

  it('calls in both directions with two', async () => {
    await loadHost(one);
    await one.at.page.getByText('You must restart the appropriate service before using').waitFor();
    await one.at.restartServices();
    await callSucceeds(two, '201');
    await callSucceeds(one, '202');
    assert.deepEqual([one.at.complaints, two.at.complaints], [[], []]);
  });
});
