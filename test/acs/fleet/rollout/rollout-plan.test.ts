// The basis of rollouts: waves by number and share, and the evidence that moves a position.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { operate } from '../../../../acs/device/operations.ts';
import type { RolloutState } from '../../../../acs/device/rollout-position.ts';
import { rulingOf } from '../../../../acs/device/rollout-transitions.ts';
import type { DeviceRow } from '../../../../acs/device/row.ts';
import { amountOf, chanceOf, sizesOf } from '../../../../acs/fleet/rollout/plan.ts';
import { identityOf, idOf, informOf, newYear, taskOf, valuesOf } from '../../../support/devices.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('the plan of waves', () => {
  it('has the sizes asked for, and one more for the rest', () => {
    assert.deepEqual(sizesOf(['1%', '10%'], 500), [5, 50, 445]);
    assert.deepEqual(sizesOf([1, 10], 5), [1, 4]);
    assert.deepEqual(sizesOf([], 7), [7]);
    assert.deepEqual(sizesOf(['1%'], 0), []);
    assert.deepEqual(sizesOf(['10%', '20%', '70%'], 30), [3, 6, 21]);
  });

  it('holds every device exactly once for any sizes', () => {
    const shares = fc.oneof(
      fc.integer({ min: 1, max: 2000 }),
      fc.integer({ min: 1, max: 1000 }).map(tenths => `${tenths / 10}%`),
    );
    fc.assert(
      fc.property(fc.array(shares, { maxLength: 8 }), fc.integer({ min: 0, max: 5000 }), (waves, whole) => {
        const sizes = sizesOf(waves, whole);
        assert.equal(
          sizes.reduce((sum, size) => sum + size, 0),
          whole,
        );
        assert.ok(sizes.every(size => size > 0));
      }),
    );
  });

  it('allows no more failures than the share holds', () => {
    assert.deepEqual(
      [amountOf('3%', 500, 'down'), amountOf('3%', 99, 'down'), amountOf(0, 99, 'down'), amountOf('10%', 30, 'down')],
      [15, 2, 0, 3],
    );
  });

  it('is filled by chance, in the same way each time', () => {
    const ids = Array.from({ length: 100 }, (_, at) => `0090F8-4102S-${at}`);
    const order = (rollout: string): string[] => [...ids].sort((a, b) => chanceOf(rollout, a) - chanceOf(rollout, b));
    assert.deepEqual(order('r'), order('r'));
    assert.notDeepEqual(order('r'), ids);
    assert.notDeepEqual(order('r'), order('s'));
  });
});

