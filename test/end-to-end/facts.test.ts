// The facts of a simulated DGW, as the unit itself tells them.
import assert from 'node:assert/strict';
import type { Json } from '../support/acs/api.ts';
import { deviceId as id } from '../support/devices.ts';
import { eventually } from '../support/eventually.ts';
import { done, openWorld, type World } from '../support/worlds/world.ts';

describe('facts of a DGW', () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  after(async () => await world.close());

  it('has its address, uptime, certificates and lines in the words of all data models', async () => {
    const unit = await world.gateway({
      settings: {
        'SipEp.UserAgent[EpId=Phone-Fax1].Username': '4711',
        'SipEp.UserAgent[EpId=Phone-Fax1].Register': 'Enable',
      },
    });
    await unit.boot();
    const devices = async (path: string): Promise<Json> => {
      const answer = await fetch(`${world.acs.api}/api/v1/devices${path}`, {
        headers: { authorization: 'Bearer test-token' },
      });
      return (await answer.json()) as Json;
    };
    await eventually('the device', async () => (await devices(`/${id}`)).state === 'enrolled');
    await done(world, id, { method: 'GetParameterValues', args: { ParameterNames: ['Device.'] } });
    const { items } = await devices(`/${id}/facts`);
    const values = (name: string): unknown[] => items.filter(item => item.name === name).map(({ value }) => value);
    assert.deepEqual(values('wanAddress'), ['127.0.0.1']);
    assert.deepEqual(values('macAddress').length, 1);
    assert.ok(Number(values('uptime')[0]) >= 0);
    assert.match(String(values('certificateEnd')[0]), /^20\d\d-\d\d-\d\dT/);
    assert.ok(values('lineState').every(state => state !== null));
    assert.equal(values('lineUser').length, values('lineState').length);
    const filter = encodeURIComponent('wanAddress = "127.0.0.1" and certificateEnd > now');
    assert.equal((await devices(`?filter=${filter}`)).items.length, 1);
  });
});
