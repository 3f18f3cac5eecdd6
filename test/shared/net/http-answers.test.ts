// The HTTP client's answers to what servers ask of it: authentication, cookies, redirects.
import assert from 'node:assert/strict';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { VirtualClock } from '../../../shared/clock.ts';
import { authenticated, withCookies, withRedirects } from '../../../shared/net/http.ts';
import { Verifier } from '../../../shared/net/verifier.ts';
import { bodyOf, client, closeAll, fails, get, post, random, serve, text } from '../../support/servers/http-lab.ts';

describe('HTTP client', () => {
  afterEach(closeAll);

  describe('authentication', () => {
    async function guarded(lifetimeMs = 60_000, perConnection = false) {
      const virtual = new VirtualClock();
      const verifier = new Verifier({
        realm: 'acs',
        clock: virtual,
        random,
        key: Buffer.alloc(16),
        lifetimeMs,
        algorithms: ['SHA-256-sess', 'MD5'],
      });
      const rounds: string[] = [];
      const served = await serve(async (request: IncomingMessage, response: ServerResponse) => {
        const { method = '', url: uri = '' } = request;
        const body = await bodyOf(request);
        const binding = perConnection ? String(request.socket.remotePort) : '';
        const header = request.headers.authorization;
        const result = await verifier.verify({ header, method, uri, binding, passwords: () => ['secret'] });
        rounds.push(result.ok ? 'ok' : result.reason);
        if (result.ok) return void response.end(`got ${body}`);
        const challenges = verifier.challenge({ stale: result.stale, binding });
        // A long body, which must not block the next request.
        response.writeHead(401, { 'WWW-Authenticate': challenges }).end('x'.repeat(200_000));
      });
      return { ...served, rounds, virtual };
    }
    const credentials = () => ({ username: 'u', password: 'secret' });

    it('answers a 401 on the same connection, then sends credentials unasked', async () => {
      const { url, rounds, connections } = await guarded();
      const send = authenticated(client().send, { credentials, random });
      for (let index = 0; index < 3; index++)
        assert.equal(text((await send(post(`${url}/acs?x=${index}`))).body), 'got hello');
      assert.deepEqual(rounds, ['missing', 'ok', 'ok', 'ok']);
      assert.equal(connections(), 1);
    });

    it('fetches a new nonce when the old one is stale', async () => {
      const { url, rounds, virtual } = await guarded(1000);
      const send = authenticated(client().send, { credentials, random });
      await send(post(url));
      await virtual.advance(2000);
      assert.equal((await send(post(url))).status, 200);
      assert.deepEqual(rounds, ['missing', 'ok', 'stale', 'ok']);
    });

    it('returns the 401 after one attempt with a wrong password', async () => {
      const { url, rounds } = await guarded();
      const send = authenticated(client().send, { credentials: () => ({ username: 'u', password: 'guess' }), random });
      assert.equal((await send(post(url))).status, 401);
      assert.deepEqual(rounds, ['missing', 'wrong']);
      const none = authenticated(client().send, { credentials: () => undefined, random });
      assert.equal((await none(post(url))).status, 401);
    });

    it('ends after a bounded number of challenges', async () => {
      let requests = 0;
      const { url } = await serve((_, response) => {
        requests++;
        response
          .writeHead(401, { 'WWW-Authenticate': `Digest realm="x", nonce="${requests}", qop="auth", stale=true` })
          .end();
      });
      assert.equal((await authenticated(client().send, { credentials, random })(post(url))).status, 401);
      assert.equal(requests, 3);
    });
  });

  describe('cookies (TR-069 3.4.2)', () => {
    it('returns every unexpired cookie of the session, whatever its domain', async () => {
      const seen: (string | undefined)[] = [];
      const answers = [
        ['a=1; Path=/; HttpOnly', `long=${'x'.repeat(600)}`],
        ['a=2', 'b="q w"; Domain=elsewhere.example', 'sec=1; Secure', 'junk', '=nameless'],
        ['long=; Max-Age=0', 'b=; Expires=Thu, 01 Jan 1970 00:00:00 GMT'],
        [],
      ];
      const listener: RequestListener = (request, response) => {
        seen.push(request.headers.cookie);
        response.setHeader('Set-Cookie', answers.shift() ?? []).end();
      };
      const [one, other] = [await serve(listener), await serve(listener)];
      const send = withCookies(client().send);
      for (const { url } of [one, one, other, other]) await send(get(url));
      assert.deepEqual(seen, [
        undefined,
        `a=1; long=${'x'.repeat(600)}`,
        `a=2; long=${'x'.repeat(600)}; b="q w"`,
        'a=2',
      ]);
    });
  });

  describe('redirects (TR-069 3.4.2)', () => {
    for (const status of [301, 302, 307]) {
      it(`${status}: sends the same POST to the new place, and stays there`, async () => {
        const there: string[] = [];
        const target = await serve(async (request, response) => {
          there.push(`${request.method} ${request.url} ${await bodyOf(request)}`);
          response.end();
        });
        const first = await serve((_, response) =>
          response.writeHead(status, { Location: `${target.url}/new?x=1` }).end('ignored'),
        );
        const send = withRedirects()(client().send);
        await send(post(`${first.url}/acs`));
        await send(post(`${first.url}/acs`, 'again'));
        assert.deepEqual(there, ['POST /new?x=1 hello', 'POST /new?x=1 again']);
        assert.equal(first.connections(), 1);
      });
    }

    it('follows five redirects in a row and refuses a sixth', async () => {
      const { url } = await serve((request, response) => {
        const left = Number(request.url?.slice(1));
        if (left === 0) response.end('there');
        else response.writeHead(302, { Location: `/${left - 1}` }).end();
      });
      assert.equal(text((await withRedirects()(client().send)(post(`${url}/5`))).body), 'there');
      await fails(withRedirects()(client().send)(post(`${url}/6`)), 'protocol', /more than 5 redirects/);
    });

    it('refuses an invalid location, and returns a 303 of a POST and a 304 as they are', async () => {
      const answer = async (status: number, headers: Record<string, string>) => {
        const { url } = await serve((_, response) => response.writeHead(status, headers).end());
        return withRedirects()(client().send)(post(url));
      };
      await fails(answer(302, {}), 'protocol', /without a Location/);
      await fails(answer(302, { Location: 'file:///etc/passwd' }), 'protocol', /no http or https URL/);
      await fails(answer(307, { Location: 'http://[' }), 'protocol', /no http or https URL/);
      assert.equal((await answer(303, { Location: '/' })).status, 303);
      assert.equal((await answer(304, {})).status, 304);
    });

    it('authenticates and keeps cookies separately at each redirect target', async () => {
      const seen: string[] = [];
      const guard =
        (realm: string, then: (response: ServerResponse) => void): RequestListener =>
        (request, response) => {
          const given = request.headers.authorization ?? '';
          seen.push(`${realm} ${given.includes(`realm="${realm}"`)} ${request.headers.cookie ?? ''}`);
          if (given.includes(`realm="${realm}"`)) then(response);
          else
            response
              .writeHead(401, {
                'WWW-Authenticate': `Digest realm="${realm}", nonce="n", qop="auth"`,
                'Set-Cookie': `${realm}=1`,
              })
              .end();
        };
      const target = await serve(guard('two', response => response.end('done')));
      const first = await serve(guard('one', response => response.writeHead(307, { Location: target.url }).end()));
      const credentials = () => ({ username: 'u', password: 'p' });
      const send = withRedirects()(authenticated(withCookies(client().send), { credentials, random }));
      assert.equal(text((await send(post(first.url))).body), 'done');
      assert.deepEqual(seen, ['one false ', 'one true one=1', 'two false one=1', 'two true one=1; two=1']);
    });
  });
});
