import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createPublicKey, type X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { seededRandom, VirtualClock } from '../../shared/clock.ts';
import { UserError } from '../../shared/errors.ts';
import { type Authority, createCa, createRequest, loadAuthority } from '../../shared/pki/authority.ts';
import {
  alternativeNames,
  commonNames,
  readCertificates,
  readPrivateKey,
  describe as summary,
} from '../../shared/pki/certificates.ts';
import { newKey } from '../../shared/pki/keys.ts';
import { readPkcs12 } from '../../shared/pki/pkcs12.ts';
import { writePkcs12 } from '../support/pkcs12.ts';

const clock = new VirtualClock();
const random = seededRandom(1);
const environment = { clock, random };
const first = (pem: string | Buffer): X509Certificate => readCertificates(pem)[0] as X509Certificate;
const refuses = (run: () => unknown, message: RegExp): void => {
  assert.throws(run, error => error instanceof UserError && error.status === 400 && message.test(error.message));
};

describe('pki', () => {
  let root: Authority;
  let rsaRoot: Authority;
  let rsaKey: string;

  before(async () => {
    rsaKey = await newKey('rsa');
    root = await createCa({ name: 'Root', key: 'ec', ...environment });
    rsaRoot = await createCa({ name: 'RSA Root', key: 'rsa', ...environment });
  });

  describe('authority', () => {
    it('makes a root that is a CA, signed by itself, with an unlimited path', () => {
      const cert = first(root.cert);
      assert.ok(cert.ca && cert.verify(cert.publicKey) && cert.checkIssued(cert));
      assert.equal(root.root, root.cert);
      assert.equal(root.chain, '');
      assert.deepEqual([summary(cert).subject, summary(cert).key], ['Root', 'EC prime256v1']);
      assert.equal(summary(first(rsaRoot.cert)).key, 'RSA 2048');
    });

    for (const [signer, kind] of [
      ['ec', 'ec'],
      ['ec', 'rsa'],
      ['rsa', 'ec'],
      ['rsa', 'rsa'],
    ] as const) {
      it(`issues an ${kind} certificate under an ${signer} root, with names, usage and dates as asked`, async () => {
        const authority = { ec: root, rsa: rsaRoot }[signer];
        const notBefore = new Date(Date.UTC(2001, 1, 3));
        const notAfter = new Date(Date.UTC(2060, 4, 6, 7, 8, 9));
        const issued = await authority.issue({
          commonName: 'acs.example, "Ltd" = ü',
          dns: ['acs.example', '*.example'],
          ips: ['127.0.0.1', '2001:db8::1'],
          uris: ['sip:example'],
          usage: ['server'],
          keyPem: { ec: root.key, rsa: rsaKey }[kind],
          notBefore,
          notAfter,
        });
        const cert = first(issued.cert);
        assert.ok(cert.verify(createPublicKey(authority.cert)) && cert.checkIssued(first(authority.cert)));
        assert.ok(cert.checkPrivateKey(readPrivateKey(issued.key)));
        assert.deepEqual(summary(cert), {
          subject: 'acs.example, "Ltd" = ü',
          issuer: { ec: 'Root', rsa: 'RSA Root' }[signer],
          notBefore: notBefore.getTime(),
          notAfter: notAfter.getTime(),
          names: ['dns:acs.example', 'dns:*.example', 'ip:127.0.0.1', 'ip:2001:DB8:0:0:0:0:0:1', 'uri:sip:example'],
          ca: false,
          key: { ec: 'EC prime256v1', rsa: 'RSA 2048' }[kind],
          usage: ['server'],
          serial: cert.serialNumber,
          fingerprint: cert.fingerprint256,
        });
        assert.equal(issued.chain, issued.cert);
      });
    }

    it('presents intermediates after the certificate and leaves the root out', async () => {
      const middle = await root.issueCa({ name: 'Middle', key: 'ec', pathLength: 1 });
      const low = await middle.issueCa({ name: 'Low', key: 'ec' });
      const issued = await low.issue({ commonName: 'x', usage: ['client'] });
      assert.deepEqual(
        readCertificates(issued.chain).map(cert => summary(cert).subject),
        ['x', 'Low', 'Middle'],
      );
      assert.equal(low.root, root.cert);
    });

    it('can be loaded from its PEM texts and issues again', async () => {
      const middle = await rsaRoot.issueCa({ name: 'Middle', key: 'ec' });
      const again = loadAuthority(
        { cert: middle.cert, key: middle.key, chain: middle.chain + middle.root },
        environment,
      );
      assert.deepEqual([again.cert, again.chain, again.root], [middle.cert, middle.chain, middle.root]);
      const issued = await again.issue({ commonName: 'x', usage: ['server', 'client'], keyPem: rsaKey });
      assert.ok(first(issued.cert).checkIssued(first(middle.cert)));
      refuses(() => loadAuthority({ cert: issued.cert, key: issued.key }, environment), /not that of an authority/);
      refuses(() => loadAuthority({ cert: root.cert, key: rsaRoot.key }, environment), /does not fit/);
    });

    it('signs a request with its names and key, and refuses a forged or broken one', async () => {
      const request = await createRequest({ commonName: 'unit', dns: ['unit.example'], keyPem: rsaKey });
      const signed = await root.sign(request, { usage: ['client'] });
      assert.deepEqual(summary(first(signed.cert)).names, ['dns:unit.example']);
      assert.ok(first(signed.cert).checkPrivateKey(readPrivateKey(rsaKey)));
      const renamed = await root.sign(request, { usage: ['client'], commonName: 'other', dns: ['other.example'] });
      assert.deepEqual(
        [summary(first(renamed.cert)).subject, summary(first(renamed.cert)).names],
        ['other', ['dns:other.example']],
      );
      const der = Buffer.from(request.replace(/-----.*-----/g, ''), 'base64');
      der[der.length - 1] = (der[der.length - 1] ?? 0) ^ 1;
      for (const bad of [der, Buffer.from('junk'), 'junk']) {
        await assert.rejects(root.sign(bad, { usage: ['client'] }), UserError);
      }
    });

    it('refuses a reversed validity, a long name and an invalid address', async () => {
      const day = new Date(0);
      await assert.rejects(root.issue({ commonName: 'x', usage: [], notBefore: day, notAfter: day }), UserError);
      await assert.rejects(root.issue({ commonName: 'x'.repeat(65), usage: [] }), UserError);
      await assert.rejects(root.issue({ commonName: 'x', usage: [], ips: ['1.2.3'] }), UserError);
    });

    it('makes certificates and revocation lists that openssl verifies', async function () {
      const run = promisify(execFile);
      const openssl = (args: string[], input: string | Buffer) => {
        const running = run('openssl', args);
        running.child.stdin?.end(input);
        return running;
      };
      const issued = await rsaRoot.issue({ commonName: 'x', usage: ['server'], keyPem: rsaKey });
      const list = await rsaRoot.revocationList(
        [{ serial: first(issued.cert).serialNumber, at: new Date(clock.now()) }],
        new Date(clock.now() + 1e9),
      );
      try {
        await run('openssl', ['version']);
      } catch {
        return this.skip();
      }
      const { stdout } = await openssl(['crl', '-inform', 'DER', '-noout', '-text'], list);
      assert.match(stdout, /Issuer: CN = RSA Root/);
      assert.match(stdout, new RegExp(`Serial Number: ${first(issued.cert).serialNumber}`));
      const text = await openssl(['x509', '-noout', '-text'], issued.cert);
      assert.match(text.stdout, /Key Usage: critical\s+Digital Signature, Key Encipherment/);
      assert.match(text.stdout, /Basic Constraints: critical\s+CA:FALSE/);
    });
  });

  describe('reading', () => {
    it('reads PEM with keys and text between certificates, DER, and several DER in a row', () => {
      const pem = `subject=/CN=x\r\n${root.cert.replaceAll('\n', '\r\n')}\n${root.key}\n${rsaRoot.cert} tail`;
      const names = (input: string | Buffer) => readCertificates(input).map(cert => summary(cert).subject);
      assert.deepEqual(names(pem), ['Root', 'RSA Root']);
      const der = first(root.cert).raw;
      assert.deepEqual(names(der), ['Root']);
      assert.deepEqual(names(Buffer.concat([der, first(rsaRoot.cert).raw])), ['Root', 'RSA Root']);
    });

    it('reports the error in any other input', () => {
      const der = first(root.cert).raw;
      refuses(() => readCertificates(''), /empty/);
      refuses(() => readCertificates('hello'), /neither PEM nor DER/);
      refuses(() => readCertificates(root.key), /PRIVATE KEY but no certificate/);
      refuses(() => readCertificates(root.cert.slice(0, -40)), /cut or damaged/);
      refuses(() => readCertificates(root.cert.replace(/M/, 'A')), /certificate 1 is not/);
      refuses(
        () => readCertificates(Buffer.concat([der, Buffer.from('junk')])),
        /something that is no certificate follows/,
      );
      refuses(() => readCertificates(der.subarray(0, -1)), /neither PEM nor DER/);
      refuses(() => readCertificates(Buffer.alloc(2 << 20, 0x30)), /larger/);
    });

    it('throws nothing but UserError', () => {
      const der = first(root.cert).raw;
      const damage = fc.tuple(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }));
      fc.assert(
        fc.property(damage, fc.uint8Array({ maxLength: 64 }), ([at, bits], junk) => {
          const bytes = Buffer.from(der);
          bytes[at] = (bytes[at] ?? 0) ^ bits;
          for (const input of [bytes, Buffer.from(junk), Buffer.concat([bytes, junk])]) {
            for (const read of [readCertificates, readPrivateKey]) {
              try {
                read(input);
              } catch (error) {
                assert.ok(error instanceof UserError, String(error));
              }
            }
          }
        }),
      );
    });

    it('reads keys from PEM beside certificates, from DER, and with a passphrase', () => {
      const key = readPrivateKey(root.cert + rsaKey);
      assert.equal(key.asymmetricKeyType, 'rsa');
      const same = (input: string | Buffer, passphrase?: string) => readPrivateKey(input, passphrase).equals(key);
      for (const type of ['pkcs1', 'pkcs8'] as const) assert.ok(same(key.export({ type, format: 'der' })));
      const locked = key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'p' }).toString();
      const legacy = key.export({ type: 'pkcs1', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'p' }).toString();
      assert.ok(same(locked, 'p') && same(legacy, 'p'));
      refuses(() => readPrivateKey(locked, 'q'), /passphrase/);
      refuses(() => readPrivateKey(legacy), /passphrase/);
      refuses(() => readPrivateKey(root.cert), /no private key/);
    });

    it('reads names with separators and quotes in them', async () => {
      const { cert } = await root.issue({ commonName: 'a+b\\c', usage: [], uris: ['sip:a, DNS:evil', 'urn:"q"'] });
      assert.deepEqual(commonNames(first(cert).subject), ['a+b\\c']);
      assert.deepEqual(alternativeNames(first(cert)), [
        { kind: 'uri', value: 'sip:a, DNS:evil' },
        { kind: 'uri', value: 'urn:"q"' },
      ]);
    });
  });

  describe('PKCS#12', () => {
    it('reads back certificate, key and chain', async () => {
      const issued = await rsaRoot.issue({ commonName: 'unit', usage: ['client'], keyPem: rsaKey });
      const bytes = writePkcs12({ cert: issued.cert, key: issued.key, others: rsaRoot.root }, 'pässword', 'unit');
      const back = readPkcs12(bytes, 'pässword');
      assert.deepEqual([summary(first(back.cert)).subject, summary(first(back.others)).subject], ['unit', 'RSA Root']);
      assert.ok(readPrivateKey(back.key).equals(readPrivateKey(rsaKey)));
      refuses(() => readPkcs12(bytes, 'guess'), /password/);
    });

    it('refuses junk and EC keys', async () => {
      refuses(() => readPkcs12(Buffer.from('junk'), ''), /not a PKCS#12/);
      const issued = await root.issue({ commonName: 'unit', usage: ['client'] });
      refuses(() => writePkcs12({ cert: issued.cert, key: issued.key, others: '' }, ''), /RSA keys only/);
    });
  });
});
