import assert from 'node:assert/strict';
import type { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { seededRandom, VirtualClock } from '../../../shared/clock.ts';
import { type Authority, createCa, type IssueRequest } from '../../../shared/pki/authority.ts';
import { readCertificates } from '../../../shared/pki/certificates.ts';
import { newKey, usableKey } from '../../../shared/pki/keys.ts';
import { x509 } from '../../../shared/pki/x509.ts';
import { type ChainInput, judgeChain, type Verdict } from '../../../shared/tls/judge.ts';
import { namesHost } from '../../../shared/tls/names.ts';
import { plainPolicy, type Validation } from '../../../shared/tls/profiles.ts';

const clock = new VirtualClock();
const environment = { clock, random: seededRandom(1) };
const now = clock.now();
const year = 365 * 86_400_000;
const at = (offset: number): Date => new Date(now + offset);
const read = (pem: string): X509Certificate[] => readCertificates(pem);
const one = (pem: string): X509Certificate => read(pem)[0] as X509Certificate;
const reasonOf = (verdict: Verdict): string => (verdict.ok ? 'ok' : verdict.reason);

describe('TLS judge', () => {
  let keyPem: string;
  let root: Authority;
  let other: Authority;
  let middle: Authority;

  before(async () => {
    keyPem = await newKey('ec');
    root = await createCa({ name: 'Root', key: 'ec', ...environment });
    other = await createCa({ name: 'Other', key: 'ec', ...environment });
    middle = await root.issueCa({ name: 'Middle', key: 'ec' });
  });

  const issue = async (more: Partial<IssueRequest> = {}, by = root): Promise<X509Certificate[]> =>
    read(
      (await by.issue({ commonName: 'acs.example', dns: ['acs.example'], usage: ['server'], keyPem, ...more })).chain,
    );

  const judge = (chain: X509Certificate[], more: Partial<ChainInput> & { level?: Validation } = {}): string => {
    const { level = 'HostName', ...rest } = more;
    const policy = { validation: level, ...rest.policy };
    return reasonOf(judgeChain({ chain, roots: [one(root.cert)], host: 'acs.example', now, ...rest, policy }));
  };

  /** A certificate with any extensions, for what an honest authority would not make. */
  const odd = async (options: {
    subject: string;
    by?: Authority;
    extensions?: x509.Extension[];
    key?: string;
  }): Promise<X509Certificate> => {
    const { publicKey } = await usableKey(options.key ?? keyPem);
    const { privateKey, algorithm } = await usableKey(options.by?.key ?? options.key ?? keyPem);
    const cert = await x509.X509CertificateGenerator.create({
      serialNumber: '01',
      subject: `CN=${options.subject}`,
      issuer: options.by ? new x509.X509Certificate(options.by.cert).subjectName : `CN=${options.subject}`,
      notBefore: at(-year),
      notAfter: at(year),
      publicKey,
      signingKey: privateKey,
      signingAlgorithm: algorithm,
      extensions: options.extensions ?? [],
    });
    return one(cert.toString('pem'));
  };

  describe('by level', () => {
    /** The verdict of each level on each fault: NoValidation, TrustedCertificate, DnsSrvResponse, HostName. */
    const levels = ['NoValidation', 'TrustedCertificate', 'DnsSrvResponse', 'HostName'] as const;
    const table: [string, () => Promise<[X509Certificate[], Partial<ChainInput>?]>, string[]][] = [
      ['a good certificate', async () => [await issue()], ['ok', 'ok', 'ok', 'ok']],
      ['no certificate', async () => [[]], Array(4).fill('no-certificate')],
      ['no CA installed', async () => [await issue(), { roots: [] }], ['ok', 'no-ca', 'no-ca', 'no-ca']],
      ['another CA', async () => [await issue({}, other)], ['ok', 'untrusted', 'untrusted', 'untrusted']],
      [
        'an expired certificate',
        async () => [await issue({ notBefore: at(-year), notAfter: at(-1000) })],
        ['ok', 'expired', 'expired', 'expired'],
      ],
      [
        'one not yet valid',
        async () => [await issue({ notBefore: at(1000) })],
        ['ok', 'not-yet-valid', 'not-yet-valid', 'not-yet-valid'],
      ],
      [
        'a clock not set',
        async () => [await issue(), { now: undefined }],
        ['ok', 'clock-not-set', 'clock-not-set', 'clock-not-set'],
      ],
      [
        'another name',
        async () => [await issue(), { host: 'else.example' }],
        ['ok', 'ok', 'name-mismatch', 'name-mismatch'],
      ],
      [
        'a name that DNS SRV returned',
        async () => [await issue(), { host: 'sip.example', srvNames: ['acs.example'] }],
        ['ok', 'ok', 'ok', 'name-mismatch'],
      ],
      [
        'a client certificate',
        async () => [await issue({ usage: ['client'] })],
        ['ok', 'key-usage', 'key-usage', 'key-usage'],
      ],
    ];
    for (const [name, make, wanted] of table) {
      it(`${name}: ${levels.map((level, index) => `${level} ${wanted[index]}`).join(', ')}`, async () => {
        const [chain, more] = await make();
        assert.deepEqual(
          levels.map(level => judge(chain, { ...more, level })),
          wanted,
        );
      });
    }

    it('judges a client certificate by the client usage', async () => {
      assert.equal(judge(await issue({ usage: ['client'] }), { level: 'TrustedCertificate', role: 'client' }), 'ok');
      assert.equal(judge(await issue(), { level: 'TrustedCertificate', role: 'client' }), 'key-usage');
    });

    it('ignores only the dates for a plain device without a clock (TR-069 3.3)', async () => {
      const policy = { ...plainPolicy };
      const bare = (chain: X509Certificate[], more: Partial<ChainInput> = {}) =>
        judge(chain, { policy, now: undefined, ...more });
      assert.equal(bare(await issue({ notBefore: at(-year), notAfter: at(-1000) })), 'ok');
      assert.equal(bare(await issue({}, other)), 'untrusted');
      assert.equal(bare(await issue(), { host: 'else.example' }), 'name-mismatch');
    });

    it('can require the clock even without validation', async () => {
      const policy = { validation: 'NoValidation', refuseWithoutClock: true } as const;
      assert.equal(judge(await issue(), { policy, now: undefined }), 'clock-not-set');
      assert.equal(judge(await issue(), { policy }), 'ok');
    });
  });

  it('reports the first of several faults: CA, clock, path, dates, name', async () => {
    const expired = { notBefore: at(-year), notAfter: at(-1000) };
    const bad = await issue(expired, other);
    const host = 'else.example';
    assert.equal(judge(bad, { host, roots: [], now: undefined }), 'no-ca');
    assert.equal(judge(bad, { host, now: undefined }), 'clock-not-set');
    assert.equal(judge(bad, { host }), 'untrusted');
    assert.equal(judge(await issue(expired), { host }), 'expired');
    assert.equal(judge(await issue(), { host }), 'name-mismatch');
  });

  describe('paths (RFC 5280 6.1)', () => {
    it('accepts the root left out, sent along, sent first, or among other certificates', async () => {
      const [leaf, ca] = (await issue({}, middle)) as [X509Certificate, X509Certificate];
      const [top, stranger] = [one(root.cert), one(other.cert)];
      for (const chain of [
        [leaf, ca],
        [leaf, ca, top],
        [leaf, top, ca],
        [leaf, stranger, top, ca],
      ])
        assert.equal(judge(chain), 'ok');
    });

    it('needs the intermediate, sent or installed', async () => {
      const [leaf] = await issue({}, middle);
      assert.equal(judge([leaf as X509Certificate]), 'untrusted');
      assert.equal(judge([leaf as X509Certificate], { roots: [one(root.cert), one(middle.cert)] }), 'ok');
    });

    it('accepts an installed intermediate as anchor without its root', async () => {
      assert.equal(judge(await issue({}, middle), { roots: [one(middle.cert)] }), 'ok');
    });

    it('does not trust a root because the server sent it', async () => {
      const [leaf] = await issue({}, other);
      assert.equal(judge([leaf as X509Certificate, one(other.cert)]), 'self-signed');
    });

    it('refuses a self-signed certificate, unless it is installed itself', async () => {
      const names = new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'acs.example' }]);
      const self = await odd({ subject: 'acs.example', extensions: [names] });
      assert.equal(judge([self]), 'self-signed');
      assert.equal(judge([self], { roots: [self] }), 'ok');
    });

    it('refuses a signature that the issuer of that name did not make', async () => {
      const impostor = await createCa({ name: 'Root', key: 'ec', ...environment });
      assert.equal(judge(await issue({}, impostor)), 'bad-signature');
      assert.equal(judge(await issue(), { roots: [one(impostor.cert), one(root.cert)] }), 'ok');
      const rsa = await createCa({ name: 'Root', key: 'rsa', ...environment });
      assert.equal(judge(await issue(), { roots: [one(rsa.cert)] }), 'bad-signature');
    });

    it('refuses an issuer that is no CA', async () => {
      const issued = await root.issue({ commonName: 'Leaf CA', usage: ['server'], keyPem });
      const below = await odd({ subject: 'acs.example', by: { ...root, cert: issued.cert, key: keyPem } });
      assert.equal(judge([below, one(issued.cert)]), 'not-a-ca');
    });

    it('refuses an issuer whose key must not sign certificates', async () => {
      const basic = new x509.BasicConstraintsExtension(true, undefined, true);
      const usage = new x509.KeyUsagesExtension(x509.KeyUsageFlags.cRLSign, true);
      const ca = await odd({ subject: 'Weak', by: root, extensions: [basic, usage] });
      const below = await odd({ subject: 'acs.example', by: { ...root, cert: ca.toString(), key: keyPem } });
      assert.equal(judge([below, ca]), 'key-usage');
    });

    it('refuses more CAs than a path length allows', async () => {
      const short = await createCa({ name: 'Short', key: 'ec', pathLength: 0, ...environment });
      const roots = [one(short.cert)];
      assert.equal(judge(await issue({}, short), { roots }), 'ok');
      const below = await short.issueCa({ name: 'Below', key: 'ec' });
      assert.equal(judge(await issue({}, below), { roots }), 'path-length');
    });

    it('refuses a critical extension it does not know, and ignores others', async () => {
      const extension = (critical: boolean) => new x509.Extension('1.2.3.4', critical, Buffer.from([5, 0]));
      for (const [critical, wanted] of [
        [true, 'unsupported-extension'],
        [false, 'ok'],
      ] as const) {
        assert.equal(
          judge([await odd({ subject: 'acs.example', by: root, extensions: [extension(critical)] })]),
          wanted,
        );
      }
    });

    it('refuses a path to an expired root or intermediate', async () => {
      const old = await createCa({
        name: 'Old',
        key: 'ec',
        notBefore: at(-2 * year),
        notAfter: at(-year),
        ...environment,
      });
      assert.equal(judge(await issue({}, old), { roots: [one(old.cert)] }), 'expired');
      const oldMiddle = await root.issueCa({
        name: 'OldMiddle',
        key: 'ec',
        notBefore: at(-2 * year),
        notAfter: at(-year),
      });
      assert.equal(judge(await issue({}, oldMiddle)), 'expired');
    });

    it('accepts an old-style root without extensions', async () => {
      const v1 = await odd({ subject: 'V1', key: other.key });
      const leaf = await odd({ subject: 'acs.example', by: { ...other, cert: v1.toString() } });
      assert.equal(judge([leaf], { roots: [v1] }), 'ok');
    });

    it('finds a valid path among bad ones, and ends on any loop', async () => {
      const leaf = await issue();
      const decoys: X509Certificate[] = [];
      for (let index = 0; index < 12; index++)
        decoys.push(one((await createCa({ name: 'Root', key: 'ec', ...environment })).cert));
      assert.equal(judge([...leaf, ...decoys]), 'ok');
      assert.equal(judge(leaf, { roots: decoys }), 'bad-signature');
      const pool = [...leaf, ...decoys, one(root.cert), one(middle.cert), ...(await issue({}, middle))];
      fc.assert(
        fc.property(fc.subarray(pool, { minLength: 1 }), fc.subarray(pool), (chain, roots) => {
          assert.equal(typeof judge(chain, { roots }), 'string');
        }),
        { numRuns: 30 },
      );
    });
  });

  describe('names', () => {
    type Rule = 'vendor' | 'sip' | 'rfc6125';
    /** Certificate, host, and the sides that accept it. */
    const table: [Partial<IssueRequest>, string, Rule[]][] = [
      [{ commonName: 'x', dns: ['acs.example'] }, 'ACS.Example.', ['vendor', 'sip', 'rfc6125']],
      [{ commonName: 'acs.example', dns: [] }, 'acs.example', ['vendor', 'sip', 'rfc6125']],
      [{ commonName: 'acs.example', dns: ['else.example'] }, 'acs.example', ['vendor', 'sip']],
      [{ commonName: 'x', dns: ['*.example.com'] }, 'acs.example.com', ['vendor', 'rfc6125']],
      [{ commonName: '*.example.com', dns: [] }, 'acs.example.com', ['vendor', 'rfc6125']],
      [{ commonName: 'x', dns: ['*.example.com'] }, 'a.b.example.com', []],
      [{ commonName: 'x', dns: ['*.example.com'] }, 'example.com', []],
      [{ commonName: 'x', dns: ['*.com', 'a*.example.com', '*.*.com', '*'] }, 'acs.com', []],
      [{ commonName: 'x', dns: ['*.com', 'a*.example.com', '*.*.com', '*'] }, 'acs.example.com', []],
      [{ commonName: 'x', dns: [], ips: ['10.0.0.1'] }, '10.0.0.1', ['vendor', 'sip', 'rfc6125']],
      [{ commonName: '10.0.0.1', dns: [] }, '10.0.0.1', ['vendor', 'sip']],
      [{ commonName: 'x', dns: ['10.0.0.1'] }, '10.0.0.1', ['vendor', 'sip']],
      [{ commonName: 'x', dns: [], ips: ['10.0.0.2'] }, '10.0.0.1', []],
      [{ commonName: 'x', dns: [], ips: ['2001:db8::1'] }, '[2001:DB8:0::1]', ['vendor', 'sip', 'rfc6125']],
      [{ commonName: 'x', dns: [], uris: ['sip:example.com'] }, 'example.com', ['sip']],
      [{ commonName: 'x', dns: [], uris: ['sip:user@example.com', 'https://example.com'] }, 'example.com', []],
      [{ commonName: 'x', dns: ['xn--bcher-kva.example'] }, 'bücher.example', ['vendor', 'sip', 'rfc6125']],
      [{ commonName: 'x', dns: [] }, '', []],
    ];
    for (const [request, host, wanted] of table) {
      const has = [request.commonName, ...(request.dns ?? []), ...(request.ips ?? []), ...(request.uris ?? [])].join(
        ' ',
      );
      it(`'${host}' against ${has}: ${wanted.join(', ') || 'nobody'}`, async () => {
        const [leaf] = await issue(request);
        const rules: Rule[] = ['vendor', 'sip', 'rfc6125'];
        assert.deepEqual(
          rules.filter(rule => namesHost(leaf as X509Certificate, host, rule)),
          wanted,
        );
      });
    }
  });
});
