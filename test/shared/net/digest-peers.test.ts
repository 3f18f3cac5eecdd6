// Digest as common clients and proxies send and read it.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createAuthenticator as sipAuthenticator } from '../../../pbx/sip/auth.ts';
import { seededRandom, VirtualClock } from '../../../shared/clock.ts';
import { silentLog } from '../../../shared/log.ts';
import { answerChallenge, chooseDigest, parseChallenges, proof } from '../../../shared/net/digest.ts';
import { originForm } from '../../../shared/net/request-target.ts';
import { Verifier } from '../../../shared/net/verifier.ts';
import { parseMessage, type SipRequest } from '../../../shared/sip/message.ts';
import { testAcs } from '../../support/acs/memory-acs.ts';
import { ScriptedCpe } from '../../support/cpe/scripted-cpe.ts';

const random = seededRandom(5);
const key = Buffer.alloc(32, 7);
const login = { username: '100', password: 'pw' };

describe('digest and its peers', () => {
  const clock = new VirtualClock();
  const verifier = new Verifier({ realm: 'acs', clock, random, key, opaque: 'o' });
  const challengeOf = (header = verifier.challenge()[0]) => {
    const challenge = chooseDigest(parseChallenges(header));
    assert.ok(challenge);
    return challenge;
  };
  const answer = (uri: string, method = 'POST') =>
    answerChallenge({ challenge: challengeOf(), ...login, method, uri, random, nc: 1 });

  it('D3: writes qop and nc before response, and a quoted value last', () => {
    const names = [...answer('/').matchAll(/(\w+)=/g)].map(([, name]) => name);
    assert.ok(names.indexOf('qop') < names.indexOf('response') && names.indexOf('nc') < names.indexOf('response'));
    assert.match(answer('/'), /="[^"]*"$/);
    for (const stale of [false, true]) assert.match(verifier.challenge({ stale })[0] ?? '', /="[^"]*"$/);
  });

  it('D3: issues nonces of at most 32 characters, none of them twice', () => {
    const nonces = Array.from({ length: 1000 }, () => challengeOf().parameters.nonce ?? '');
    assert.equal(new Set(nonces).size, 1000);
    for (const nonce of nonces) assert.ok(nonce.length <= 32, nonce);
  });

  it('D3: answers a count that was used before with stale=true', async () => {
    const header = answer('/acs');
    const verify = () => verifier.verify({ header, method: 'POST', uri: '/acs', passwords: () => ['pw'] });
    assert.equal((await verify()).ok, true);
    assert.deepEqual(await verify(), { ok: false, reason: 'replay', stale: true, username: '100' });
  });

  it('D3: takes any path of a CPE whose proxy maps it, and no other password', async () => {
    const acs = await testAcs();
    const answers = [];
    for (const password of ['factory', 'other'])
      for (const path of ['/', '/cwmp/?mapped'])
        answers.push(await new ScriptedCpe(acs.app, { username: 'enrol', password, path }).session());
    assert.deepEqual(
      answers.map(({ inform }) => inform.status),
      [200, 200, 401, 401],
    );
    await acs.close();
  });

  it('D3: registers a phone whose digest-uri is not the Request-URI (RFC 3261 22.4)', async () => {
    const options = {
      passwords: (user: string) => (user === '100' ? ['pw'] : undefined),
      realm: 'voice.test',
      algorithms: ['MD5'] as const,
      clock,
      random,
    };
    const sip = sipAuthenticator({ ...options, log: silentLog });
    const ask = async (authorization: string): Promise<{ user: string | undefined; challenge: string }> => {
      const request = parseMessage(
        Buffer.from(`REGISTER sip:voice.test:5060;transport=udp SIP/2.0\r\nAuthorization: ${authorization}\r\n\r\n`),
      ) as SipRequest;
      let challenge = '';
      const respond = (_: number, __: unknown, { headers }: { headers: [string, string][] }): void => {
        challenge = headers[0]?.[1] ?? '';
      };
      const user = await sip.check({ request, flow: { remote: { host: 'x' } }, respond } as never, 'user');
      return { user, challenge };
    };
    const { nonce = '' } = challengeOf((await ask('none')).challenge).parameters;
    const counted = { nc: '00000001', cnonce: 'c', qop: 'auth' };
    const proved = {
      ...login,
      algorithm: 'MD5' as const,
      realm: 'voice.test',
      method: 'REGISTER',
      uri: 'sip:voice.test',
      nonce,
    };
    const fields = `username="100", realm="voice.test", nonce="${nonce}", uri="sip:voice.test", response="${proof({ ...proved, ...counted })}"`;
    assert.equal((await ask(`Digest ${fields}, algorithm=MD5, qop=auth, nc=00000001, cnonce="c"`)).user, '100');
  });

  it('D6: finds path and query in every form of a request target', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), text => {
        const { pathname, search } = new URL(text);
        const path = originForm(text);
        assert.equal(new URL(`http://x${path}`).pathname + new URL(`http://x${path}`).search, pathname + search);
        assert.equal(originForm(path), path);
      }),
    );
    assert.equal(originForm('HTTP://h:1'), '/');
  });
});
