// Messages of senders that have proved nothing: bounded whatever their headers and framing.
import assert from 'node:assert/strict';
import { deflateSync, gzipSync } from 'node:zlib';
import { encodeEnvelope } from '../../../shared/cwmp/soap.ts';
import { type TestAcs, testAcs } from '../../support/acs/memory-acs.ts';
import { RawConnection } from '../../support/cpe/raw-cpe.ts';
import { ScriptedCpe } from '../../support/cpe/scripted-cpe.ts';
import { openWorld } from '../../support/worlds/world.ts';

const MB = 1024 * 1024;
const digest =
  'Digest username="x", realm="Tandem", nonce="x", uri="/", response="00000000000000000000000000000000", qop=auth, nc=00000001, cnonce="x"';
/** Headers by which a stranger may look like a CPE that is known. */
const disguises: [string, Record<string, string>][] = [
  ['none', {}],
  ['an unknown scheme', { authorization: 'x' }],
  ['a made-up digest', { authorization: digest }],
  ['basic in clear', { authorization: `Basic ${Buffer.from('enrol:factory').toString('base64')}` }],
  ['a foreign cookie', { cookie: 'session=x' }],
  ['a forged cookie', { cookie: 'tandem=test.AAAAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAA' }],
];

describe('strangers', () => {
  let acs: TestAcs;
  const post = (payload: Buffer, headers: Record<string, string>) =>
    acs.app.inject({ method: 'POST', url: '/', headers: { 'content-type': 'text/xml', ...headers }, payload });
  const informOf = (serial: string): string => encodeEnvelope(new ScriptedCpe(acs.app, { serial }).inform());
  const inflated = (bytes: number): Buffer => Buffer.from(informOf('-'.repeat(bytes)));

  describe('that a login could prove', () => {
    beforeEach(async () => {
      acs = await testAcs();
    });
    afterEach(async () => await acs.close());

    for (const [name, headers] of disguises) {
      it(`A1: does not inflate a body beyond 64 KB before a login is proved, with ${name}`, async () => {
        for (const [pack, coding] of [
          [gzipSync, 'gzip'],
          [deflateSync, 'deflate'],
        ] as const) {
          const bomb = pack(inflated(16 * MB - 5000));
          const began = process.cpuUsage();
          const answer = await post(bomb, { ...headers, 'content-encoding': coding });
          const { user, system } = process.cpuUsage(began);
          assert.equal(answer.statusCode, 401);
          assert.ok(user + system < 200_000, `${user + system} µs`);
        }
        assert.equal(acs.south.sessions(), 0);
        assert.deepEqual(acs.fleet.enrolment.unknownCpes.list(), []);
        for (const line of acs.logged) assert.ok(line.length < 5000, `a line of ${line.length} characters`);
      });
    }

    it('A1: challenges an Inform that is too long for a stranger, and takes it with a login', async () => {
      const long = Object.fromEntries(
        Array.from({ length: 3000 }, (_, at) => [`Device.P.${at}.Value`, 'x'.repeat(50)]),
      );
      for (const parameters of [long, {}]) {
        const cpe = new ScriptedCpe(acs.app, { username: 'enrol', password: 'factory', parameters });
        assert.ok(encodeEnvelope(cpe.inform()).length > (parameters === long ? 300_000 : 0));
        assert.equal((await cpe.session()).inform.envelope?.body.kind, 'response');
      }
    });

    it('A1: reads a long body of a login that is verified by its header alone', async () => {
      const serial = 'x'.repeat(100_000);
      const cpe = new ScriptedCpe(acs.app, { username: 'enrol', password: 'factory', scheme: 'basic' });
      const authorization = `Basic ${Buffer.from('enrol:factory').toString('base64')}`;
      const answer = await cpe.raw(informOf(serial), { authorization });
      assert.equal(answer.status, 200, 'it is read, and refused by its meaning');
    });
  });

  it('A1: holds the bound with chunks, and over a session that is over', async () => {
    const world = await openWorld({ tls: false, cpeAuth: 'none' });
    try {
      const { host } = new URL(world.url);
      const head = ['POST / HTTP/1.1', `Host: ${host}`, 'Authorization: x', 'Transfer-Encoding: chunked'];
      const connection = await RawConnection.open(world.url);
      connection.write(`${head.join('\r\n')}\r\n\r\n`);
      for (let sent = 0; sent < 80; sent++) connection.write(`400\r\n${' '.repeat(1024)}\r\n`);
      assert.equal((await connection.answer()).status, 413);
      connection.close();
    } finally {
      await world.close();
    }
  });

  it('A1: logs few lines of a stranger, and lists few CPEs that it makes up', async () => {
    acs = await testAcs();
    for (let at = 0; at < 300; at++) {
      await post(Buffer.from('<broken'), {});
      await post(Buffer.from('x'), { 'content-encoding': 'br' });
      await post(Buffer.from(informOf(`made-up-${at}`)), {});
    }
    assert.ok(acs.logged.length < 20, acs.logged.slice(0, 5).join('\n'));
    assert.equal(acs.fleet.enrolment.unknownCpes.list().length, 200);
    await acs.clock.advance(60_000);
    await post(Buffer.from('<broken'), {});
    assert.match(acs.logged.at(-1) ?? '', /"suppressed":299/);
    await acs.close();
  });

  it('A5: spends less than 50 ms on a body of entities, attributes or elements', async () => {
    acs = await testAcs();
    const fill = (unit: string, length: number): string => unit.repeat(Math.floor(length / unit.length));
    const attributes = Array.from({ length: 60 }, (_, at) => `a${at}="${fill('&lt;', 1000)}"`).join(' ');
    for (const content of [fill('&lt;', 4 * MB), fill(`<a ${attributes}/>`, 4 * MB), fill('<a b="" c=""/>', 4 * MB)]) {
      for (const length of [60 * 1024, 4 * MB]) {
        const text = informOf('1').replace('<ParameterList', `<X>${content.slice(0, length)}</X><ParameterList`);
        const packed = gzipSync(text);
        const began = process.cpuUsage();
        for (let round = 0; round < 5; round++) await post(packed, { 'content-encoding': 'gzip', authorization: 'x' });
        const { user, system } = process.cpuUsage(began);
        assert.ok(user + system < 5 * 50_000, `${user + system} µs for ${packed.length} bytes`);
      }
    }
    await acs.close();
  });
});
