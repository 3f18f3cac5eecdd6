// A Kamailio as another exchange behind a SIP route over TLS: calls both ways between our DGW and a baresip, with SRTP.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Call } from '../../../cpe/voice/call/call.ts';
import { type Pbx, startPbx } from '../../../pbx/app.ts';
import type { SipRoute } from '../../../pbx/exchange/data.ts';
import { Exchange } from '../../../pbx/exchange/exchange.ts';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import { silentLog } from '../../../shared/log.ts';
import { registered, startUnit, talking, tlsSettings, type Unit, unitConfig } from '../../support/cpe/voice.ts';
import { eventually } from '../../support/eventually.ts';
import { type Baresip, startBaresip } from '../../support/servers/baresip.ts';
import { type Lab, openLab, peerSuite, peersFolder, run } from '../../support/servers/peers.ts';

const PACKETS = 50;
const base = 30_000 + (process.pid % 200) * 40;
const configuration = fileURLToPath(new URL('route-kamailio.cfg', import.meta.url));

/** Both sides are in the lab's authority; Kamailio shows its certificate as a client too. */
const tlsConfiguration = (folder: string): string =>
  ['server', 'client']
    .map(
      role => `[${role}:default]
method = TLSv1.2+
verify_certificate = ${role === 'client' ? 'yes' : 'no'}
require_certificate = ${role === 'client' ? 'yes' : 'no'}
private_key = ${folder}/certs/sip.key
certificate = ${folder}/certs/sip.pem
ca_list = ${folder}/certs/ca.pem
`,
    )
    .join('\n');

/** Starts Kamailio beside the exchange. Returns the function that ends it. */
async function startKamailio({ folder }: Lab, port: number, peer: number): Promise<() => Promise<void>> {
  const text = (await readFile(configuration, 'utf8'))
    .replaceAll('@PORT@', String(port))
    .replaceAll('@PEER@', String(peer))
    .replaceAll('@LAB@', folder);
  const file = join(folder, 'route-kamailio.cfg');
  await writeFile(file, text);
  await writeFile(join(folder, 'route-tls.cfg'), tlsConfiguration(folder));
  const child = spawn('kamailio', ['-f', file, '-DD', '-E', '-m', '32', '-M', '8', '-Y', folder, '-w', folder], {
    stdio: 'ignore',
    detached: true,
  });
  const ended = once(child, 'exit');
  return async () => {
    // It leads a group of its workers.
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM');
    await ended;
  };
}

peerSuite('a Kamailio as SIP route over TLS', { programs: ['kamailio', 'baresip', 'openssl'], lab: true }, function () {
  this.timeout(60_000);
  const [kamailioPort, ourPort] = [base, base + 1];
  let lab: Lab;
  let pbx: Pbx;
  let unit: Unit;
  let baresip: Baresip;
  let stopKamailio: () => Promise<void>;

  const route = (more: Partial<SipRoute> = {}): Promise<void> => {
    const row: SipRoute = {
      ...{ route: 7, prefix: '2', host: '127.0.0.1', port: kamailioPort, protocol: 'tls', uri: 'sip:?@other.test' },
      ...{ isGateway: false, registers: false, user: 'trunk', password: 'trunk-secret' },
      ...more,
    };
    return pbx.exchange.commit([{ table: 'sipRoutes', key: '7', row }]);
  };

  before(async () => {
    lab = await openLab();
    await run('sh', [join(peersFolder, 'lab'), 'certs'], { env: { ...process.env, LAB: lab.folder } });
    const pem = (name: string): Promise<string> => readFile(join(lab.folder, 'certs', name), 'utf8');
    const [cert, key, ca] = await Promise.all([pem('sip.pem'), pem('sip.key'), pem('ca.pem')]);
    const mediaEncryption = { extension: true, route: false, intermgw: false };
    pbx = await startPbx({
      ...{ host: '127.0.0.1', tlsPort: ourPort, cert, key, domain: 'lab.test', log: silentLog },
      ...{ users: [{ user: '101', password: 'pw101' }], routeRoots: [new X509Certificate(ca)] },
      ...{ clock: systemClock(), random: systemRandom() },
      exchange: Exchange.inMemory([{ table: 'settings', key: 'system', row: { policy: 0, mediaEncryption } }]),
    });
    stopKamailio = await startKamailio(lab, kamailioPort, ourPort);
    await route();
    await eventually('the route is up', () => pbx.routes()[0]?.state === 'up', 20_000, 50);
    const address = `127.73.${1 + (process.pid % 250)}.1`;
    unit = startUnit(unitConfig('101', { host: '127.0.0.1', port: ourPort }, { domain: 'lab.test', address }), () =>
      tlsSettings([ca]),
    );
    await unit.until(registered, 'the DGW registers');
    const ports = { sipPort: base + 4, controlPort: base + 6, rtpBase: base + 10 };
    const server = `127.0.0.1:${kamailioPort}`;
    baresip = await startBaresip(lab, { user: '201', password: 'none', ...ports, tone: 660, server });
    await eventually('baresip registers', async () => (await baresip.command('reginfo')).includes('OK'), 10_000, 100);
  });
  after(async () => {
    await unit?.agent.stop();
    await baresip?.stop();
    await stopKamailio?.();
    await pbx?.stop();
    await lab?.close();
  });

  const check = async (call: Call): Promise<void> => {
    await talking(PACKETS, call);
    const { suite, authFailures } = call.stats();
    assert.deepEqual([suite, authFailures], ['AES_CM_128_HMAC_SHA1_80', 0]);
    const [seen] = pbx.calls();
    assert.deepEqual([seen?.kind, seen?.decidedBy, seen?.encrypted], ['route', 'extension', true]);
  };
  const over = (): Promise<boolean> => eventually('no call', () => pbx.calls().length === 0, 10_000);

  it('is called with the password of the route, and hears the call end', async () => {
    const call = await unit.agent.call('101', 'sip:201@lab.test');
    await check(call);
    await call.hangup();
    await over();
    await eventually(
      'baresip is idle',
      async () => !/ESTABLISHED/.test(await baresip.command('listcalls')),
      10_000,
      100,
    );
  });

  it('calls a number of ours, and ends the call from its side', async () => {
    const arriving = new Promise<Call>(resolve => unit.agent.incoming(resolve));
    await baresip.command('dial', 'sip:101@other.test');
    const call = await arriving;
    await check(call);
    await baresip.command('hangup');
    assert.deepEqual(await call.ended, { reason: 'the peer hung up' });
    await over();
  });

  it('refuses a call with another password, which the caller hears as 502', async () => {
    await route({ password: 'wrong' });
    await eventually('the route is up', () => pbx.routes()[0]?.state === 'up', 20_000, 50);
    await assert.rejects(unit.agent.call('101', 'sip:201@lab.test'), /502 Route 7 Wants Other Credentials/);
  });

  it('is refused over TLS where its name is not that of the route', async () => {
    await route({ host: 'localhost' });
    await eventually('the route is down', () => pbx.routes()[0]?.state === 'down', 20_000, 50);
    assert.match(pbx.routes()[0]?.problem ?? '', /localhost/);
  });
});
