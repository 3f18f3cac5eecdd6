// Sessions of the ACS: their end, and messages that break the rules.
import assert from 'node:assert/strict';
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
