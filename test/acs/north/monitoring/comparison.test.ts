// Devices compared by the API: within the rights, with filters that find the values again.
import assert from 'node:assert/strict';
import { type TestApi, testApi } from '../../../support/acs/api.ts';
import { ScriptedCpe } from '../../../support/cpe/scripted-cpe.ts';

const idOf = (serial: string): string => `0090F8-4102S-${serial}`;

describe('comparing devices', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi({ enrol: 'auto', cpeAuth: 'none' });
    for (let n = 0; n < 12; n++) {
      const parameters = {
        'Device.X.Mode': n % 3 ? 'good' : 'bad "mode"',
        'Device.X.Password': 'same',
        'Odd.Mode': n % 3 ? 'no' : 'odd',
      };
      await new ScriptedCpe(api.acs.app, { serial: `S${n}`, parameters }).session();
      await api.call('PATCH', `/devices/${idOf(`S${n}`)}`, { body: { site: { region: n < 6 ? 'north' : 'south' } } });
      const about = { cause: 'preset:p', code: 9005, message: 'no', retryAt: 0, now: api.acs.clock.now() };
      if (n % 3 === 0) await api.acs.store.apply(idOf(`S${n}`), 'faultRaised', about);
    }
  });
  afterEach(async () => await api.close());

  it('finds what devices with a fault have in common, and the same from one of them', async () => {
    const { json } = await api.call('POST', '/compare', { body: { these: 'fault.code = "9005"' } });
    const [first] = json.items;
    assert.deepEqual([json.these, json.against], [4, 8]);
    assert.deepEqual(
      [first?.field, first?.value, first?.these, first?.against],
      ['Device.X.Mode', 'bad "mode"', { n: 4, of: 4 }, { n: 0, of: 8 }],
    );
    assert.ok(Number(first?.score) > 0.5, JSON.stringify(first));
    const found = await api.call('GET', `/devices?filter=${encodeURIComponent(String(first?.filter))}`);
    assert.equal(found.json.items.length, 4);
    const siblings = (await api.call('GET', `/devices/${idOf('S3')}/siblings?top=1`)).json;
    assert.deepEqual(siblings.items, [first]);
    assert.match(String(siblings.about), /preset:p/);
    const alone = (await api.call('GET', `/devices/${idOf('S1')}/siblings`)).json;
    assert.deepEqual([alone.about, alone.these, alone.against], [undefined, 1, 11]);
  });

  it('counts nothing that the rights exclude, and shows no secret', async () => {
    await api.call('PUT', '/roles/r', { body: { operations: ['read'], parameters: { read: ['Device.DeviceInfo.'] } } });
    const make = async (name: string, grant: object): Promise<string> =>
      String((await api.call('POST', '/tokens', { body: { name, ...grant } })).json.token);
    const north = await make('n', { role: 'viewer', filter: 'site.region = "north"' });
    const body = { these: 'fault.code = "9005"' };
    const { json, text } = await api.call('POST', '/compare', { body, token: north });
    assert.deepEqual([json.these, json.against], [2, 4]);
    assert.doesNotMatch(text, /Password|south/);
    const info = await api.call('POST', '/compare', { body, token: await make('i', { role: 'r' }) });
    assert.doesNotMatch(info.text, /Device\.X|Odd\.Mode/);
    const hidden = { body: { these: 'Device.X.Mode = "good"' }, token: await make('j', { role: 'r' }) };
    await api.refused(403, 'path-forbidden', 'POST', '/compare', hidden);
    await api.refused(400, 'bad-filter', 'POST', '/compare', { body: { these: 'colour =' } });
  });
});
