// Rollouts beside presets that name firmware, too.
import assert from 'node:assert/strict';
import { NEW, OLD, type RolloutTest, rolloutTest } from '../../../support/acs/rollout.ts';

const HOUR = 3_600_000;

describe('a rollout beside presets', () => {
  let test: RolloutTest;
  beforeEach(async () => {
    test = await rolloutTest();
  });
  afterEach(async () => await test.close());

  it('is not undone by a preset that names the old image', async () => {
    const units = await test.fleet(2);
    await test.call('PUT', '/presets/base', { body: { firmware: `${OLD}.bin` } });
    await test.settleAll(units);
    if (units[1]) units[1].manner = 'old';
    await test.roll();
    await test.restInEach(units, 4);
    assert.deepEqual(await test.counts(), { done: 1, failed: 1 });
    await test.turn(48 * HOUR);
    await test.settleAll(units);
    assert.deepEqual(
      units.map(({ flashes }) => flashes),
      [[NEW], [NEW]],
    );
    // A rollout that is removed no longer decides.
    assert.equal((await test.call('DELETE', '/rollouts/r')).status, 204);
    await test.turn();
    await test.refused(404, 'no-such-rollout', 'GET', '/rollouts/r');
    await test.settleAll(units);
    assert.deepEqual(units[0]?.flashes, [NEW, OLD]);
  });

  it('is named in the explained desired state, beside the preset that it overrides', async () => {
    const [unit] = await test.fleet(1);
    await test.call('PUT', '/presets/base', { body: { firmware: `${OLD}.bin` } });
    await test.roll();
    const { files } = (await test.call('GET', `/devices/${unit?.id}/wanted`)).json as unknown as {
      files: { preset: string; name: string; lost: { preset: string; why: string }[] }[];
    };
    assert.deepEqual(
      files.map(({ preset, name, lost }) => [preset, name, lost.map(loser => [loser.preset, loser.why])]),
      [['rollout:r', `${NEW}.bin`, [['base', 'a rollout decides the firmware until a preset names the same version']]]],
    );
  });

  it('gives way to a preset that names the same version', async () => {
    const units = await test.fleet(1);
    await test.call('PUT', '/presets/base', { body: { firmware: `${OLD}.bin` } });
    await test.roll();
    await test.restInEach(units, 3);
    assert.deepEqual(units[0]?.flashes, [NEW]);
    await test.call('PUT', '/presets/base', { body: { firmware: `${NEW}.bin` } });
    await test.settleAll(units);
    await test.call('PUT', '/files/next.bin?type=firmware&version=next', { body: Buffer.from('next') });
    await test.call('PUT', '/presets/base', { body: { firmware: 'next.bin' } });
    await test.settleAll(units);
    assert.deepEqual(units[0]?.flashes, [NEW, 'next']);
  });

  it('gives way when done to a preset that named the version meanwhile', async () => {
    const units = await test.fleet(1);
    await test.roll();
    await test.settleAll(units);
    await test.call('PUT', `/files/same.bin?type=firmware&version=${NEW}`, { body: Buffer.from('same') });
    await test.call('PUT', '/presets/base', { body: { firmware: 'same.bin' } });
    await test.settleAll(units);
    assert.deepEqual(await test.counts(), { soaking: 1 });
    await test.turn(70_000);
    assert.deepEqual(await test.counts(), { done: 1 });
    await test.settleAll(units);
    await test.call('PUT', '/files/next.bin?type=firmware&version=next', { body: Buffer.from('next') });
    await test.call('PUT', '/presets/base', { body: { firmware: 'next.bin' } });
    await test.settleAll(units);
    assert.deepEqual(units[0]?.flashes, [NEW, 'next']);
  });
});
