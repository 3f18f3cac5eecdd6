// Sessions of the ACS: their end, and messages that break the rules.
import assert from 'node:assert/strict';
import { type Body, encodeEnvelope, requestBody } from '../../../shared/cwmp/soap.ts';
import { ScriptedCpe, type TestAcs, testAcs } from '../../support/acs/memory-acs.ts';
import { deviceId as id, informOf } from '../../support/devices.ts';

describe('sessions of the ACS', () => {
  let acs: TestAcs;
  const open = async (options: Parameters<typeof testAcs>[0] = {}): Promise<TestAcs> => {
    acs = await testAcs(options);
    return acs;
  };
  afterEach(async () => await acs.close());

  describe('malformed messages', () => {
    beforeEach(async () => {
      await open({ enrol: 'auto', cpeAuth: 'none' });
    });

    const cases: [string, string, number | string][] = [
      ['text that is no XML', 'hello', 400],
      ['broken XML', '<a><b></a>', 400],
      ['a DTD', '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', 400],
      ['XML that is no SOAP', '<hello/>', 400],
      ['nothing but depth', '<a>'.repeat(5000), 400],
    ];
    for (const [name, body, status] of cases) {
      it(`answers ${name} with ${status} and serves the next session`, async () => {
        const answer = await new ScriptedCpe(acs.app).raw(body);
        assert.equal(answer.status, status);
        assert.equal((await new ScriptedCpe(acs.app).session(() => ({ Status: 0 }))).inform.status, 200);
      });
    }

    it('refuses a session that starts without an Inform (8003) or with an unknown method (8000)', async () => {
      const cpe = new ScriptedCpe(acs.app);
      const early = await cpe.post({ namespace: '1-2', id: '1', body: requestBody('GetRPCMethods', {}) as Body });
      assert.ok(early.envelope?.body.kind === 'fault' && early.envelope.body.fault.code === 8003);
      const xml = encodeEnvelope(cpe.inform()).replaceAll('cwmp:Inform', 'cwmp:Outform');
      const unknown = await new ScriptedCpe(acs.app).raw(xml);
      assert.ok(unknown.envelope?.body.kind === 'fault' && unknown.envelope.body.fault.code === 8000);
    });

    it('answers an unknown method with 8000 and continues the session', async () => {
      const cpe = new ScriptedCpe(acs.app);
      await cpe.post(cpe.inform());
      const xml = encodeEnvelope({
        namespace: '1-2',
        id: '7',
        body: requestBody('GetRPCMethods', {}) as Body,
      }).replaceAll('GetRPCMethods', 'X_VENDOR_Strange');
      const unknown = await cpe.raw(xml);
      assert.ok(unknown.envelope?.body.kind === 'fault' && unknown.envelope.body.fault.code === 8000);
      assert.equal(unknown.envelope.id, '7', 'the ID is echoed in a fault too');
      const known = await cpe.post({ namespace: '1-2', id: '8', body: requestBody('GetRPCMethods', {}) as Body });
      assert.ok(known.envelope?.body.kind === 'response');
      assert.equal((await cpe.post(undefined)).status, 204);
    });

    it('answers an unsupported content coding with 415 (3.4.7)', async () => {
      for (const coding of ['br', 'compress', 'gzip, gzip', 'nonsense'])
        assert.equal((await new ScriptedCpe(acs.app).raw('xx', { 'content-encoding': coding })).status, 415);
      assert.equal((await new ScriptedCpe(acs.app).raw('xx', { 'content-encoding': 'gzip' })).status, 400);
    });

    it('answers in the namespace of the Inform', async () => {
      for (const namespace of ['1-0', '1-1', '1-2', '1-3', '1-4'] as const) {
        const cpe = new ScriptedCpe(acs.app, { namespace, serial: `NS${namespace}` });
        assert.equal((await cpe.post(cpe.inform())).envelope?.namespace, namespace);
      }
    });
  });

  it('ends the older session of a device when it sends a new Inform', async () => {
    await open({ enrol: 'auto', cpeAuth: 'none' });
    const older = new ScriptedCpe(acs.app);
    await older.post(older.inform());
    const newer = new ScriptedCpe(acs.app);
    assert.equal((await newer.post(newer.inform())).status, 200);
    assert.equal((await newer.post(undefined)).status, 204);
    assert.ok([204, 400].includes((await older.post(undefined)).status));
  });

  it('abandons a silent session after its inactivity limit and releases the device', async () => {
    await open({ enrol: 'auto', cpeAuth: 'none' });
    const cpe = new ScriptedCpe(acs.app);
    await cpe.post(cpe.inform());
    assert.equal(acs.south.sessions(), 1);
    await acs.clock.advance(31_000);
    assert.equal(acs.south.sessions(), 0);
    const facts = informOf('0090F8000001', acs.clock.now(), ['2 PERIODIC'], { owner: 'another' });
    assert.equal((await acs.store.apply(id, 'informed', facts)).outcome, 'claimed', 'the device is free');
  });
});
