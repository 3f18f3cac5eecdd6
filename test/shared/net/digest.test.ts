import assert from 'node:assert/strict';
import fc from 'fast-check';
import { seededRandom, VirtualClock } from '../../../shared/clock.ts';
import {
  answerChallenge,
  type Challenge,
  chooseDigest,
  digestAlgorithms,
  formatBasic,
  formatChallenge,
  parseChallenges,
  parseCredentials,
} from '../../../shared/net/digest.ts';
import { Verifier, type VerifierOptions, type VerifyResult } from '../../../shared/net/verifier.ts';

const key = Buffer.alloc(32, 7);

function side(options: Partial<VerifierOptions> = {}) {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  return { clock, random, verifier: new Verifier({ realm: 'acs', clock, random, key, ...options }) };
}

function first(headers: string[]): Challenge {
  const challenge = chooseDigest(parseChallenges(headers));
  assert.ok(challenge);
  return challenge;
}

const reasonOf = (result: VerifyResult): string => (result.ok ? 'ok' : result.reason);

describe('digest authentication', () => {
  const post = { method: 'POST', uri: '/acs' };
  const good = () => ['secret'];

  describe('challenges (RFC 7235 4.1)', () => {
    it('reads several challenges in one header, with commas and quotes inside quoted strings', () => {
      const header =
        'Basic realm="a, \\"b\\" = c", Digest realm="x" , nonce="n,1",qop="auth,auth-int", algorithm = SHA-256, Negotiate, NTLM TlRMTVNT==, Digest realm="y", nonce=z';
      assert.deepEqual(parseChallenges(header), [
        { scheme: 'basic', parameters: { realm: 'a, "b" = c' } },
        { scheme: 'digest', parameters: { realm: 'x', nonce: 'n,1', qop: 'auth,auth-int', algorithm: 'SHA-256' } },
        { scheme: 'negotiate', parameters: {} },
        { scheme: 'ntlm', parameters: {} },
        { scheme: 'digest', parameters: { realm: 'y', nonce: 'z' } },
      ]);
    });

    it('chooses the topmost digest that it can answer (RFC 7616 3.7, RFC 8760 2.4)', () => {
      const of = (header: string[]) => chooseDigest(parseChallenges(header))?.parameters.algorithm;
      assert.equal(
        of(['Digest realm="a", nonce="1", algorithm=SHA-256', 'Digest realm="a", nonce="1", algorithm=MD5']),
        'SHA-256',
      );
      assert.equal(
        of(['Digest realm="a", nonce="1", algorithm=SHA3-9', 'Digest realm="a", nonce="1", algorithm=MD5']),
        'MD5',
      );
      assert.equal(of(['Digest realm="a", nonce="1", algorithm=MD5, qop="future"']), undefined);
      assert.equal(of(['Basic realm="a"']), undefined);
    });

    it('never throws on any text', () => {
      fc.assert(
        fc.property(fc.string({ unit: 'binary', maxLength: 200 }), text => {
          parseChallenges(text);
          parseCredentials(`Digest ${text}`);
          parseCredentials(`Basic ${text}`);
        }),
      );
      assert.deepEqual(parseChallenges('a="'.repeat(10_000)), []);
    });

    it('reads back credentials as written', () => {
      const value = fc.string({ unit: 'grapheme', maxLength: 20 });
      fc.assert(
        fc.property(value, value, (realm, nonce) => {
          const challenge: Challenge = { scheme: 'digest', parameters: { realm, nonce, algorithm: 'MD5' } };
          assert.deepEqual(parseChallenges(formatChallenge(challenge)), [challenge]);
        }),
      );
    });
  });

  describe('answers', () => {
    const answer = (challenge: string, more: Partial<Parameters<typeof answerChallenge>[0]> = {}) =>
      parseCredentials(
        answerChallenge({
          challenge: first([challenge]),
          username: 'Mufasa',
          password: 'Circle of Life',
          method: 'GET',
          uri: '/dir/index.html',
          random: seededRandom(1),
          nc: 1,
          ...more,
        }),
      ) as { response: string; qop?: string };

    it('agrees with the example of RFC 7616 3.9.1, MD5 and SHA-256', () => {
      const start =
        'Digest realm="http-auth@example.org", qop="auth, auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", algorithm=';
      const cnonce = 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ';
      assert.equal(answer(`${start}MD5`, { cnonce }).response, '8ca523f5e9506fed4657c9700eebdbec');
      assert.equal(
        answer(`${start}SHA-256`, { cnonce }).response,
        '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1',
      );
    });

    it('agrees with the example of RFC 2617 3.5', () => {
      const given = answer(
        'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"',
        { password: 'Circle Of Life', cnonce: '0a4f113b' },
      );
      assert.equal(given.response, '6629fae49393a05397450978507c4ef1');
    });

    it('answers a challenge without qop as RFC 2069, with neither nc nor cnonce', () => {
      const given = answer('Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"', {
        password: 'CircleOfLife',
      });
      assert.equal(given.response, '1949323746fe6a43ef61f9606e7febea');
      assert.ok(!('nc' in given) && !('cnonce' in given) && !('qop' in given) && !('algorithm' in given));
    });

    it('writes qop, nc and algorithm bare even where the challenge quoted them, and echoes opaque', () => {
      const text = answerChallenge({
        challenge: first(['Digest realm="a", nonce="b", qop="auth", algorithm="MD5", opaque="o\\"o"']),
        username: 'a"b\\c',
        password: 'p',
        ...post,
        random: seededRandom(1),
        nc: 26,
      });
      assert.match(text, / algorithm=MD5, qop=auth, nc=0000001a, .* opaque="o\\"o", response="[0-9a-f]{32}"$/);
      assert.match(text, /^Digest username="a\\"b\\\\c", /);
    });

    it('covers the body where only auth-int is offered (RFC 7616 3.4.3)', () => {
      const challenge = 'Digest realm="a", nonce="b", qop="auth-int"';
      const one = answer(challenge, { body: 'x', cnonce: 'c' });
      const other = answer(challenge, { body: 'y', cnonce: 'c' });
      assert.equal(one.qop, 'auth-int');
      assert.notEqual(one.response, other.response);
    });
  });

  describe('verification', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 24 });
    const target = fc.webPath().map(path => path || '/');

    it("accepts its own client's answers for every algorithm, name, password and target", async () => {
      const property = fc.asyncProperty(
        fc.constantFrom(...digestAlgorithms),
        text,
        text,
        target,
        fc.boolean(),
        async (algorithm, username, password, uri, legacy) => {
          const { verifier, random } = side({ algorithms: [algorithm] });
          const offered = first(verifier.challenge());
          const { qop, ...rest } = offered.parameters;
          const challenge = legacy ? { ...offered, parameters: rest } : offered;
          assert.equal(qop, 'auth');
          const header = answerChallenge({ challenge, username, password, method: 'POST', uri, random, nc: 1 });
          const passwords = (name: string) => (name === username ? ['other', password] : undefined);
          const result = await verifier.verify({ header, method: 'POST', uri, passwords });
          assert.deepEqual(result, { ok: true, username, scheme: 'digest', index: 1 });
        },
      );
      await fc.assert(property);
    });

    it('refuses an answer with one character changed', async () => {
      const { verifier, random } = side({ algorithms: ['SHA-256-sess'], opaque: 'o' });
      const header = answerChallenge({
        challenge: first(verifier.challenge()),
        username: 'u',
        password: 'secret',
        ...post,
        random,
        nc: 1,
      });
      const passwords = (name: string) => (name === 'u' ? ['secret'] : undefined);
      const start = header.indexOf('"') + 1;
      for (let at = start; at < header.indexOf('algorithm='); at++) {
        const changed = header.slice(0, at) + (header[at] === 'b' ? 'c' : 'b') + header.slice(at + 1);
        const result = await verifier.verify({ header: changed, ...post, passwords });
        assert.equal(result.ok, false, changed);
      }
      assert.equal((await verifier.verify({ header, ...post, passwords })).ok, true);
      assert.equal(reasonOf(await verifier.verify({ header, ...post, method: 'GET', passwords })), 'wrong');
    });

    it('refuses a replay, and any nonce count that does not grow (RFC 7616 5.12)', async () => {
      const { verifier, random } = side();
      const challenge = first(verifier.challenge());
      const answer = (nc: number) =>
        answerChallenge({ challenge, username: 'u', password: 'secret', ...post, random, nc });
      const one = answer(1);
      const three = answer(3);
      const verify = async (header: string) => reasonOf(await verifier.verify({ header, ...post, passwords: good }));
      assert.deepEqual(
        [await verify(one), await verify(one), await verify(three), await verify(answer(2)), await verify(answer(4))],
        ['ok', 'replay', 'ok', 'replay', 'ok'],
      );
    });

    it('accepts an answer without qop once per nonce, then replies stale', async () => {
      const { verifier, random } = side();
      const offered = first(verifier.challenge());
      const { qop: _, ...parameters } = offered.parameters;
      const header = answerChallenge({
        challenge: { ...offered, parameters },
        username: 'u',
        password: 'secret',
        ...post,
        random,
        nc: 1,
      });
      const verify = () => verifier.verify({ header, ...post, passwords: good });
      assert.equal(reasonOf(await verify()), 'ok');
      assert.equal(reasonOf(await verify()), 'stale');
    });

    it('replies stale for an old nonce only when the password was right (RFC 7616 3.3)', async () => {
      const { verifier, random, clock } = side({ lifetimeMs: 1000 });
      const challenge = first(verifier.challenge());
      const answer = (password: string) =>
        answerChallenge({ challenge, username: 'u', password, ...post, random, nc: 1 });
      await clock.advance(1001);
      const right = await verifier.verify({ header: answer('secret'), ...post, passwords: good });
      assert.deepEqual(right, { ok: false, reason: 'stale', stale: true, username: 'u' });
      const wrong = await verifier.verify({ header: answer('guess'), ...post, passwords: good });
      assert.deepEqual(wrong, { ok: false, reason: 'wrong', stale: false, username: 'u' });
      assert.equal(first(verifier.challenge({ stale: true })).parameters.stale, 'true');
    });

    it('refuses a nonce of another connection or another key', async () => {
      const { verifier, random } = side();
      const challenge = first(verifier.challenge({ binding: 'one' }));
      const header = answerChallenge({ challenge, username: 'u', password: 'secret', ...post, random, nc: 1 });
      const at = async (binding: string) =>
        reasonOf(await verifier.verify({ header, ...post, binding, passwords: good }));
      assert.equal(await at('two'), 'stale');
      assert.equal(await at('one'), 'ok');
      const stranger = side({ key: Buffer.alloc(32, 8) }).verifier;
      assert.equal(reasonOf(await stranger.verify({ header, ...post, binding: 'one', passwords: good })), 'stale');
    });

    it('forgets nonces without letting a forgotten one be replayed', async () => {
      const { verifier, random, clock } = side({ maxTracked: 3 });
      const headers: string[] = [];
      for (let index = 0; index < 6; index++) {
        const challenge = first(verifier.challenge());
        headers.push(answerChallenge({ challenge, username: 'u', password: 'secret', ...post, random, nc: 1 }));
        await clock.advance(10);
      }
      const verify = async (header = '') => reasonOf(await verifier.verify({ header, ...post, passwords: good }));
      const fresh: string[] = [];
      for (const header of headers) fresh.push(await verify(header));
      assert.deepEqual(fresh, Array(6).fill('ok'));
      const again: string[] = [];
      for (const header of headers) again.push(await verify(header));
      assert.deepEqual(again, ['stale', 'stale', 'stale', 'replay', 'replay', 'replay']);
    });

    it('reports the reason of each refusal: missing, realm, algorithm, target, user, scheme', async () => {
      const { verifier, random } = side();
      const challenge = first(verifier.challenge());
      const given = { challenge, username: 'u', password: 'secret', ...post, random, nc: 1 };
      const with_ = (parameters: Record<string, string>) => ({
        ...challenge,
        parameters: { ...challenge.parameters, ...parameters },
      });
      const verify = async (header: string | undefined, uri = '/acs') =>
        reasonOf(
          await verifier.verify({
            header,
            method: 'POST',
            uri,
            passwords: name => (name === 'u' ? ['secret'] : undefined),
          }),
        );
      const header = answerChallenge(given);
      assert.equal(await verify(undefined), 'missing');
      assert.equal(await verify(''), 'missing');
      assert.equal(await verify('Bearer abc'), 'scheme');
      assert.equal(await verify('Digest username="u"'), 'malformed');
      assert.equal(await verify(header.replace('nc=00000001', 'nc=1')), 'malformed');
      assert.equal(await verify(header.replace('nc=00000001', 'nc=00000000')), 'malformed');
      assert.equal(await verify(answerChallenge({ ...given, challenge: with_({ realm: 'else' }) })), 'realm');
      assert.equal(
        await verify(answerChallenge({ ...given, challenge: with_({ algorithm: 'SHA-256' }) })),
        'algorithm',
      );
      assert.equal(await verify(header, '/other'), 'uri');
      assert.equal(await verify(answerChallenge({ ...given, username: 'who' })), 'wrong');
      assert.equal(await verify(answerChallenge({ ...given, password: '' })), 'wrong');
      assert.equal(await verify(header, 'http://acs.example/acs'), 'ok');
    });

    it('accepts user name and password in Latin-1 as well as in UTF-8 (RFC 7616 4)', async () => {
      const { verifier } = side();
      const { nonce = '' } = first(verifier.challenge()).parameters;
      const { createHash } = await import('node:crypto');
      const md5 = (data: string) => createHash('md5').update(data, 'latin1').digest('hex');
      const response = md5(`${md5('zoé:acs:clé')}:${nonce}:00000001:c:auth:${md5('POST:/acs')}`);
      const header = `Digest username="zoé", realm="acs", nonce="${nonce}", uri="/acs", response="${response}", qop=auth, nc=00000001, cnonce="c"`;
      const result = await verifier.verify({
        header,
        ...post,
        passwords: name => (name === 'zoé' ? ['clé'] : undefined),
      });
      assert.equal(reasonOf(result), 'ok');
    });

    it('accepts basic credentials only when configured', async () => {
      const header = formatBasic('u', 'pa:ss wörd');
      const ask = { header, ...post, passwords: () => ['x', 'pa:ss wörd'] };
      assert.equal(reasonOf(await side().verifier.verify(ask)), 'scheme');
      const { verifier } = side({ basic: true });
      assert.deepEqual(await verifier.verify(ask), { ok: true, username: 'u', scheme: 'basic', index: 1 });
      assert.equal(reasonOf(await verifier.verify({ ...ask, passwords: () => undefined })), 'wrong');
      assert.equal(reasonOf(await verifier.verify({ ...ask, header: 'Basic ===' })), 'malformed');
      assert.deepEqual(
        parseChallenges(verifier.challenge()).map(challenge => challenge.scheme),
        ['digest', 'basic'],
      );
    });
  });
});
