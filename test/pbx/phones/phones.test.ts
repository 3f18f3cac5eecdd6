// The configuration server for telephones: files by the state of the exchange, the operator's merged, and what is never sent.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { request as ask, type RequestOptions } from 'node:http';
import { request as askTls } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultSettings, type Settings } from '../../../pbx/exchange/data.ts';
import { Exchange } from '../../../pbx/exchange/exchange.ts';
import { type Phones, type PhonesOptions, servePhones } from '../../../pbx/phones/server.ts';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import { silentLog as log } from '../../../shared/log.ts';
import { createCa } from '../../../shared/pki/authority.ts';

const clock = systemClock();

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

describe('the configuration server for telephones', () => {
  let folder = '';
  let exchange: Exchange;
  let phones: Phones | undefined;
  let tls: PhonesOptions['tls'];
  let ca = '';
  before(async () => {
    const authority = await createCa({ name: 'test', key: 'ec', clock, random: systemRandom() });
    const issued = await authority.issue({ commonName: 'x', ips: ['127.0.0.1'], usage: ['server'], key: 'ec' });
    tls = { cert: issued.chain, key: issued.key };
    ca = authority.root;
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'phones-'));
    exchange = Exchange.inMemory();
  });
  afterEach(async () => {
    await phones?.stop();
    phones = undefined;
    await rm(folder, { recursive: true, force: true });
  });

  const start = async (extra: Partial<PhonesOptions> = {}): Promise<void> => {
    const sipPorts = { udp: 5060, tls: 5061 };
    phones = await servePhones({
      ...{ host: '127.0.0.1', port: 0, tlsPort: 0, tls, ca, domain: '127.0.0.1', sipPorts },
      ...{ folder, exchange, clock, log, ...extra },
    });
  };
  const get = (path: string, options: RequestOptions & { tls?: boolean } = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const { tls: encrypted, ...rest } = options;
      const port = encrypted ? phones?.ports.https : phones?.ports.http;
      const all = { host: '127.0.0.1', port, path, ca, ...rest };
      const asked = (encrypted ? askTls : ask)(all, answer => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          text += chunk;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
      });
      asked.on('error', reject);
      asked.end();
    });
  const set = async (change: Partial<Settings>): Promise<void> =>
    await exchange.commit([{ table: 'settings', key: 'system', row: { ...defaultSettings, ...change } }]);
  const encrypted = { extension: true, route: false, intermgw: false };
  const settingOf = async (path: string, key: string): Promise<string | undefined> => {
    const { text } = await get(path);
    const line = text.split('\n').find(one => one.startsWith(`${key}:`) || one.startsWith(`${key} =`));
    return line?.replace(/^[^:=]*[:=] /, '');
  };

  for (const file of ['d42x02-config.txt', 'd44x01-config.txt']) {
    it(`sends SECURITY in ${file} by media encryption and policy`, async () => {
      await start();
      assert.equal((await get(`/${file}`)).text, 'SECURITY = disabled\n');
      await set({ mediaEncryption: encrypted });
      assert.equal((await get(`/${file}`)).text, 'SECURITY = enabled\n');
      await set({ policy: 2, mediaEncryption: encrypted });
      assert.equal((await get(`/${file}`)).text, 'SECURITY = enabled\n');
      await set({});
      assert.equal((await get(`/${file}`)).text, 'SECURITY = disabled\n');
    });
  }

  it('sends a SIP telephone its transport, port, SRTP mode and servers in each state', async () => {
    await start();
    const cases: [Partial<Settings>, string, string, string, string, string | undefined, string][] = [
      [{}, '1', '5060', '0', '0', undefined, 'HTTP'],
      [{ mediaEncryption: encrypted }, '4', '5061', '1', '1', 'ca.pem', 'HTTPS'],
      [{ policy: 2, mediaEncryption: encrypted }, '4', '5061', '1', '1', 'ca.pem', 'HTTPS'],
      [{ policy: 1, mediaEncryption: encrypted }, '4', '5061', '1', '2', 'ca.pem', 'HTTPS'],
      [{ policy: 3, mediaEncryption: encrypted }, '4', '5061', '1', '2', 'ca.pem', 'HTTPS'],
    ];
    for (const [state, transport, port, persistent, srtp, trusted, protocol] of cases) {
      await set(state);
      for (const file of ['/startup.cfg', '/aastra.cfg']) {
        assert.equal(await settingOf(file, 'sip transport protocol'), transport);
        assert.equal(await settingOf(file, 'sip registrar port'), port);
        assert.equal(await settingOf(file, 'sip proxy ip'), '127.0.0.1');
        assert.equal(await settingOf(file, 'sips persistent tls'), persistent);
        assert.equal(await settingOf(file, 'sip srtp mode'), srtp);
        assert.equal(await settingOf(file, 'sips trusted certificates'), trusted);
        assert.equal(await settingOf(file, 'download protocol'), protocol);
        assert.equal(await settingOf(file, 'https port'), String(phones?.ports.https));
      }
    }
    assert.equal((await get('/ca.pem')).text, ca);
  });

  it('serves the same by HTTPS, to a client that trusts the CA', async () => {
    await start();
    assert.deepEqual((await get('/startup.cfg', { tls: true })).text, (await get('/startup.cfg')).text);
  });

  it('answers below the folders that older telephones ask for, and 404 elsewhere', async () => {
    await start();
    const statusOf = async (path: string): Promise<number> => (await get(path)).status;
    assert.equal(await statusOf('/example.com/dbc42x02/d42x02-config.txt'), 200);
    assert.equal(await statusOf('/130.100.26.128-26/dbc44x01/d44x01-config.txt'), 200);
    assert.equal(await statusOf('/dbc42x02/d42x02-config.txt'), 200);
    assert.equal(await statusOf('/D42x02-Config.txt'), 200);
    for (const path of [
      '/',
      '/none.cfg',
      '/dbc44x01/d42x02-config.txt',
      '/other/startup.cfg',
      '/a/b/dbc42x02/d42x02-config.txt',
    ])
      assert.equal(await statusOf(path), 404, path);
  });

  it("merges the operator's files, whose settings go before ours unless they follow the state", async () => {
    await start();
    await writeFile(
      join(folder, 'startup.cfg'),
      '# ours\nSIP proxy ip: backup.test\nsip transport protocol: 1\ntime server1: ntp.test\n',
    );
    await writeFile(join(folder, 'd42x02-config.txt'), 'LANGUAGE = 3\nSECURITY = disabled\n');
    await set({ policy: 1, mediaEncryption: encrypted });
    assert.equal(await settingOf('/startup.cfg', 'sip proxy ip'), 'backup.test');
    assert.equal(await settingOf('/startup.cfg', 'sip transport protocol'), '4');
    assert.equal(await settingOf('/startup.cfg', 'time server1'), 'ntp.test');
    assert.equal((await get('/d42x02-config.txt')).text, 'SECURITY = enabled\nLANGUAGE = 3\n');
    await writeFile(join(folder, '00085D112233.cfg'), 'sip srtp mode: 0\n');
    assert.equal((await get('/00085D112233.cfg')).text, 'sip srtp mode: 0\n');
  });

  it('never sends a password, a PIN or a key, whatever the operator has written', async () => {
    await exchange.commit([
      {
        table: 'authorizationCodes',
        key: 'dir:4100',
        row: { code: '73915', dir: '4100', customer: 0, csp: 0, cil: '', isRestricted: false },
      },
    ]);
    await start();
    const secrets =
      'sip line1 password: s3cret\nadmin password: s3cret\nPIN = s3cret\nauth code: s3cret\nlanguage: 1\n';
    for (const file of ['startup.cfg', '6867i.cfg', 'd44x01-config.txt']) await writeFile(join(folder, file), secrets);
    await writeFile(join(folder, 'own.pem'), tls.key);
    for (const file of ['startup.cfg', 'aastra.cfg', '6867i.cfg', 'd44x01-config.txt', 'd42x02-config.txt'])
      assert.doesNotMatch((await get(`/${file}`)).text, /s3cret|73915/, file);
    assert.match((await get('/6867i.cfg')).text, /language: 1/);
    assert.equal((await get('/own.pem')).status, 404);
  });

  it('leaves its folder by no name, link or encoding', async () => {
    await mkdir(join(folder, 'inner'));
    await writeFile(join(folder, 'inner', 'secret.cfg'), 'inside');
    await writeFile(join(folder, '..', 'phones-outside.cfg'), 'outside');
    await symlink('/etc/passwd', join(folder, 'link.txt'));
    await writeFile(join(folder, 'program.sh'), 'echo');
    await writeFile(join(folder, 'long.cfg'), 'x'.repeat(1024 * 1024 + 1));
    await start();
    for (const path of [
      '/../phones-outside.cfg',
      '/..%2fphones-outside.cfg',
      '/%2e%2e/phones-outside.cfg',
      '/inner%2fsecret.cfg',
      '/inner/secret.cfg',
      '/link.txt',
      '/program.sh',
      '/long.cfg',
      '/startup.cfg%00.txt',
      '/.hidden.cfg',
      `/${'a'.repeat(100)}.cfg`,
    ]) {
      const { status, text } = await get(path);
      assert.ok(status === 404 || status === 400, `${path}: ${status}`);
      assert.doesNotMatch(text, /outside|inside|root:/);
    }
    await rm(join(folder, '..', 'phones-outside.cfg'));
  });

  it('knows what a telephone has already, by tag and by date, and answers HEAD', async () => {
    await start();
    const first = await get('/startup.cfg');
    const etag = String(first.headers.etag);
    const modified = String(first.headers['last-modified']);
    const again = async (headers: Record<string, string>): Promise<number> =>
      (await get('/startup.cfg', { headers })).status;
    assert.equal(await again({ 'if-none-match': etag }), 304);
    assert.equal(await again({ 'if-modified-since': modified }), 304);
    assert.equal(await again({ 'if-none-match': '"other"', 'if-modified-since': modified }), 200);
    assert.equal(await again({ 'if-modified-since': 'yesterday' }), 200);
    const head = await get('/startup.cfg', { method: 'HEAD' });
    assert.deepEqual([head.status, head.text, head.headers.etag], [200, '', etag]);
    assert.equal(head.headers['content-length'], String(first.text.length));
    await set({ mediaEncryption: encrypted });
    assert.equal(await again({ 'if-none-match': etag }), 200);
    assert.equal(await again({ 'if-modified-since': modified }), 200);
    assert.equal((await get('/startup.cfg', { method: 'PUT' })).status, 405);
  });
});
