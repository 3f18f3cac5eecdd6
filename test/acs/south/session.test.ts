// Sessions of the ACS: their end, and messages that break the rules.
import assert from 'node:assert/strict';
import { MAX_REQUESTS } from '../../../acs/south/cpe-requests.ts';
import { type Body, encodeEnvelope, requestBody } from '../../../shared/cwmp/soap.ts';
import { type TestAcs, testAcs } from '../../support/acs/memory-acs.ts';
import { ScriptedCpe } from '../../support/cpe/scripted-cpe.ts';
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

  it('H3: survives a store that is lost between the login of a CPE and its first message', async () => {
    await open({ enrol: 'auto', cpeAuth: 'none' });
    const { members } = acs.fleet;
    const rejections: unknown[] = [];
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', reason => rejections.push(reason));
    try {
      let asked = 0;
      Object.assign(members, { isServing: () => ++asked !== 2 });
      const cpe = new ScriptedCpe(acs.app);
      assert.equal((await cpe.post(cpe.inform())).status, 503);
      await new Promise(resolve => setImmediate(resolve));
      assert.deepEqual([asked, rejections, acs.south.sessions()], [2, [], 0]);
      assert.equal((await new ScriptedCpe(acs.app).session(() => ({ Status: 0 }))).inform.status, 200);
    } finally {
      process.removeAllListeners('unhandledRejection');
      for (const listener of others) process.on('unhandledRejection', listener);
    }
  });

  it('B4: answers a POST at once that comes before the device is released', async () => {
    await open({ enrol: 'auto', cpeAuth: 'none' });
    const { store } = acs;
    const apply = store.apply.bind(store);
    let release = (): void => undefined;
    const held = new Promise<void>(resolve => {
      release = resolve;
    });
    store.apply = (async (...args: Parameters<typeof apply>) => {
      if (args[1] === 'released') await held;
      return await apply(...args);
    }) as typeof store.apply;
    const cpe = new ScriptedCpe(acs.app);
    assert.equal((await cpe.session()).last.status, 204);
    const late = requestBody('GetRPCMethods', {}) as Body;
    assert.equal((await cpe.post(undefined)).status, 204);
    assert.equal((await cpe.post({ namespace: '1-2', id: '9', body: late })).status, 400);
    release();
  });

  it('B5: ends a session in which a CPE sends more than 1,000 requests', async () => {
    await open({ enrol: 'auto', cpeAuth: 'none' });
    const cpe = new ScriptedCpe(acs.app);
    await cpe.post(cpe.inform());
    const request = encodeEnvelope({ namespace: '1-2', id: '7', body: requestBody('GetRPCMethods', {}) as Body });
    let served = 0;
    while (served < 20_001 && (await cpe.raw(request)).status === 200) served++;
    assert.equal(served, MAX_REQUESTS);
    assert.equal(acs.south.sessions(), 0);
    assert.equal((await new ScriptedCpe(acs.app).session()).last.status, 204);
  });
});
