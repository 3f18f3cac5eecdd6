// The unit's certificates: that of the factory, dates to report, files that are refused, and keys that the unit makes itself.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { certificateBytes, installCertificateFile } from '../../../cpe/services/cert.ts';
import { noteDates } from '../../../cpe/services/certificates/expiry.ts';
import { dropRequest, makeRequest, waitingRequest } from '../../../cpe/services/certificates/request.ts';
import { UserError } from '../../../shared/errors.ts';
import { type Authority, createCa } from '../../../shared/pki/authority.ts';
import { CERTIFICATE, clock, Gateways, random, set } from '../../support/cpe/gateways.ts';

const DAY = 86_400_000;
const openssl = (args: string[]): string => execFileSync('openssl', args, { encoding: 'utf8', stdio: 'pipe' });

describe('certificates of a unit', () => {
  let on: Gateways;
  let ca: Authority;
  before(async () => {
    ca = await createCa({ name: 'Test CA', key: 'ec', clock, random });
  });
  beforeEach(async () => {
    on = await Gateways.open();
  });
  afterEach(() => on.close());
  const file = (name: string, content: string | Buffer): string => {
    const path = join(on.directory, name);
    writeFileSync(path, content);
    return path;
  };

  it('begin with that of the factory, which openssl reads, and which judges nothing', async () => {
    const gateway = await on.up();
    const { device } = gateway;
    const row = 'Cert.OthersCertificatesInfo[FileName=Cert_MxDefault001.der]';
    assert.equal(device.config.variable(`${row}.ValidTo`), '2015-07-27 18:06:00');
    assert.equal(device.tls('SipEp').roots.length, 0);
    const der = await certificateBytes(device, 'OthersCertificatesInfo', 'Cert_MxDefault001.der');
    const text = openssl(['x509', '-inform', 'DER', '-noout', '-subject', '-issuer', '-dates', '-in', file('f', der)]);
    assert.match(text, /subject=CN ?= ?test\nissuer=CN ?= ?test\nnotBefore=Jul 29 22:06:00 2005 GMT\nnotAfter=Jul 27/);
    assert.equal(new X509Certificate(der).ca, true);
    await set(gateway, { [`${row}.Delete`]: 'Delete' });
    await assert.rejects(certificateBytes(device, 'OthersCertificatesInfo', 'Cert_MxDefault001.der'), /no certificate/);
    await device.power.factoryReset();
    assert.equal(device.config.variable(`${row}.IssuedTo`), 'test');
  });

  it('are reported before they expire, when they have, and while they are not valid yet', async () => {
    const start = Date.parse('2026-01-01T00:00:00Z');
    const { cert } = await ca.issue({
      commonName: 'dated',
      usage: ['server'],
      key: 'ec',
      notBefore: new Date(start),
      notAfter: new Date(start + 100 * DAY),
    });
    const dated = [{ name: 'dated.pem', certificate: new X509Certificate(cert) }];
    const phases = new Map<string, string>();
    const heard: string[] = [];
    const note = (now: number): number | undefined => noteDates(dated, now, phases, name => heard.push(name));
    assert.equal(note(start - DAY), DAY);
    assert.equal(note(start - DAY / 2), DAY / 2);
    assert.equal(note(start), 20 * DAY);
    assert.equal(note(start + 70 * DAY), 20 * DAY);
    assert.equal(note(start + 100 * DAY), 1);
    assert.equal(note(start + 100 * DAY + 1), undefined);
    assert.deepEqual(heard, ['certificateNotYetValid', 'certificateExpiring', 'certificateExpired']);
  });

  it('report their dates through Nlm once the clock is set', async () => {
    const gateway = await on.up({ clockSource: 'sntp' });
    const { device } = gateway;
    const script = 'Nlm.InsertEvent\nNlm.Events[Index=1].Criteria = "All"\nNlm.Events[Index=1].Action = LogLocally\n';
    await device.install('3 Vendor Configuration File', Buffer.from(script), '');
    const old = await ca.issue({
      commonName: 'old',
      usage: ['client'],
      key: 'ec',
      notAfter: new Date(Date.now() + DAY),
    });
    await device.install(CERTIFICATE, Buffer.from(old.cert + old.key), 'old.pem');
    const heard = (): string[] =>
      device.config.names('Device.X_0090F8_Nlm.LocalLogMessages.', true).map(({ Name }) => {
        return device.config.get(`${Name}Message`) ?? '';
      });
    assert.ok(!heard().some(text => text.includes('expires')));
    device.setClock(0);
    assert.ok(
      heard().some(text => /^Certificate old\.pem expires on 20/.test(text)),
      heard().join('\n'),
    );
  });

  it('are refused whole, with the reason: nothing that was there is lost', async () => {
    const gateway = await on.up();
    const { device } = gateway;
    const host = await ca.issue({ commonName: 'unit', usage: ['server'], key: 'rsa' });
    const other = await ca.issue({ commonName: 'other', usage: ['server'], key: 'rsa' });
    await installCertificateFile(device, Buffer.from(host.chain + host.key), 'unit.pem', { type: 'Host', isNew: true });
    const bundle = file('both.pem', host.chain + host.key);
    const p12 = join(on.directory, 'unit.p12');
    openssl(['pkcs12', '-export', '-in', bundle, '-out', p12, '-passout', 'pass:secret']);
    const slow = join(on.directory, 'slow.p12');
    openssl(['pkcs12', '-export', '-in', bundle, '-out', slow, '-passout', 'pass:', '-iter', '300000']);
    const cases: [content: Buffer | string, name: string, options: object, reason: RegExp][] = [
      ['', 'empty.crt', { type: 'Other' }, /empty/],
      ['garbage', 'g.crt', { type: 'Other' }, /neither PEM nor DER/],
      [Buffer.alloc((1 << 20) + 1, 0x41), 'big.crt', {}, /larger than/],
      [host.cert, 'nokey.pem', { type: 'Host' }, /needs its private key/],
      [host.cert + host.key, 'key.pem', { type: 'Other' }, /transfer it as Host/],
      [host.cert + other.key, 'wrong.pem', { type: 'Host' }, /key belongs to none/],
      [host.cert + host.key, 'unit.pem', { type: 'Host', isNew: true }, /unit\.pem already/],
      [readFileSync(p12), 'unit.p12', { type: 'Host', password: 'wrong' }, /password of the PKCS#12 bundle is wrong/],
      [readFileSync(slow), 'slow.p12', { type: 'Host' }, /too much work/],
    ];
    for (const [content, name, options, reason] of cases) {
      const work = installCertificateFile(device, Buffer.from(content as string), name, options);
      await assert.rejects(work, (error: unknown) => error instanceof UserError && reason.test(error.message), name);
    }
    assert.equal(device.tls('SipEp', 'server').host?.key, host.key);
    const password = 'secret';
    await installCertificateFile(device, readFileSync(p12), 'unit.p12', { type: 'Host', password, isNew: true });
    assert.equal(device.config.variable('Cert.HostCertificatesInfo[FileName=unit.p12].IssuedTo'), 'unit');
  });

  for (const key of ['rsa', 'ec'] as const) {
    it(`are asked for by a request with an ${key} key of the unit, which openssl signs`, async () => {
      const gateway = await on.up({ stateDir: on.directory });
      const { device } = gateway;
      const { request } = await makeRequest(device, { commonName: 'gw.test', names: ['gw.test', '10.0.0.7'], key });
      assert.doesNotMatch(request, /PRIVATE/);
      const csr = file('unit.csr', request);
      const text = openssl(['req', '-in', csr, '-noout', '-verify', '-text', '-subject']);
      assert.match(text, /DNS:gw\.test, IP Address:10\.0\.0\.7/);
      await assert.rejects(makeRequest(device, { commonName: 'x', names: [], key }), /waits already/);
      const [caCert, caKey, out] = [file('ca.pem', ca.cert), file('ca.key', ca.key), join(on.directory, 'signed.pem')];
      const signing = ['-CA', caCert, '-CAkey', caKey, '-CAcreateserial', '-days', '9', '-out', out];
      openssl(['x509', '-req', '-in', csr, '-copy_extensions', 'copyall', ...signing]);
      await gateway.powerOff();
      const again = await on.up({ stateDir: on.directory });
      await installCertificateFile(again.device, readFileSync(out), 'signed.pem', { type: 'Host', isNew: true });
      assert.equal(again.device.config.variable('Cert.HostCertificatesInfo[FileName=signed.pem].IssuedTo'), 'gw.test');
      assert.equal(await waitingRequest(again.device), undefined);
      const { host } = again.device.tls('SipEp', 'server');
      assert.ok(host && new X509Certificate(host.cert).publicKey.asymmetricKeyType === key);
    });
  }

  it('are not asked for with names that cannot be', async () => {
    const { device } = await on.up();
    const ask = (commonName: string, names: string[]): Promise<unknown> =>
      makeRequest(device, { commonName, names, key: 'ec' });
    await assert.rejects(ask('', []), /1 to 64/);
    await assert.rejects(ask('x'.repeat(65), []), /1 to 64/);
    await assert.rejects(ask('x', ['a b']), /neither an address/);
    await assert.rejects(ask('x', Array(17).fill('a.test')), /at most 16/);
    await dropRequest(device);
    await ask('x', []);
  });
});
