// Webhooks whose time is over.
import assert from 'node:assert/strict';
import { removeEnded } from '../../../../acs/fleet/webhooks/ended-webhooks.ts';
import { testAcs } from '../../../support/acs/memory-acs.ts';

const DAY = 86_400_000;

describe('ended webhooks', () => {
  it('are removed a day after their end, and no others', async () => {
    const { fleet, clock, close } = await testAcs();
    const { webhooks } = fleet;
    const now = clock.now();
    const input = { url: 'https://hook.test/x', events: ['fault' as const] };
    await webhooks.put('ended', { ...input, until: now - 1 });
    await webhooks.put('lasting', input);
    await removeEnded(webhooks, now);
    assert.deepEqual(
      (await webhooks.list()).map(({ name }) => name),
      ['ended', 'lasting'],
    );
    await removeEnded(webhooks, now + DAY);
    assert.deepEqual(
      (await webhooks.list()).map(({ name }) => name),
      ['lasting'],
    );
    await close();
  });
});
