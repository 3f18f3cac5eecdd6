// Compressed messages at the ACS (TR-069 3.4.7): accepted and refused ones, and the session after a refusal.
import assert from 'node:assert/strict';
import { deflateSync, gunzipSync, gzipSync } from 'node:zlib';
import { encodeEnvelope } from '../../../shared/cwmp/soap.ts';
import { type TestAcs, testAcs } from '../../support/acs/memory-acs.ts';
import { ScriptedCpe } from '../../support/cpe/scripted-cpe.ts';

describe('compressed messages at the ACS', () => {
  let acs: TestAcs;
  beforeEach(async () => {
    acs = await testAcs({ enrol: 'auto', cpeAuth: 'none' });
  });
  afterEach(async () => await acs.close());

  const post = (payload: Buffer, headers: Record<string, string>) =>
    acs.app.inject({ method: 'POST', url: '/', headers: { 'content-type': 'text/xml', ...headers }, payload });
  const inform = (): string => encodeEnvelope(new ScriptedCpe(acs.app, { events: ['1 BOOT'] }).inform());

  it('answers a compression bomb with 413 and continues the session', async () => {
    const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024, ' '));
    assert.ok(bomb.length < 256 * 1024);
    assert.equal((await post(bomb, { 'content-encoding': 'gzip' })).statusCode, 413);
    const cookie = String((await post(Buffer.from(inform()), {})).headers['set-cookie']).split(';')[0] ?? '';
    assert.equal((await post(bomb, { 'content-encoding': 'gzip', cookie })).statusCode, 413);
    assert.equal((await post(Buffer.alloc(0), { cookie })).statusCode, 204);
  });

  it('answers a damaged body with 400 and an unknown coding with 415', async () => {
    const packed = gzipSync(inform());
    for (const [bytes, coding, status] of [
      [packed.subarray(0, packed.length - 10), 'gzip', 400],
      [packed.subarray(0, 5), 'gzip', 400],
      [Buffer.concat([packed.subarray(0, 40), Buffer.alloc(40), packed.subarray(80)]), 'gzip', 400],
      [deflateSync(inform()), 'gzip', 400],
      [packed, 'deflate', 400],
      [packed, 'br', 415],
      [packed, 'compress', 415],
      [gzipSync(packed), 'gzip, gzip', 415],
    ] as const)
      assert.equal((await post(bytes, { 'content-encoding': coding })).statusCode, status, coding);
    assert.equal(acs.south.sessions(), 0);
    assert.equal((await post(Buffer.from(inform()), {})).statusCode, 200);
  });

  it('compresses answers only for a CPE that compresses and accepts gzip', async () => {
    await post(Buffer.from(inform()), {});
    const names = Array.from({ length: 100 }, (_, at) => `Device.X_0090F8_Long.Name.${at}.Value`);
    for (const [coding, accepts, packed] of [
      ['gzip', 'gzip', true],
      ['gzip', 'gzip;q=0', false],
      ['gzip', undefined, false],
      [undefined, 'gzip', false],
    ] as const) {
      const headers = { ...(coding && { 'content-encoding': coding }), ...(accepts && { 'accept-encoding': accepts }) };
      await acs.fleet.tasks.add('0090F8-4102S-0090F8000001', {
        method: 'GetParameterValues',
        args: { ParameterNames: names },
      });
      const first = await post(coding ? gzipSync(inform()) : Buffer.from(inform()), headers);
      const cookie = String(first.headers['set-cookie']).split(';')[0] ?? '';
      const answer = await post(Buffer.alloc(0), { ...(accepts && { 'accept-encoding': accepts }), cookie });
      assert.equal(answer.headers['content-encoding'], packed ? 'gzip' : undefined);
      assert.match(String(packed ? gunzipSync(answer.rawPayload) : answer.body), /Name\.99\.Value/);
    }
  });
});
