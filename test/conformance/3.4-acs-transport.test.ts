// TR-069 3.4, the side of the ACS: HTTP as CPEs speak it, over real sockets and by injection.
import assert from 'node:assert/strict';
import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { deflateSync, gunzipSync, gzipSync } from 'node:zlib';
import { DEFAULT_CWMP } from '../../acs/server/start.ts';
import { seededRandom } from '../../shared/clock.ts';
import { type Body, decodeEnvelope, type Envelope, encodeEnvelope, requestBody } from '../../shared/cwmp/soap.ts';
import { answerChallenge, chooseDigest, parseChallenges } from '../../shared/net/digest.ts';
import { type TestAcs, testAcs } from '../support/acs/memory-acs.ts';
import { ScriptedCpe } from '../support/cpe/scripted-cpe.ts';

const factory = { username: 'enrol', password: 'factory' };
const rpcMethods: Envelope = { namespace: '1-2', id: '7', body: requestBody('GetRPCMethods', {}) as Body };

interface Posted {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

describe('3.4 HTTP as CPEs speak it to the ACS', () => {
  let acs: TestAcs;
  let port = 0;
  const agents: Agent[] = [];
  const open = async (options: Parameters<typeof testAcs>[0] = { enrol: 'auto', cpeAuth: 'none' }): Promise<void> => {
    acs = await testAcs(options);
    port = await acs.south.listen({ host: '127.0.0.1', port: 0 });
  };
  afterEach(async () => {
    for (const agent of agents.splice(0)) agent.destroy();
    await acs.close();
  });

  /** One connection, kept open as a CPE keeps it through a session. */
  const connection = (): Agent => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    agents.push(agent);
    return agent;
  };
  const post = (agent: Agent, body: string | Buffer, headers: Record<string, string> = {}): Promise<Posted> =>
    new Promise((resolve, reject) => {
      const length = headers['Transfer-Encoding'] ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
      const sent = httpRequest({ port, host: '127.0.0.1', method: 'POST', agent, headers: { ...length, ...headers } });
      sent.on('error', reject);
      sent.on('response', response => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString('latin1'),
          }),
        );
      });
      sent.end(body);
    });
  const inform = (serial = '1', more: object = {}): string =>
    encodeEnvelope(new ScriptedCpe(acs.app, { serial, events: ['1 BOOT'] }).inform(more));
  const cookieOf = ({ headers }: Posted): string => String(headers['set-cookie']?.[0]?.split(';')[0]);

  it('listens on port 7547 with TLS by default (3.4.1)', async () => {
    await open();
    assert.deepEqual([new URL(DEFAULT_CWMP).protocol, new URL(DEFAULT_CWMP).port], ['https:', '7547']);
  });

  it('accepts a chunked body like one with a length', async () => {
    await open();
    const agent = connection();
    const answer = await post(agent, inform(), { 'Transfer-Encoding': 'chunked', 'Content-Type': 'text/xml' });
    assert.match(answer.text, /InformResponse/);
    assert.equal((await post(agent, '', { 'Transfer-Encoding': 'chunked' })).status, 204);
  });

  it('reads a message that comes over many TCP segments', async () => {
    await open();
    const body = inform('x'.repeat(20));
    const text = `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
    const answer = await new Promise<string>((resolve, reject) => {
      let heard = '';
      const socket = connect(port, '127.0.0.1', async () => {
        socket.setNoDelay(true);
        for (let at = 0; at < text.length; at += 13) {
          socket.write(text.slice(at, at + 13));
          await new Promise(resume => setImmediate(resume));
        }
      });
      socket.on('data', data => {
        heard += String(data);
      });
      socket.on('error', reject);
      socket.on('close', () => resolve(heard));
    });
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n[\s\S]*InformResponse/);
  });

  it('continues a session by its cookie over a new connection for every POST (3.4.2)', async () => {
    await open();
    const first = await post(connection(), inform());
    const cookie = cookieOf(first);
    const asked = await post(connection(), encodeEnvelope(rpcMethods), { Cookie: cookie });
    assert.match(asked.text, /GetRPCMethodsResponse/);
    const last = await post(connection(), '', { Cookie: `other=1; ${cookie}; more=2` });
    assert.equal(last.status, 204);
    assert.equal(acs.south.sessions(), 0);
  });

  it('knows a CPE without cookies by its connection alone (3.4.2)', async () => {
    await open();
    const agent = connection();
    await post(agent, inform());
    assert.match((await post(agent, encodeEnvelope(rpcMethods))).text, /GetRPCMethodsResponse/);
    assert.match((await post(connection(), encodeEnvelope(rpcMethods))).text, /<FaultCode>8003</);
    assert.equal((await post(agent, '')).status, 204);
  });

  it('separates two sessions on one connection by their cookies (3.4.2)', async () => {
    await open();
    const agent = connection();
    const one = cookieOf(await post(agent, inform('ONE')));
    const two = cookieOf(await post(agent, inform('TWO')));
    assert.notEqual(one, two);
    assert.match((await post(agent, encodeEnvelope(rpcMethods), { Cookie: one })).text, /GetRPCMethodsResponse/);
    assert.match((await post(agent, encodeEnvelope(rpcMethods), { Cookie: two })).text, /GetRPCMethodsResponse/);
    assert.equal((await post(agent, '', { Cookie: two })).status, 204);
    assert.equal(acs.south.sessions(), 1);
  });

  it('sets a session cookie without Max-Age and Expires (3.4.2)', async () => {
    await open();
    const answer = await post(connection(), inform());
    const set = String(answer.headers['set-cookie']);
    assert.match(set, /^\w+=[^;]{16,200};/);
    assert.doesNotMatch(set, /max-age|expires|domain/i);
  });

  it('accepts absent, empty, quoted and wrong SOAPAction and Content-Type (3.4.1)', async () => {
    await open();
    const variants: Record<string, string>[] = [
      {},
      { SOAPAction: '' },
      { SOAPAction: '""' },
      { SOAPAction: '"urn:dslforum-org:cwmp-1-0#Inform"', 'Content-Type': 'application/soap+xml' },
      { 'Content-Type': 'text/xml; charset=utf-8' },
      { 'Content-Type': 'nonsense;;' },
      { 'Content-Type': '' },
    ];
    for (const [at, headers] of variants.entries()) {
      const agent = connection();
      const answer = await post(agent, inform(`V${at}`), headers);
      assert.equal(answer.status, 200, JSON.stringify(headers));
      assert.match(String(answer.headers['content-type']), /^text\/xml/);
      assert.equal((await post(agent, '', headers)).status, 204, JSON.stringify(headers));
    }
  });

  it('sends a fault with 200 and an empty answer with 204 (3.4.6)', async () => {
    await open();
    const agent = connection();
    const fault = await post(agent, encodeEnvelope(rpcMethods));
    assert.equal(fault.status, 200);
    assert.match(fault.text, /<FaultCode>8003</);
    await post(agent, inform());
    const nothing = await post(agent, '');
    assert.deepEqual([nothing.status, nothing.text, nothing.headers['content-type']], [204, '', undefined]);
  });

  it('begins the session only when a challenged Inform returns with credentials (3.4.5)', async () => {
    await open({ enrol: 'auto' });
    const agent = connection();
    const body = inform();
    const denied = await post(agent, body);
    assert.equal(denied.status, 401);
    assert.equal(denied.headers['set-cookie'], undefined);
    assert.equal(acs.south.sessions(), 0);
    const challenge = chooseDigest(parseChallenges(denied.headers['www-authenticate']));
    assert.ok(challenge);
    assert.deepEqual(
      ['realm', 'nonce', 'qop', 'opaque', 'algorithm'].filter(name => !challenge.parameters[name]),
      [],
    );
    const authorization = answerChallenge({
      challenge,
      ...factory,
      method: 'POST',
      uri: '/',
      random: seededRandom(1),
      nc: 1,
    });
    assert.equal((await post(agent, body, { Authorization: authorization })).status, 200);
    assert.equal(acs.south.sessions(), 1);
  });

  it('challenges with a new nonce each time and calls an old one stale (3.4.5)', async () => {
    await open({ enrol: 'auto' });
    const nonces = new Set<string>();
    for (let round = 0; round < 5; round++) {
      const denied = await post(connection(), inform());
      nonces.add(chooseDigest(parseChallenges(denied.headers['www-authenticate']))?.parameters.nonce ?? '');
    }
    assert.equal(nonces.size, 5);
    const agent = connection();
    const challenge = chooseDigest(parseChallenges((await post(agent, inform())).headers['www-authenticate']));
    assert.ok(challenge);
    await acs.clock.advance(24 * 3_600_000);
    const authorization = answerChallenge({
      challenge,
      ...factory,
      method: 'POST',
      uri: '/',
      random: seededRandom(1),
      nc: 1,
    });
    const late = await post(agent, inform(), { Authorization: authorization });
    assert.equal(late.status, 401);
    assert.match(String(late.headers['www-authenticate']), /stale=true/);
  });

  it('never challenges with basic in clear (3.4.4)', async () => {
    await open({ enrol: 'auto' });
    const denied = await post(connection(), inform());
    assert.ok(parseChallenges(denied.headers['www-authenticate']).every(({ scheme }) => scheme === 'digest'));
  });

  it('accepts an envelope of more than 32,768 bytes before authentication (3.5)', async () => {
    await open({ enrol: 'auto' });
    const ParameterList = Array.from({ length: 600 }, (_, at) => ({
      Name: `Device.X_0090F8_Some.Where.${at}.Value`,
      Value: 'v'.repeat(20),
      Type: 'xsd:string',
    }));
    const body = inform('BIG', { ParameterList });
    assert.ok(body.length > 32_768);
    assert.equal((await post(connection(), body)).status, 401, 'challenged, not refused');
    const cpe = new ScriptedCpe(acs.app, { ...factory, serial: 'BIG' });
    assert.equal((await cpe.post(cpe.inform({ ParameterList }))).status, 200);
  });

  it('reads gzip and deflate and compresses long answers for a CPE that compresses (3.4.7)', async () => {
    await open();
    const agent = connection();
    const packs = { 'Content-Encoding': 'gzip', 'Accept-Encoding': 'gzip' };
    assert.match((await post(agent, gzipSync(inform()), packs)).text, /InformResponse/);
    const long = await post(agent, gzipSync(encodeEnvelope(rpcMethods)), packs);
    if (long.headers['content-encoding'] === 'gzip') {
      const xml = gunzipSync(Buffer.from(long.text, 'latin1')).toString();
      assert.equal(decodeEnvelope(xml).body.kind, 'response');
    } else assert.ok(long.text.length < 1024 && long.text.includes('GetRPCMethodsResponse'));
    assert.equal((await post(agent, '', { 'Accept-Encoding': 'gzip' })).status, 204);
    assert.match(
      (await post(connection(), deflateSync(inform('2')), { 'Content-Encoding': 'deflate' })).text,
      /InformResponse/,
    );
  });

  it('refuses a compression bomb and serves the next session (3.4.7)', async () => {
    await open();
    const bomb = gzipSync(Buffer.alloc(64 << 20, 0x20));
    assert.equal((await post(connection(), bomb, { 'Content-Encoding': 'gzip' })).status, 413);
    assert.equal((await post(connection(), inform())).status, 200);
  });

  it('reads an Inform declared as Latin-1 (3.5)', async () => {
    await open();
    const xml = `<?xml version="1.0" encoding="ISO-8859-1"?>${inform('L1', {
      ParameterList: [{ Name: 'Device.DeviceInfo.ProvisioningCode', Value: 'Zürich', Type: 'xsd:string' }],
    })}`;
    assert.equal((await post(connection(), Buffer.from(xml, 'latin1'))).status, 200);
    assert.equal((await acs.store.device('0090F8-4102S-L1'))?.provisioningCode, 'Zürich');
  });

  it('D5: reads the charset of Content-Type, UTF-16, and past one bad byte (3.5)', async () => {
    await open();
    const told = async (
      serial: string,
      make: (xml: string) => Buffer,
      type = 'text/xml',
    ): Promise<string | undefined> => {
      const xml = inform(serial, {
        ParameterList: [{ Name: 'Device.DeviceInfo.ProvisioningCode', Value: 'Zürich ~', Type: 'xsd:string' }],
      });
      assert.equal((await post(connection(), make(xml), { 'Content-Type': type })).status, 200);
      return (await acs.store.device(`0090F8-4102S-${serial}`))?.provisioningCode;
    };
    const cyrillic = (xml: string): Buffer => Buffer.from(xml.replace('ü', '\xfe'), 'latin1');
    const badByte = (xml: string): Buffer => Buffer.from(Buffer.from(xml).map(byte => (byte === 0x7e ? 0xc3 : byte)));
    assert.equal(await told('C1', cyrillic, 'text/xml; charset="windows-1251"'), 'Zюrich ~');
    assert.equal(await told('C2', xml => Buffer.from(xml, 'utf16le')), 'Zürich ~');
    assert.equal(await told('C3', badByte), 'Zürich Ã');
  });
});
