// curl as a telephone of another maker: fetches its files by HTTP and HTTPS, keeps what it has, and tries to leave the folder.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultSettings } from '../../../pbx/exchange/data.ts';
import { Exchange } from '../../../pbx/exchange/exchange.ts';
import { type Phones, servePhones } from '../../../pbx/phones/server.ts';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import { silentLog as log } from '../../../shared/log.ts';
import { createCa } from '../../../shared/pki/authority.ts';
import { peerSuite, run } from '../../support/servers/peers.ts';

const clock = systemClock();

peerSuite('configuration files of telephones, fetched by curl', { programs: ['curl'] }, () => {
  let folder = '';
  let phones: Phones;
  let exchange: Exchange;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'phones-curl-'));
    const ca = await createCa({ name: 'test', key: 'ec', clock, random: systemRandom() });
    const { chain: cert, key } = await ca.issue({ commonName: 'x', ips: ['127.0.0.1'], usage: ['server'], key: 'rsa' });
    await writeFile(join(folder, 'ca.pem'), ca.root);
    exchange = Exchange.inMemory();
    phones = await servePhones({
      ...{ host: '127.0.0.1', port: 0, tlsPort: 0, tls: { cert, key }, ca: ca.root, domain: '127.0.0.1' },
      ...{ sipPorts: { udp: 5060, tls: 5061 }, exchange, clock, log },
    });
  });
  after(async () => {
    await phones?.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const curl = async (...args: string[]): Promise<string> => (await run('curl', ['-sS', '-m', '5', ...args])).stdout;
  const http = (path: string): string => `http://127.0.0.1:${phones.ports.http}${path}`;
  const status = ['-o', '/dev/null', '-w', '%{http_code}'];

  it('gives them by HTTPS to a client that trusts the CA, and the CA itself by HTTP', async () => {
    const ca = await curl(http('/ca.pem'));
    assert.equal(ca, await readFile(join(folder, 'ca.pem'), 'utf8'));
    const secured = `https://127.0.0.1:${phones.ports.https}/startup.cfg`;
    assert.match(await curl('--cacert', join(folder, 'ca.pem'), secured), /^sip transport protocol: 1$/m);
    await assert.rejects(curl(secured), /certificate/);
  });

  it('answers 304 to a client that has the file, until the state of the exchange changes', async () => {
    const [file, etag] = [join(folder, 'd4'), join(folder, 'etag')];
    const path = http('/lab.test/dbc42x02/d42x02-config.txt');
    await curl('-R', '-o', file, '--etag-save', etag, path);
    assert.equal(await curl(...status, '--etag-compare', etag, path), '304');
    assert.equal(await curl(...status, '-z', file, path), '304');
    const mediaEncryption = { ...defaultSettings.mediaEncryption, extension: true };
    await exchange.commit([{ table: 'settings', key: 'system', row: { ...defaultSettings, mediaEncryption } }]);
    assert.equal(await curl('-z', file, path), 'SECURITY = enabled\n');
    assert.match(
      await curl('-I', '--etag-compare', etag, path),
      /^HTTP\/1\.1 200 OK\r\n[\s\S]*content-length: 19\r\n/i,
    );
  });

  it('refuses paths that lead elsewhere, and anything but reading', async () => {
    for (const path of ['/../../etc/passwd', '/dbc42x02/../startup.cfg', '/%2e%2e/startup.cfg', '/exchange.journal'])
      assert.equal(await curl(...status, '--path-as-is', http(path)), '404', path);
    assert.equal(await curl(...status, '-T', join(folder, 'ca.pem'), http('/startup.cfg')), '405');
  });
});