describe('a position in a rollout', () => {
  const id = idOf(identityOf('A'));
  const apply = (row: DeviceRow | undefined, ...[name, args]: Parameters<typeof step>): DeviceRow =>
    step(name, args, row);
  const step = (
    name: Parameters<typeof operate>[0],
    args: Parameters<typeof operate>[3],
    row?: DeviceRow,
  ): DeviceRow => {
    const after = operate(name, id, row, args).row;
    assert.ok(after);
    return after;
  };
  const about = { id: 'r', wave: 1, file: 'f', fileHash: 'h', version: 'new', productClass: '', zone: '' };
  const inform = (version: string, now: number, events: string[] = ['2 PERIODIC']) =>
    informOf('A', now, events, { parameters: valuesOf({ 'Device.DeviceInfo.SoftwareVersion': version }) });
  const offered = (): DeviceRow => {
    const met = apply(undefined, 'informed', inform('old', newYear));
    const planned = apply(met, 'rolloutAssigned', { ...about, soakMs: 10, timeoutMs: 1000, now: newYear });
    return apply(planned, 'rolloutOffered', { id: 'r', now: newYear });
  };
  const task = taskOf('t', 'Download', newYear, { rollout: 'r', origin: 'reconcile', args: { CommandKey: 't' } });
  const sent = (row: DeviceRow): ReturnType<typeof operate<'taskSent'>> => {
    const added = apply(row, 'taskAdded', { task });
    return operate('taskSent', id, added, { token: added.claim?.token ?? 0, id: 't', now: newYear + 1 });
  };

  it('moves in the write that marks the Download as sent, and only once', () => {
    const { row, result } = sent(offered());
    assert.ok(row && typeof result === 'object');
    assert.deepEqual([row.rollout?.state, row.rollout?.task], ['downloading', 't']);
    const again = apply(row, 'taskAdded', { task: { ...task, id: 'u', args: { CommandKey: 'u' } } });
    const second = operate('taskSent', id, again, { token: again.claim?.token ?? 0, id: 'u', now: newYear + 2 });
    assert.equal(second.result, 'gone');
    assert.equal(second.row, again);
  });

  it('refuses a Download that was withdrawn, is of another rollout, or too late', () => {
    const from: RolloutState[] = ['offered'];
    const withdrawn = apply(offered(), 'rolloutJudged', { id: 'r', from, state: 'planned', now: newYear + 1 });
    assert.equal(sent(withdrawn).result, 'gone');
    const { rollout, ...none } = offered();
    assert.equal(sent(none).result, 'gone');
    assert.ok(rollout);
    assert.equal(sent({ ...none, rollout: { ...rollout, id: 's' } }).result, 'gone');
    assert.equal(sent({ ...none, rollout: { ...rollout, until: newYear + 1 } }).result, 'gone');
  });

  it('is judged by the version after the restart when the answer was lost', () => {
    const { row } = sent(offered());
    const restarted = (version: string): DeviceRow => apply(row, 'informed', inform(version, newYear + 5, ['1 BOOT']));
    assert.equal(restarted('new').rollout?.state, 'installed');
    const { state, reason } = restarted('old').rollout ?? {};
    assert.deepEqual([state, reason], ['failed', 'Download: outcome unknown: the device booted before it answered']);
  });

  it('drops a transfer fault that the new version disproves, and keeps one of health', () => {
    const { row } = sent(offered());
    const fault = { code: 9010, message: 'no' };
    const told = { commandKey: 't', fault, startTime: '', completeTime: '', now: newYear + 3 };
    const failed = apply(row, 'transferCompleted', told);
    assert.deepEqual([failed.rollout?.state, failed.rollout?.cause], ['failed', 'transfer']);
    assert.equal(apply(failed, 'informed', inform('new', newYear + 9)).rollout?.state, 'installed');
    assert.ok(failed.rollout);
    const ill: DeviceRow = { ...failed, rollout: { ...failed.rollout, cause: 'health' } };
    assert.equal(apply(ill, 'informed', inform('new', newYear + 9)).rollout?.state, 'failed');
  });

  it('fails when the device is back with the old version, also at the second Inform', () => {
    const told = { commandKey: 't', fault: { code: 0, message: '' }, startTime: '', completeTime: '' };
    const begun = sent(offered()).row;
    const waiting = apply(begun, 'taskSettled', { id: 't', outcome: { state: 'waiting' }, now: newYear + 2 });
    const back = apply(waiting, 'informed', inform('old', newYear + 3, ['1 BOOT', 'M Download:t']));
    const atOnce = apply(back, 'transferCompleted', { ...told, now: newYear + 4 });
    assert.equal(atOnce.rollout?.reason, 'took f without an error, but runs old');
    const again = apply(back, 'informed', inform('old', newYear + 5, ['M Download:t']));
    const late = apply(again, 'transferCompleted', { ...told, now: newYear + 6 });
    assert.equal(late.rollout?.state, 'downloading');
    assert.equal(apply(late, 'informed', inform('old', newYear + 7)).rollout?.state, 'failed');
    // A report that comes before the restart leaves some time for it.
    const early = apply(waiting, 'transferCompleted', { ...told, now: newYear + 4 });
    assert.equal(apply(early, 'informed', inform('old', newYear + 5)).rollout?.state, 'downloading');
    assert.equal(apply(early, 'informed', inform('old', newYear + HOUR)).rollout?.state, 'failed');
    assert.equal(apply(early, 'informed', inform('new', newYear + HOUR, ['1 BOOT'])).rollout?.state, 'installed');
  });

  it('fails when the device falls back while it soaks', () => {
    const { row } = sent(offered());
    const installed = apply(row, 'informed', inform('new', newYear + 5, ['1 BOOT']));
    // The task has ended by the silence after a lost answer; the next complete session begins the soak time.
    const soaking = apply(installed, 'released', {
      token: installed.claim?.token ?? 0,
      complete: true,
      now: newYear + 6,
    });
    assert.deepEqual([soaking.rollout?.state, soaking.rollout?.due], ['soaking', newYear + 16]);
    const { state, reason } = apply(soaking, 'informed', inform('old', newYear + 7)).rollout ?? {};
    assert.deepEqual([state, reason], ['failed', 'went back to old']);
  });

  it('overrides presets once it has moved the device, and not before', () => {
    const file = (row: DeviceRow): unknown => rulingOf(row.rollout, newYear);
    const first = offered();
    assert.deepEqual(file(first), { rollout: 'r', file: 'f', fileHash: 'h', version: 'new' });
    const judged = { from: ['offered'] as RolloutState[], now: newYear };
    const done = apply(first, 'rolloutJudged', { id: 'r', ...judged, state: 'done' });
    const next = { ...about, id: 's', file: 'g', version: 'newer', soakMs: 1, timeoutMs: 1, now: newYear };
    const planned = apply(done, 'rolloutAssigned', next);
    assert.deepEqual(file(planned), file(done));
    assert.deepEqual(file(apply(planned, 'rolloutReleased', { id: 's', forget: true })), file(done));
    const failed = apply(first, 'rolloutJudged', { id: 'r', ...judged, state: 'failed' });
    assert.deepEqual(file(failed), { barred: ['new', 'old'] });
    assert.equal(file(apply(done, 'rolloutReleased', { id: 'r' })), undefined);
  });
});
