// The unit authenticates to its ACS: digest and basic, over HTTP and TLS.
import assert from 'node:assert/strict';
import { seededRandom, systemClock, VirtualClock } from '../../../shared/clock.ts';
import { Verifier, type VerifierOptions } from '../../../shared/net/verifier.ts';
import { type Authority, createCa, type Issued } from '../../../shared/pki/authority.ts';
import { type Answer, friendly, type Heard, type ScriptedAcs, scriptedAcs } from '../../support/cpe/scripted-acs.ts';
import { type TestUnit, testUnit, type UnitOptions } from '../../support/cpe/unit.ts';

const login = { 'Cwmp.Username': 'unit', 'Cwmp.Password': 's3cret' };

/** An ACS that challenges every request that the verifier does not accept. */
function guarded(verifier: Verifier, more: Answer = {}, each = false) {
  const used = new Set<string>();
  return async (heard: Heard): Promise<Answer> => {
    const header = heard.headers.authorization;
    const verdict = await verifier.verify({ header, method: 'POST', uri: heard.url, passwords: () => ['s3cret'] });
    const nonce = /nonce="([^"]*)"/.exec(header ?? '')?.[1] ?? '';
    const again = each && used.has(nonce);
    if (verdict.ok && !again) {
      used.add(nonce);
      return friendly(heard);
    }
    const stale = !verdict.ok && verdict.stale;
    return { ...more, status: 401, headers: { 'WWW-Authenticate': verifier.challenge({ stale }) }, text: 'no' };
  };
}

describe('authentication of the unit (TR-069 3.4.4)', () => {
  const random = seededRandom(3);
  const clock = new VirtualClock();
  const verifierOf = (options: Partial<VerifierOptions>): Verifier =>
    new Verifier({ realm: 'acs', clock, random, key: Buffer.alloc(32, 1), ...options });
  let acs: ScriptedAcs | undefined;
  let unit: TestUnit | undefined;
  afterEach(async () => {
    await unit?.close();
    await acs?.close();
    unit = undefined;
  });

  const run = async (server: ScriptedAcs, options: UnitOptions = {}) => {
    acs = server;
    unit = await testUnit({ url: server.url, ...options, parameters: { ...login, ...options.parameters } });
    await unit.boot();
    return unit.ended(1);
  };

  for (const algorithm of ['MD5', 'MD5-sess', 'SHA-256'] as const) {
    it(`repeats a challenged Inform by digest ${algorithm}, then authenticates without a challenge`, async () => {
      const server = await scriptedAcs();
      server.always(guarded(verifierOf({ algorithms: [algorithm] })));
      const report = await run(server);
      assert.equal(report.ok, true);
      assert.deepEqual(server.names(), ['Inform', 'Inform', '(empty)']);
      assert.equal(server.heard[0]?.text, server.heard[1]?.text);
      assert.equal(server.heard[0]?.headers.authorization, undefined);
      assert.match(server.heard[1]?.headers.authorization ?? '', /nc=00000001/);
      assert.match(server.heard[2]?.headers.authorization ?? '', /nc=00000002/);
      assert.equal(server.connections, 1);
      assert.deepEqual(report.rpcs, [{ from: 'cpe', method: 'Inform' }]);
    });
  }

  it('does not advance the session at a 401 in the middle or on every POST', async () => {
    const server = await scriptedAcs();
    server.always(guarded(verifierOf({}), {}, true));
    const report = await run(server);
    assert.equal(report.ok, true);
    assert.deepEqual(server.names(), ['Inform', 'Inform', '(empty)', '(empty)']);
    assert.equal(server.heard[3]?.headers['content-type'], undefined);
  });

  it('authenticates on a new connection when the ACS closed the challenged one', async () => {
    const server = await scriptedAcs();
    server.always(guarded(verifierOf({}), { close: true }));
    assert.equal((await run(server)).ok, true);
    assert.deepEqual(server.names(), ['Inform', 'Inform', '(empty)']);
    assert.equal(server.connections, 2);
  });

  it('fails the session with wrong credentials and shows the reason in AcsStatus', async () => {
    const server = await scriptedAcs();
    server.always(guarded(verifierOf({})));
    const report = await run(server, { parameters: { 'Cwmp.Password': 'wrong' } });
    assert.equal(report.error?.kind, 'auth');
    assert.equal(unit?.device.config.variable('Cwmp.AcsStatus'), 'ErrorAuthFailure');
    assert.deepEqual(server.names(), ['Inform', 'Inform']);
  });

  it('refuses basic over plain HTTP, so no password is sent in clear', async () => {
    const server = await scriptedAcs();
    server.always(guarded(verifierOf({ basic: true, digest: false })));
    const report = await run(server);
    assert.equal(report.error?.kind, 'auth');
    assert.equal(
      server.heard.some(({ headers }) => headers.authorization),
      false,
    );
  });

  describe('over TLS (3.3)', () => {
    let ca: Authority;
    let server: Issued;
    const environment = { clock: systemClock(), random: seededRandom(5) };
    const period = { notBefore: new Date(Date.UTC(2020, 0, 1)), notAfter: new Date(Date.UTC(2036, 0, 1)) };
    before(async () => {
      ca = await createCa({ name: 'CA', key: 'rsa', ...environment, ...period });
      const usage = ['server'] as const;
      server = await ca.issue({ commonName: 'acs', ips: ['127.0.0.1'], usage, key: 'rsa', ...period });
    });
    const tls = (): { cert: string; key: string } => ({ cert: server.chain, key: server.key });

    it('authenticates by basic, and reports version and cipher', async () => {
      const listener = await scriptedAcs({ tls: tls() });
      listener.always(guarded(verifierOf({ basic: true, digest: false })));
      const report = await run(listener, { certificates: [ca.cert] });
      assert.equal(report.ok, true);
      assert.match(report.tls?.version ?? '', /^TLSv1\.[23]$/);
      assert.match(report.tls?.cipher ?? '', /^TLS_/);
      assert.equal(listener.connections, 1);
    });

    it('sends nothing without the CA', async () => {
      const listener = await scriptedAcs({ tls: tls() });
      const report = await run(listener);
      assert.deepEqual([report.error?.kind, report.error?.code], ['tls', 'no-ca']);
      assert.deepEqual(listener.heard, []);
      assert.equal(unit?.gateway.agent?.sessions.status, 'ErrorOther');
    });

    it('accepts any certificate with NoValidation', async () => {
      const listener = await scriptedAcs({ tls: tls() });
      const parameters = { 'Cwmp.TransportCertificateValidation': 'NoValidation' };
      assert.equal((await run(listener, { parameters })).ok, true);
    });

    it('refuses the ACS while the clock is not set, and retries as soon as it is', async () => {
      const listener = await scriptedAcs({ tls: tls() });
      const report = await run(listener, { certificates: [ca.cert], clockSource: 'sntp' });
      assert.deepEqual([report.error?.kind, report.error?.code], ['tls', 'clock-not-set']);
      assert.ok(unit);
      await unit.clock.advance(2000);
      assert.equal(unit.sessions.length, 1);
      unit.gateway.device.setClock(0);
      await unit.clock.advance(1100);
      assert.equal((await unit.ended(2)).ok, true);
    });
  });
});
