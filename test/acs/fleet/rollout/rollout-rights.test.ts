// Rollouts whose author has other rights later: they go no further than the author may.
import assert from 'node:assert/strict';
import type { Json } from '../../../support/acs/api.ts';
import { NEW, type RolloutTest, rolloutTest, type Unit } from '../../../support/acs/rollout.ts';

describe('a rollout of an author with limits', () => {
  let test: RolloutTest;
  let token: string;
  let units: Unit[];
  beforeEach(async () => {
    test = await rolloutTest();
    units = await test.fleet(3);
    for (const { id } of units) await test.call('PATCH', `/devices/${id}`, { body: { site: { region: 'north' } } });
    const grant = { name: 'north', role: 'operator', filter: 'site.region = "north"' };
    token = String((await test.call('POST', '/tokens', { body: grant })).json.token);
  });
  afterEach(async () => await test.close());

  const create = async (more: object = {}): Promise<void> => {
    const body = { id: 'r', filter: 'productClass = "4102S"', firmware: `${NEW}.bin`, parallelism: 1, ...more };
    const answer = await test.call('POST', '/rollouts', { body, token });
    assert.equal(answer.status, 201, answer.text);
  };

  it('skips devices that its rights reach no more when it is their turn', async () => {
    await create({ success: { soak: 60 } });
    await test.turn();
    const [moved = ''] = (await test.states()).planned ?? [];
    await test.call('PATCH', `/devices/${moved}`, { body: { site: { region: 'south' } } });
    await test.restInEach(units, 6);
    assert.deepEqual(
      units.map(({ id, flashes }) => [id, flashes.length]),
      units.map(({ id }) => [id, id === moved ? 0 : 1]),
    );
    assert.deepEqual((await test.states()).skipped, [moved]);
    const shown = await test.call('GET', '/rollouts/r', { token });
    const { devices, totals } = shown.json as unknown as { devices: Json; totals: Record<string, number> };
    assert.ok(!devices.items.some(({ device }) => device === moved));
    assert.equal(totals.skipped, 0);
  });

  it('pauses when its author is gone, and goes on with the rights of the one that resumes it', async () => {
    await create();
    await test.call('DELETE', '/tokens/north');
    await test.turn();
    await test.turn(5 * 60_000);
    const { state, reason } = await test.rollout();
    assert.deepEqual([state, reason], ['paused', "its author 'north' may not create rollouts any more"]);
    assert.equal(((await test.states()).offered ?? []).length, 0);
    await test.act('resume');
    await test.turn();
    assert.equal((await test.rollout()).state, 'running');
    assert.equal(((await test.states()).offered ?? []).length, 1);
  });

  it('is for the devices of a preset that its rights reach', async () => {
    const [inside, outside] = units.map(({ id }) => id);
    for (const id of [inside, outside]) await test.call('PATCH', `/devices/${id}`, { body: { tags: ['pilot'] } });
    await test.call('PATCH', `/devices/${outside}`, { body: { site: { region: 'south' } } });
    await test.call('PUT', '/presets/pilot', { body: { when: 'tag = "pilot"', weight: 1 } });
    await create({ filter: 'preset = "pilot"' });
    await test.turn();
    assert.deepEqual(Object.values(await test.states()).flat(), [inside]);
    const body = { id: 's', filter: 'preset = "none"', firmware: `${NEW}.bin` };
    await test.refused(400, 'bad-filter', 'POST', '/rollouts', { body });
  });
});
