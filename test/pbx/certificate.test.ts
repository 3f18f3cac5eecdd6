// The own certificate of the SIP server: kept with its key over restarts, and replaced when it no longer fits.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownCertificate } from '../../pbx/certificate.ts';
import { type Clock, systemClock, systemRandom } from '../../shared/clock.ts';
import { silentLog as log } from '../../shared/log.ts';

const clock = systemClock();
const random = systemRandom();
const later = (days: number): Clock => ({ ...clock, now: () => clock.now() + days * 86_400_000 });

describe('certificate of the SIP server', () => {
  let data = '';
  beforeEach(async () => {
    data = await mkdtemp(join(tmpdir(), 'pbx-cert-'));
  });
  afterEach(() => rm(data, { recursive: true, force: true }));
  const own = (names = ['sip.test', '127.0.0.1'], at: Clock = clock) =>
    ownCertificate(data, names, { clock: at, random, log });

  it('is kept with its RSA key, which only its owner may read', async () => {
    const first = await own();
    assert.deepEqual(await own(), first);
    assert.equal((await stat(join(data, 'server.key'))).mode & 0o777, 0o600);
    assert.equal(await readFile(join(data, 'server.key'), 'utf8'), first.key);
    const certificate = new X509Certificate(first.cert);
    assert.equal(certificate.publicKey.asymmetricKeyType, 'rsa');
    assert.equal(certificate.checkHost('sip.test'), 'sip.test');
  });

  it('is replaced for another name, near its end, and when a file is damaged, by the same CA', async () => {
    const first = await own();
    const ca = await readFile(join(data, 'ca.pem'), 'utf8');
    const other = await own(['other.test', '127.0.0.1']);
    assert.notEqual(other.cert, first.cert);
    const { validTo } = new X509Certificate(other.cert);
    const days = (Date.parse(validTo) - clock.now()) / 86_400_000;
    assert.equal((await own(['other.test'], later(days - 31))).cert, other.cert);
    const renewed = await own(['other.test'], later(days - 29));
    assert.notEqual(renewed.cert, other.cert);
    await writeFile(join(data, 'server.key'), 'nonsense');
    assert.notEqual((await own(['other.test'])).cert, renewed.cert);
    assert.equal(await readFile(join(data, 'ca.pem'), 'utf8'), ca);
  });
});
