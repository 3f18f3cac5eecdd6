// Files that strangers send as certificates: bundles of OpenSSL in all its ways, and thousands of damaged ones.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { certificateFile } from '../../../cpe/services/certificates/file.ts';
import { seededRandom } from '../../../shared/clock.ts';
import { UserError } from '../../../shared/errors.ts';
import { isPkcs12, openPkcs12 } from '../../../shared/pki/pkcs12-reader.ts';

describe('certificate files', () => {
  let directory: string;
  const at = (name: string): string => join(directory, name);
  const openssl = (...args: string[]): string =>
    execFileSync('openssl', args, { cwd: directory, encoding: 'utf8', stdio: 'pipe' });
  const bundle = (name: string, from: string, ...more: string[]): Buffer => {
    openssl('pkcs12', '-export', '-in', from, '-out', name, '-passout', 'pass:secret', ...more);
    return readFileSync(at(name));
  };
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cpe-files-'));
    for (const [name, ...kind] of [
      ['rsa', 'rsa:2048'],
      ['ec', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    ]) {
      const out = ['-keyout', `${name}.key`, '-out', `${name}.crt`, '-subj', `/CN=${name}`];
      openssl('req', '-x509', '-nodes', '-newkey', ...kind, ...out);
      writeFileSync(
        at(`${name}.pem`),
        readFileSync(at(`${name}.key`), 'utf8') + readFileSync(at(`${name}.crt`), 'utf8'),
      );
    }
  });
  after(() => rm(directory, { recursive: true, force: true }));

  const kinds: [title: string, from: string, more: string[], isProtected?: false][] = [
    ['as OpenSSL makes them', 'rsa.pem', []],
    ['with an EC key', 'ec.pem', []],
    ['with 3DES', 'rsa.pem', ['-certpbe', 'PBE-SHA1-3DES', '-keypbe', 'PBE-SHA1-3DES', '-macalg', 'sha1']],
    ['with RC2', 'rsa.pem', ['-legacy']],
    ['with SHA-512', 'rsa.pem', ['-macalg', 'sha512']],
    ['without a MAC', 'rsa.pem', ['-nomac'], false],
    ['in clear', 'rsa.pem', ['-certpbe', 'NONE', '-keypbe', 'NONE']],
  ];
  for (const [title, from, more, isProtected = true] of kinds) {
    it(`are PKCS#12 bundles ${title}`, async () => {
      const bytes = bundle('b.p12', from, ...more);
      assert.ok(isPkcs12(bytes));
      const { cert, key } = await openPkcs12(bytes, 'secret');
      assert.equal(
        cert.replaceAll(/\s/g, ''),
        readFileSync(at(from.replace('pem', 'crt')), 'utf8').replaceAll(/\s/g, ''),
      );
      assert.equal(certificateFile(Buffer.from(cert + key), { type: 'Host' }).columns.IssuedTo, from.slice(0, -4));
      if (isProtected) await assert.rejects(openPkcs12(bytes, 'other'), /password of the PKCS#12 bundle is wrong/);
    });
  }

  it('are bundles that take no long turn, and none that ask for too much work', async () => {
    const bytes = bundle('j.p12', 'rsa.pem', '-iter', '10000');
    await openPkcs12(bytes, 'secret');
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    await openPkcs12(bytes, 'secret');
    delay.disable();
    assert.ok(delay.mean < 50e6, `${delay.mean / 1e6} ms`);
    await assert.rejects(openPkcs12(bundle('s.p12', 'rsa.pem', '-iter', '60000'), 'secret'), /too much work/);
  });

  it('that are damaged in thousands of ways are refused, and nothing else happens', async function () {
    this.timeout(30_000);
    const random = seededRandom(5);
    const der = at('rsa.der');
    openssl('x509', '-in', 'rsa.crt', '-outform', 'DER', '-out', der);
    const clear = bundle('c.p12', 'rsa.pem', '-certpbe', 'NONE', '-keypbe', 'NONE', '-nomac');
    const good = [readFileSync(der), readFileSync(at('rsa.pem')), readFileSync(at('ec.pem')), clear];
    let refusals = 0;
    for (let round = 0; round < 4000; round++) {
      const bytes = Buffer.from(good[round % good.length] ?? Buffer.alloc(0));
      for (let change = random.int(1, 4); change > 0; change--) {
        bytes[random.int(0, bytes.length - 1)] = random.int(0, 255);
      }
      const cut = random.int(0, 3) === 0 ? bytes.subarray(0, random.int(0, bytes.length)) : bytes;
      try {
        if (isPkcs12(cut)) await openPkcs12(cut, '');
        else certificateFile(cut, random.int(0, 1) ? { type: 'Host' } : {});
      } catch (error) {
        assert.ok(error instanceof UserError, `round ${round}: ${String(error)} ${(error as Error).stack}`);
        refusals++;
      }
    }
    assert.ok(refusals > 1000, `${refusals} refusals`);
  });
});
