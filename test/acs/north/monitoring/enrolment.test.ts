// Enrolment as an operator sees it: trials of rules, held devices with both sightings, CPEs without credentials.
import assert from 'node:assert/strict';
import { type Json, type TestApi, testApi } from '../../../support/acs/api.ts';
import { ScriptedCpe } from '../../../support/cpe/scripted-cpe.ts';
import { informOf } from '../../../support/devices.ts';

const id = '0090F8-4102S-T1';

describe('enrolment for operators', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi();
  });
  afterEach(async () => await api.close());

  const trial = async (body: object): Promise<Json> => {
    const answer = await api.call('POST', '/enrolment/test', { body: { id, ...body }, token: 'viewer-token' });
    assert.equal(answer.status, 200, answer.text);
    return answer.json;
  };

  it('tells which rules a CPE would fit, why not, and what would come of it', async () => {
    const filter = 'productClass = "4102S" and firmware >= "49" and manufacturer = "x"';
    await api.call('PUT', '/enrolment/rules/a', { body: { filter, action: 'refuse', weight: 9 } });
    await api.call('PUT', '/enrolment/rules/b', {
      body: { provisioningCode: 'vie%', credential: 'certificate', issuer: 'CN=%', action: 'quarantine', weight: 5 },
    });
    await api.call('PUT', '/enrolment/rules/c', { body: { provisioningCode: 'vie%', action: 'enrol' } });
    const { rules, ...found } = await trial({ provisioningCode: 'vienna', softwareVersion: '48.1' });
    assert.deepEqual(found, { outcome: 'enrolled', rule: 'c', reason: 'the rule c is the first that fits' });
    const why = ['filter: firmware does not fit', 'filter: manufacturer does not fit'];
    assert.deepEqual(rules, [
      { name: 'a', action: 'refuse', fits: false, why },
      {
        ...{ name: 'b', action: 'quarantine', fits: false },
        why: ['credential: enrolment, and certificate is asked for', 'issuer: there is none, and "CN=%" is asked for'],
      },
      { name: 'c', action: 'enrol', fits: true, why: [] },
    ]);
    const certified = await trial({ provisioningCode: 'vienna', credential: 'certificate', issuer: 'CN=CA' });
    assert.deepEqual([certified.outcome, certified.rule], ['quarantine', 'b']);
    assert.equal((await trial({ provisioningCode: 'graz' })).outcome, 'quarantine');
    assert.equal((await trial({ credential: 'none' })).outcome, 'refused');
    await api.call('POST', '/devices', { body: { id, credentials: { username: 'u', password: 'secret' } } });
    assert.match(String((await trial({})).reason), /login of its own/);
    assert.equal((await trial({ credential: 'own' })).outcome, 'enrolled');
    assert.equal(await api.acs.store.countDevices(undefined, 0), 1);
    await api.refused(400, 'bad-device-id', 'POST', '/enrolment/test', { body: { id: 'x' } });
  });

  it('agrees with what happens to the CPE', async () => {
    await api.call('PUT', '/enrolment/rules/c', { body: { provisioningCode: 'vie%', action: 'enrol' } });
    for (const provisioningCode of ['vienna', 'graz']) {
      const serial = provisioningCode.toUpperCase();
      const { outcome } = await trial({ id: `0090F8-4102S-${serial}`, provisioningCode });
      const parameters = { 'Device.DeviceInfo.ProvisioningCode': provisioningCode };
      await new ScriptedCpe(api.acs.app, { serial, username: 'enrol', password: 'factory', parameters }).session();
      assert.equal((await api.acs.store.device(`0090F8-4102S-${serial}`))?.state, outcome);
    }
  });

  it('shows both sightings of a held device', async () => {
    const { store, clock } = api.acs;
    const inform = async (at: number, more: object): Promise<void> => {
      const facts = informOf('T1', clock.now() + at, ['2 PERIODIC']);
      await store.apply(id, 'informed', { ...facts, admission: 'enrolled', ...more });
    };
    await inform(0, { address: '198.51.100.1', certificate: 'aa' });
    await inform(1000, { address: '198.51.100.2', certificate: 'bb' });
    const { items } = (await api.call('GET', `/devices?filter=${encodeURIComponent('state = "held"')}`)).json;
    const { sightings = [] } = (items[0]?.hold ?? {}) as { sightings?: Json[] };
    assert.deepEqual(
      sightings.map(({ address, certificate }) => [address, certificate]),
      [
        ['198.51.100.1', 'aa'],
        ['198.51.100.2', 'bb'],
      ],
    );
    assert.ok(Date.parse(String(sightings[0]?.time)) < Date.parse(String(sightings[1]?.time)));
  });

  it('lists CPEs without credentials in pages, with reasons and address ranges', async () => {
    for (let n = 0; n < 30; n++) {
      const identity = { manufacturer: 'M', oui: '0090F8', productClass: '4102S', serialNumber: `K${n}` };
      api.acs.fleet.enrolment.unknownCpes.note(identity, `198.51.${n < 20 ? 1 : 2}.${n}`, n % 2 ? 'wrong' : 'missing');
      await api.acs.clock.advance(1000);
    }
    const first = (await api.call('GET', '/knocking?limit=20')).json;
    const second = (await api.call('GET', `/knocking?limit=20&cursor=${String(first.next)}`)).json;
    assert.deepEqual([first.items.length, second.items.length, first.total, second.next], [20, 10, 30, null]);
    assert.equal(new Set([...first.items, ...second.items].map(({ device }) => device)).size, 30);
    assert.deepEqual([first.items[0]?.reason, first.items[1]?.reason], ['wrong', 'missing']);
    assert.deepEqual(first.ranges, [
      { range: '198.51.1.0/24', cpes: 20, count: 20 },
      { range: '198.51.2.0/24', cpes: 10, count: 10 },
    ]);
    await api.refused(400, 'bad-cursor', 'GET', '/knocking?cursor=x');
  });
});
