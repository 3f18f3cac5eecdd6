// TR-069 3.4, 3.5 and 3.7.1, the CPE's side of a session: rules beyond the agent's own tests.
import assert from 'node:assert/strict';
import { deflateSync, gunzipSync, gzipSync } from 'node:zlib';
import { startAgent } from '../../cpe/agent/agent.ts';
import { seededRandom, systemClock } from '../../shared/clock.ts';
import { decodeEnvelope, responseBody } from '../../shared/cwmp/soap.ts';
import { createCa } from '../../shared/pki/authority.ts';
import { AgentWorld } from '../support/cpe/agent-world.ts';
import {
  type Answer,
  argumentsOf,
  ask,
  friendly,
  type Heard,
  informResponse,
  reply,
  resultOf,
  type ScriptedAcs,
  type Step,
  scriptedAcs,
} from '../support/cpe/scripted-acs.ts';
import type { UnitOptions } from '../support/cpe/unit.ts';

const getNames = (): Answer => ask('GetParameterNames', { ParameterPath: 'Device.', NextLevel: true });
const to = (url: string, status: number, cookies: string[] = []): Answer => ({
  status,
  headers: { Location: url, ...(cookies.length && { 'Set-Cookie': cookies }) },
});

describe('3.7.1 CPE side of a session', () => {
  let acs: ScriptedAcs;
  let world: AgentWorld;
  beforeEach(async () => {
    world = await AgentWorld.open();
    acs = world.acs;
  });
  afterEach(async () => await world.close());
  const play = (steps: Step[], options: UnitOptions = {}) => world.play(steps, options);

  for (const namespace of ['1-0', '1-1', '1-2', '1-3', '1-4'] as const) {
    it(`continues in cwmp-${namespace} when the ACS answers in it, with responses and faults (3.7.4)`, async () => {
      const report = await play([
        heard => reply(heard, responseBody('Inform', { MaxEnvelopes: 1 }), { namespace }),
        { ...getNames(), text: String(getNames().text).replace('cwmp-1-2', `cwmp-${namespace}`) },
        ask('GetParameterNames', { ParameterPath: 'Device.No.', NextLevel: false }, { namespace }),
      ]);
      assert.equal(report.ok, true);
      assert.deepEqual(
        acs.heard.filter(({ envelope }) => envelope).map(({ envelope }) => envelope?.namespace),
        ['1-2', namespace, namespace],
      );
      assert.equal(acs.names()[3], 'Fault 9005');
    });
  }

  it('lists its versions if configured, and takes the one that the ACS chooses (1.4)', async () => {
    const unit = await world.make();
    acs.play(informResponse({ useVersion: '1.3' }), getNames());
    const agent = startAgent(unit.device, {
      once: true,
      cwmp: { supportedVersions: ['1.0', '1.1', '1.2', '1.3', '1.4'] },
    });
    const report = await agent.sessions.first;
    await agent.stop();
    assert.equal(report.ok, true);
    assert.deepEqual(acs.heard[0]?.envelope?.supportedVersions, ['1.0', '1.1', '1.2', '1.3', '1.4']);
    assert.deepEqual(
      [acs.heard[2]?.envelope?.supportedVersions, acs.heard[2]?.envelope?.useVersion],
      [undefined, undefined],
    );
  });

  for (const [word, held] of [
    ['1', true],
    ['true', true],
    ['0', false],
    ['false', false],
  ] as const) {
    it(`${held ? 'continues' : 'ends'} after its empty POST when HoldRequests is ${word} (3.5 Table 4)`, async () => {
      const hold: Step = heard => {
        const { text } = reply(heard, responseBody('Inform', { MaxEnvelopes: 1 }), { holdRequests: true });
        return { text: String(text).replace(/(<cwmp:HoldRequests[^>]*>)1/, `$1${word}`) };
      };
      const report = await play([hold, getNames()]);
      assert.equal(report.ok, true);
      // On hold, one more empty POST follows the response: an empty answer ends the hold, not the session.
      const last = held ? ['(empty)'] : [];
      assert.deepEqual(acs.names(), ['Inform', '(empty)', 'GetParameterNamesResponse', ...last]);
    });
  }

  it('takes an empty answer as HoldRequests off (3.5 Table 4)', async () => {
    const report = await play([informResponse({ holdRequests: true }), {}, {}]);
    assert.deepEqual(acs.names(), ['Inform', '(empty)', '(empty)']);
    assert.equal(report.ok, true);
  });

  for (const count of [1, 2, 3, 4, 5, 6]) {
    it(`${count > 5 ? 'ends the session at' : 'keeps all cookies over'} ${count} redirects in a row, 301, 302 and 307 mixed (3.4.2)`, async () => {
      const statuses = [301, 302, 307, 302, 301, 307];
      const chain = Array.from({ length: count }, (_, at) =>
        to(`${acs.url}/${at}`, statuses[at] ?? 302, [`c${at}=${at}`, 'same=old', ...(at > 0 ? ['c0=changed'] : [])]),
      );
      const report = await play([...chain, informResponse(), getNames()]);
      if (count > 5) {
        assert.deepEqual([report.ok, report.error?.kind], [false, 'http']);
        assert.equal(acs.heard.length, 6);
        return;
      }
      assert.equal(report.ok, true);
      const inform = acs.heard[count];
      assert.ok(inform);
      assert.equal(inform.text, acs.heard[0]?.text);
      const cookies = new Set(String(inform.headers.cookie).split('; '));
      for (let at = 1; at < count; at++) assert.ok(cookies.has(`c${at}=${at}`));
      assert.ok(cookies.has(count > 1 ? 'c0=changed' : 'c0=0') && cookies.has('same=old'));
      assert.deepEqual(acs.names().slice(count), ['Inform', '(empty)', 'GetParameterNamesResponse']);
      assert.ok(
        acs.heard.slice(count).every(({ url }) => url === inform.url),
        'the session stays at the new place',
      );
    });
  }

  it('follows a redirect from http to https, and checks the new host’s certificate (3.4.2, 3.3)', async () => {
    const environment = { clock: systemClock(), random: seededRandom(5) };
    const period = { notBefore: new Date(Date.UTC(2020, 0, 1)), notAfter: new Date(Date.UTC(2036, 0, 1)) };
    const ca = await createCa({ name: 'CA', key: 'rsa', ...environment, ...period });
    const issue = (ip: string) =>
      ca.issue({ commonName: ip, ips: [ip], usage: ['server'] as const, key: 'rsa', ...period });
    for (const [ip, ok] of [
      ['127.0.0.1', true],
      ['127.0.0.2', false],
    ] as const) {
      const { chain, key } = await issue(ip);
      const secure = await scriptedAcs({ tls: { cert: chain, key } });
      const report = await play([to(secure.url, 307)], { certificates: [ca.cert] });
      assert.equal(report.ok, ok);
      if (!ok) assert.deepEqual([report.error?.kind, report.error?.code], ['tls', 'name-mismatch']);
      assert.deepEqual(secure.names(), ok ? ['Inform', '(empty)'] : []);
      await secure.close();
      await world.unit.close();
    }
  });

  it('connects from another port after each boot (3.2.1.2)', async () => {
    await play([]);
    await world.unit.gateway.powerOff();
    await world.unit.boot();
    await world.unit.ended(2);
    const ports = acs.heard.filter((_, at) => acs.names()[at] === 'Inform').map(({ port }) => port);
    assert.equal(new Set(ports).size, 2);
  });

  it('closes its connection with the session (3.4.2)', async () => {
    await play([]);
    await world.unit.until(() => acs.open === 0);
    assert.equal(acs.open, 0);
  });

  it('sends nothing while an answer is outstanding: no pipelining (3.4.1)', async () => {
    let during = -1;
    await play([
      async heard => {
        for (let turns = 0; turns < 50; turns++) await new Promise(resume => setImmediate(resume));
        during = acs.heard.length;
        return reply(heard, responseBody('Inform', { MaxEnvelopes: 1 }));
      },
    ]);
    assert.equal(during, 1);
  });

  it('keeps cookies, order and hold when a 401 precedes every answer (3.4.5)', async () => {
    const challenge = 'Digest realm="a", nonce="n", qop="auth", algorithm=MD5';
    const seen = new Set<string>();
    const script: Step[] = [informResponse({ holdRequests: true }), getNames(), getNames(), {}, {}];
    acs.always(async heard => {
      const key = `${heard.text}${script.length}`;
      if (!seen.has(key)) {
        seen.add(key);
        return { status: 401, headers: { 'WWW-Authenticate': challenge, 'Set-Cookie': `s=${seen.size}` }, text: 'no' };
      }
      const step = script.shift() ?? friendly;
      return typeof step === 'function' ? step(heard) : step;
    });
    const report = await play([], { parameters: { 'Cwmp.Username': 'u', 'Cwmp.Password': 'p' } });
    assert.equal(report.ok, true);
    const twice = (name: string): string[] => [name, name];
    assert.deepEqual(acs.names(), [
      ...twice('Inform'),
      ...twice('(empty)'),
      ...twice('GetParameterNamesResponse'),
      ...twice('GetParameterNamesResponse'),
      ...twice('(empty)'),
    ]);
    assert.equal(acs.heard.at(-1)?.headers.cookie, 's=5');
  });

  const malformed: [string, (text: string) => string][] = [
    ['two requests in one Body', text => text.replace(/(<soap-env:Body>)(.*)(<\/soap-env:Body>)/, '$1$2$2$3')],
    ['broken XML', text => text.slice(0, -20)],
    ['a DTD with an entity', text => `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>${text}`],
    [
      'SOAP 1.2',
      text => text.replace('http://schemas.xmlsoap.org/soap/envelope/', 'http://www.w3.org/2003/05/soap-envelope'),
    ],
  ];
  for (const [what, damage] of malformed) {
    it(`ends and retries the session, without an answer, at ${what} (3.5)`, async () => {
      const report = await play([informResponse(), { text: damage(String(getNames().text)) }]);
      assert.deepEqual([report.ok, report.informed, report.error?.kind], [false, true, 'soap']);
      assert.deepEqual(acs.names(), ['Inform', '(empty)']);
      assert.equal(world.unit.device.state.facts.retries, 1);
    });
  }

  it('reads prefixes, declaration, 1999 XSI, CDATA, comments and unknown elements (3.5)', async () => {
    const odd = String(getNames().text)
      .replaceAll('soap-env:', 'SOAP-ENV:')
      .replaceAll('xmlns:soap-env', 'xmlns:SOAP-ENV')
      .replace('http://www.w3.org/2001/XMLSchema-instance', 'http://www.w3.org/1999/XMLSchema-instance')
      .replace(/<ParameterPath>.*<\/ParameterPath>/, '<ParameterPath><![CDATA[Device.]]></ParameterPath><Odd x="1"/>')
      .replace('<NextLevel>1', '<!-- yes --><NextLevel>TRUE');
    await play([informResponse(), { text: `<?xml version="1.0" encoding="UTF-8"?>\r\n${odd}\r\n` }]);
    assert.ok(resultOf(acs.heard[2], 'GetParameterNames').ParameterList.length > 3);
  });

  it('reads booleans of the ACS as 0, 1, true or false (A.2)', async () => {
    const asked = (word: string): Answer => ({
      text: String(getNames().text).replace(/<NextLevel>.<\/NextLevel>/, `<NextLevel>${word}</NextLevel>`),
    });
    await play([informResponse(), asked('0'), asked('false'), asked('1'), asked('true')]);
    const lengths = [2, 3, 4, 5].map(at => resultOf(acs.heard[at], 'GetParameterNames').ParameterList.length);
    assert.equal(lengths[0], lengths[1]);
    assert.equal(lengths[2], lengths[3]);
    assert.ok((lengths[0] ?? 0) > (lengths[2] ?? 0));
  });

  it('writes booleans as digits', async () => {
    await play([informResponse(), getNames()]);
    assert.match(acs.heard[2]?.text ?? '', /<Writable>[01]<\/Writable>/);
    assert.doesNotMatch(acs.heard[2]?.text ?? '', />(true|false)</);
  });

  describe('compression (3.4.7)', () => {
    const packing: UnitOptions = { model: 'device', parameters: { 'Device.ManagementServer.HTTPCompression': 'GZIP' } };
    /** Reads a compressed request, for the script to answer. */
    const opened = (heard: Heard): Heard => {
      if (heard.headers['content-encoding'] !== 'gzip') return heard;
      return { ...heard, envelope: decodeEnvelope(gunzipSync(heard.body).toString()) };
    };

    it('compresses requests as HTTPCompression says, and reads compressed answers', async () => {
      const names = gzipSync(String(getNames().text));
      const last = deflateSync(String(getNames().text));
      const report = await play(
        [
          heard => friendly(opened(heard)),
          { text: names, headers: { 'Content-Encoding': 'gzip' } },
          { text: last, headers: { 'Content-Encoding': 'deflate' } },
        ],
        packing,
      );
      assert.equal(report.ok, true);
      const [inform, empty, response] = acs.heard;
      assert.ok(inform && empty && response);
      assert.deepEqual(
        [inform.headers['content-encoding'], inform.headers['content-type']],
        ['gzip', 'text/xml; charset=utf-8'],
      );
      assert.equal(argumentsOf(opened(inform), 'Inform').RetryCount, 0);
      assert.deepEqual([empty.headers['content-encoding'], empty.body.length], [undefined, 0]);
      assert.ok(resultOf(opened(response), 'GetParameterNames').ParameterList.length > 3);
      assert.equal(acs.heard.length, 4);
    });

    it('sends plain messages from the next retry on when the ACS answers 415', async () => {
      const report = await play([{ status: 415 }], packing);
      assert.equal(report.error?.code, 415);
      await world.unit.clock.advance(10_500);
      assert.equal((await world.unit.ended(2))?.ok, true);
      assert.equal(acs.heard[1]?.headers['content-encoding'], undefined);
      assert.equal(argumentsOf(acs.heard[1], 'Inform').RetryCount, 1);
    });

    it('compresses nothing by default', async () => {
      await play([], { model: 'device' });
      assert.deepEqual(
        acs.heard.map(({ headers }) => [headers['content-encoding'], headers['accept-encoding']]),
        [
          [undefined, undefined],
          [undefined, undefined],
        ],
      );
    });
  });
});
