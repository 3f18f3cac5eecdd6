// The vendor's notes, click by click, on a running unit's own pages in Chromium, with Kamailio in the place of openSIPS: from a unit of the
// factory to a call over TLS with SRTP. Each step is judged on the wire as well.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { download, openChromium, UnitBrowser } from '../../support/cpe/web/unit-browser.ts';
import { eventually } from '../../support/eventually.ts';
import { endPrograms, type Program, program } from '../../support/processes/process.ts';
import { type Baresip, registeredBaresip } from '../../support/servers/baresip.ts';
import { useTlsConfig } from '../../support/servers/kamailio.ts';
import { type Lab, openLab, peerSuite, run } from '../../support/servers/peers.ts';
import { type Capture, capture } from '../../support/servers/tshark.ts';

const ADDRESS = '127.0.0.2';
const PROXY = '127.0.0.1:5061';

peerSuite(
  "the vendor's notes at a unit's pages",
  { programs: ['chromium', 'kamailio', 'openssl', 'ss', 'tshark', 'rsyslogd', 'baresip'], lab: true, root: true },
  function () {
    this.timeout(90_000);
    let lab: Lab;
    let browser: Browser;
    let unit: Program;
    let state: string;
    let at: UnitBrowser;
    let baresip: Baresip;
    let wire: Capture;

    before(async () => {
      lab = await openLab();
      await useTlsConfig(lab, 'tls-rsa.cfg');
      await lab.start('kamailio', '-A', 'REQUIRE_CONTACT_TRANSPORT');
      await lab.start('syslog');
      state = join(lab.folder, 'unit');
      unit = program('cpe/main.ts', [
        'run',
        '--web',
        `${ADDRESS}:0`,
        '--address',
        ADDRESS,
        '--state',
        state,
        '--log-level',
        'debug',
      ]);
      const { web } = await unit.ready();
      wire = await capture(join(lab.folder, 'walk.pcapng'), 'tcp port 5061');
      browser = await openChromium();
      at = await UnitBrowser.open(browser, String(web));
    });
    after(async () => {
      await browser?.close();
      await wire?.stop();
      await baresip?.stop();
      await endPrograms();
      await lab.close();
    });
    afterEach(function () {
      if (this.currentTest?.state === 'passed') assert.deepEqual(at.complaints.splice(0), []);
    });

    const ask = async (...args: string[]): Promise<{ code: number | null; out: string; err: string }> =>
      program('cpe/main.ts', [...args, '--state', state]).ended;
    const value = async (name: string): Promise<string> => /"(.*)"/.exec((await ask('get', name)).out)?.[1] ?? '';
    const syslog = async (): Promise<string> => readFile(join(lab.folder, 'syslog.log'), 'utf8').catch(() => '');

    it('opens with a login, and shows the information of the unit first', async () => {
      await at.signIn();
      assert.match(await at.page.getByRole('heading', { level: 1 }).innerText(), /^System\/Information$/);
      await at.shoot('01-information');
    });

    it('shows the time in the zone of Network/Host, and refuses a wrong zone', async () => {
      await at.goTo('Network/Host');
      await at.type('Time Configuration', 'Static Time Zone', 'Moon/Base');
      await at.page
        .getByRole('button', { name: /^(Apply|Submit)$/ })
        .last()
        .click();
      assert.match(await at.page.locator('.wrong').innerText(), /zone/i);
      await at.shoot('02-wrong-zone');
      // The refusal is an answer 422, which Chromium tells its console.
      assert.ok(at.complaints.splice(0).every(text => text.includes('422')));
      await at.type('Time Configuration', 'Static Time Zone', 'CET-1CEST,M3.5.0/2,M10.5.0/3');
      await at.press(
        (await at.page.getByRole('button', { name: 'Submit', exact: true }).count()) > 0 ? 'Submit' : 'Apply',
      );
      assert.equal(await value('Hoc.StaticTimeZone'), 'CET-1CEST,M3.5.0/2,M10.5.0/3');
    });

    it('takes a CA certificate after the link for unsecure access (5.1)', async () => {
      await at.goTo('Management/Certificates');
      await at.page.getByText('Certificate transfer is disabled because of unsecure HTTP access.').waitFor();
      await at.page.getByRole('link', { name: /^Activate unsecure certificate transfer/ }).click();
      await at.choose('Certificate Transfer', 'Type', 'Other');
      await at.field('Certificate Transfer', 'Path').setInputFiles(join(lab.folder, 'certs', 'ca.pem'));
      await at.press('Transfer');
      const names = (await at.rows('Other Certificates')).map(([name]) => name);
      assert.ok(names.includes('ca.pem') && names.includes('Cert_MxDefault001.der'), names.join());
      await at.shoot('03-certificates');
    });

    it('adds the gateway of the notes and takes the other one away (5.2)', async () => {
      await at.goTo('SIP/Gateways');
      await at.type('Gateway Configuration', 'Name', 'OpenSIPS');
      await at.press('Add a row to Gateway Configuration');
      await at.choose('Gateway Configuration', 'Type OpenSIPS', 'Trunk');
      await at.choose('Gateway Configuration', 'Signaling Network OpenSIPS', 'Uplink');
      await at.type('Gateway Configuration', 'Port OpenSIPS', '5062');
      await at.type('Gateway Configuration', 'Secure Port OpenSIPS', '5061');
      await at.press('Apply');
      await at.press('Delete default');
      await at.shoot('04-gateways');
      assert.equal(await value('SipEp.Gateway[Name=OpenSIPS].Port'), '5062');
    });

    it('gives it a registrar and a proxy of its own (5.3, 5.4)', async () => {
      await at.goTo('SIP/Servers');
      await at.choose('SIP Gateway Specific Registrar Servers', 'Gateway Specific OpenSIPS', 'Yes');
      await at.type('SIP Gateway Specific Registrar Servers', 'Registrar Host OpenSIPS', PROXY);
      await at.choose('SIP Gateway Specific Proxy Servers', 'Gateway Specific OpenSIPS', 'Yes');
      await at.type('SIP Gateway Specific Proxy Servers', 'Proxy Host OpenSIPS', PROXY);
      await at.press('Submit');
      await at.shoot('05-servers');
      await at.goTo('SIP/Endpoints');
      await at.type('User Agents', 'User Name Phone-Fax1', '100');
      await at.press('Apply');
      await at.goTo('SIP/Registrations');
      await at.choose('Endpoints Registration', 'Register Phone-Fax1', 'Enable');
      await at.press('Apply');
      await at.goTo('SIP/Authentication');
      await at.press('Add a row to Authentication');
      await at.choose('Authentication', 'Apply To 1', 'Unit');
      await at.choose('Authentication', 'Validate Realm 1', 'Disable');
      await at.type('Authentication', 'User Name 1', '100');
      await at.type('Authentication', 'Password 1', 'pw100');
      await at.press('Apply');
    });

    it('sends the notifications of SIP to rsyslog', async () => {
      await at.goTo('System/Syslog');
      await at.type('Syslog Configuration', 'Remote Host', '127.0.0.1:15514');
      await at.choose('Service Notification Configuration', 'SIP Endpoint (SIPEP)', 'Info');
      await at.press('Apply');
      await at.goTo('System/Event Log');
      await at.press('Add a row to Event Configuration');
      await at.type('Event Configuration', 'Criteria 1', '1400.All');
      await at.choose('Event Configuration', 'Action 1', 'SendViaSyslog');
      await at.press('Apply');
      assert.equal((await at.rows('Event Configuration'))[0]?.[5], 'Valid');
      await at.shoot('05-event-log');
    });

    it('secures the signalling, and tells of it: 303, 310, the state on the page (5.5)', async () => {
      await at.goTo('SIP/Transport');
      await at.choose('Protocol Configuration', 'TLS OpenSIPS', 'Enable');
      await at.press('Apply');
      await at.shoot('06-transport');
      await at.restartServices();
      await eventually('303 and 310', async () => {
        const text = await syslog();
        return (
          (/303-TLS connection with remote host 127\.0\.0\.1:5061 is now ready/.test(text) &&
            /310-Server 127\.0\.0\.1:5061 is now reachable/.test(text)) ||
          undefined
        );
      });
      await at.goTo('SIP/Servers');
      const [connection] = await at.rows('TLS Persistent Connections Status');
      assert.deepEqual(connection, ['OpenSIPS', '16000', PROXY, PROXY, 'Up']);
      await at.shoot('07-connection');
    });

    it('is refused by the proxy until the transport stands in the headers (6.3.1)', async () => {
      await at.goTo('SIP/Registrations');
      await eventually('the refusal on the page', async () => {
        await at.page.reload();
        const [, user, , , shown] = (await at.rows('Registration Status'))[0] ?? [];
        return (user === '100' && /Rejected|Failed/.test(shown ?? '')) || undefined;
      });
      await at.goTo('SIP/Transport');
      await at.choose('General Configuration', 'Add SIP Transport in Registration OpenSIPS', 'Enable');
      await at.choose('General Configuration', 'Add SIP Transport in Contact Header OpenSIPS', 'Enable');
      await at.press('Apply');
      await at.restartServices();
      await at.goTo('SIP/Registrations');
      await eventually('the registration on the page', async () => {
        await at.page.reload();
        return JSON.stringify(await at.rows('Registration Status')).includes('"Registered"') || undefined;
      });
      await at.shoot('08-registrations');
      await at.goTo('System/Information');
      const leds = await at.rows('LEDs');
      assert.deepEqual(
        leds.find(([name]) => name === 'Ready'),
        ['Ready', 'steady green'],
      );
    });

    it('secures the media, and a call at Kamailio has it (5.6)', async () => {
      await at.goTo('Media/Security');
      await at.choose('Security', 'Mode', 'Secure');
      await at.choose('Security', 'Key Management Protocol', 'Sdes');
      await at.choose('Security', 'Encryption', 'AesCm128');
      await at.press('Apply');
      await at.shoot('09-security');
      baresip = await registeredBaresip(lab);
      const { code, out, err } = await ask('call', '101', '--duration', '1', '--expect', 'secure', '--json');
      assert.equal(code, 0, `${out}${err}`);
      const report = JSON.parse(out) as { suite: string; sent: number; received: number; authFailures: number };
      assert.equal(report.suite, 'AES_CM_128_HMAC_SHA1_80');
      assert.ok(report.sent > 20 && report.received > 20 && report.authFailures === 0, out);
      await wire.stop();
      const keys = ['-o', `uat:rsa_keys:"${join(lab.folder, 'certs', 'sip.key')}",""`];
      const seen = await wire.read(
        '-d',
        'tcp.port==5061,tls',
        '-d',
        'tls.port==5061,sip',
        ...keys,
        '-Y',
        'sip && ip.src == 127.0.0.2',
        '-T',
        'fields',
        '-e',
        'sip.Method',
        '-e',
        'sip.contact.uri',
        '-e',
        'sdp.media',
      );
      assert.match(seen, /REGISTER\tsip:100@127\.0\.0\.2:16000\t/);
      // A connection after a restart may have the next port: the one before is not free at once.
      assert.match(seen, /REGISTER\tsip:100@127\.0\.0\.2:1600\d;transport=tls\t/);
      assert.match(seen, /INVITE\tsip:100@127\.0\.0\.2:1600\d;transport=tls\taudio \d+ RTP\/SAVP/);
    });

    it('describes the levels of certificate validation when Show Help is pressed', async () => {
      await at.goTo('SIP/Interop');
      await at.page.getByRole('link', { name: 'Show Help' }).click();
      const level = at.page.getByLabel('Certificate Validation', { exact: true });
      await level.hover();
      const tip = at.page.getByRole('tooltip').filter({ visible: true });
      assert.match(await tip.innerText(), /\w{4,}/);
      for (const name of ['NoValidation', 'TrustedCertificate', 'DnsSrvResponse', 'HostName']) {
        assert.ok((await level.locator('option').allInnerTexts()).includes(name), name);
      }
      await at.shoot('10-help');
    });

    it('opens a session with the ACS of Management/CWMP, captures it, and says that TR-069 is off', async () => {
      const informs: string[] = [];
      const acs = createServer((request, response) => {
        request.on('data', chunk => informs.push(String(chunk)));
        request.on('end', () => response.writeHead(503).end());
      });
      await new Promise<void>(resolve => acs.listen(0, '127.0.0.1', resolve));
      const { port } = acs.address() as AddressInfo;
      try {
        await at.goTo('System/Packet Capture');
        await at.type('Packet Capture Configuration', 'Filter', `tcp port ${port}`);
        await at.press('Apply');
        await at.press('Start Capture');
        await at.goTo('Management/CWMP');
        await at.choose('General Configuration', 'ACS URL Configuration Source', 'Static');
        await at.type('General Configuration', 'ACS URL', `http://127.0.0.1:${port}/acs`);
        await at.press('Apply');
        await eventually('an Inform', async () => informs.some(text => text.includes('Inform>')) || undefined);
        await at.shoot('11-cwmp');
        await at.press('Switch TR-069 off');
        await at.page.getByText('TR-069 is off.').waitFor();
        await at.goTo('System/Packet Capture');
        await at.press('Stop Capture');
        const file = await download(at, 'Download Capture');
        const { stdout } = await run('tshark', [
          '-r',
          file,
          '-d',
          `tcp.port==${port},http`,
          '-T',
          'fields',
          '-e',
          'http.request.full_uri',
          '-e',
          'http.response.code',
        ]);
        assert.match(stdout, new RegExp(`http://127.0.0.1:${port}/acs[\\s\\S]*503`));
        await at.shoot('12-capture');
      } finally {
        acs.close();
      }
    });
  },
);
