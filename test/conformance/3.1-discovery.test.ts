// TR-069 3.1: a unit that finds its ACS by DHCP, and URLs that replace it later.
import assert from 'node:assert/strict';
import { ask, informResponse, type ScriptedAcs, scriptedAcs } from '../support/cpe/scripted-acs.ts';
import { type TestUnit, testUnit, type UnitOptions } from '../support/cpe/unit.ts';
import { type DhcpServer, startDhcpServer } from '../support/servers/dhcp.ts';

const P = 'Device.ManagementServer.';

describe('3.1 Discovery of the ACS by DHCP', () => {
  let acs: ScriptedAcs;
  let other: ScriptedAcs;
  let dhcp: DhcpServer;
  let unit: TestUnit;
  beforeEach(async () => {
    acs = await scriptedAcs();
    other = await scriptedAcs();
    dhcp = await startDhcpServer({
      acsUrl: acs.url,
      provisioningCode: 'code',
      retryMinimumWait: 20,
      retryMultiplier: 3000,
    });
  });
  afterEach(async () => {
    await unit?.close();
    await Promise.all([acs.close(), other.close(), dhcp.close()]);
  });

  /** Boots while the waits of DHCP pass. */
  const start = async (options: UnitOptions = {}): Promise<void> => {
    unit = await testUnit({ model: 'device', dhcp: { server: { host: '127.0.0.1', port: dhcp.port } }, ...options });
    await boot();
  };
  const boot = async (): Promise<void> => {
    let up = false;
    const booted = unit.boot().then(() => {
      up = true;
    });
    while (!up) await unit.clock.advance(250);
    await booted;
  };
  const ended = async (count: number): Promise<void> => {
    for (let round = 0; unit.sessions.length < count && round < 4000; round++) await unit.clock.advance(250);
    await unit.ended(count);
  };
  const codes = (session: number): string[] => unit.codes(session);

  for (const identified of [false, true]) {
    it(`takes ACS URL and retry policy from option ${identified ? 125 : 43} until the ACS sets its own policy`, async () => {
      dhcp.change({ identified });
      acs.play({ status: 500 }, { status: 500 });
      await start();
      await ended(1);
      const from = unit.clock.now();
      await ended(2);
      const waited = (unit.clock.now() - from) / 1000;
      assert.ok(waited >= 19 && waited <= 61, `waited ${waited} s: m is 20, k is 3000`);
    });
  }

  it('prefers a configured URL to the one from DHCP', async () => {
    await start({ url: other.url });
    await ended(1);
    assert.deepEqual([acs.names().length, other.names()], [0, ['Inform', '(empty)']]);
  });

  it('keeps a URL that the ACS sets, over a reboot', async () => {
    acs.play(
      informResponse(),
      ask('SetParameterValues', {
        ParameterList: [{ Name: `${P}URL`, Value: other.url, Type: 'xsd:string' }] as never,
        ParameterKey: '',
      }),
    );
    await start();
    await ended(2);
    assert.deepEqual(codes(2), ['0 BOOTSTRAP']);
    await unit.gateway.powerOff();
    await boot();
    await ended(3);
    assert.deepEqual(codes(3), ['1 BOOT']);
    assert.equal(acs.names().filter(name => name === 'Inform').length, 1);
  });

  it('sends 0 BOOTSTRAP to the new ACS when DHCP names another URL', async () => {
    await start();
    await ended(1);
    assert.deepEqual(codes(1), ['0 BOOTSTRAP', '1 BOOT']);
    dhcp.change({ acsUrl: other.url });
    await unit.gateway.powerOff();
    await boot();
    await ended(2);
    assert.deepEqual(codes(2), ['0 BOOTSTRAP', '1 BOOT']);
    assert.deepEqual(other.names(), ['Inform', '(empty)']);
  });

  it('asks DHCP again when the ACS that it named does not answer', async () => {
    await acs.close();
    await start();
    await ended(1);
    assert.equal(unit.sessions[0]?.error?.kind, 'unreachable');
    const asked = dhcp.requests.length;
    dhcp.change({ acsUrl: other.url });
    await ended(2);
    assert.ok(dhcp.requests.length > asked);
    assert.equal(unit.sessions[1]?.ok, true);
    assert.deepEqual(other.names(), ['Inform', '(empty)']);
  });

  it('ignores a DHCP URL that is not an absolute http or https URL', async () => {
    for (const acsUrl of ['ftp://acs.example/', '/acs', 'acs.example', 'http://']) {
      dhcp.change({ acsUrl });
      await start();
      await unit.clock.advance(1000);
      assert.equal(unit.gateway.agent?.acs.url, '', acsUrl);
      await unit.close();
    }
    assert.equal(acs.heard.length, 0);
  });
});
