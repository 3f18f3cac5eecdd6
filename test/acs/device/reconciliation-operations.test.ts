// Operations on faults and the desired state of a device, and those of an operator.
import assert from 'node:assert/strict';
import { inform, inSession, OperatedDevice, userError } from '../../support/acs/operated-device.ts';
import { identityOf, informOf, newYear, taskOf } from '../../support/devices.ts';

describe('Device operations on faults and desired state', () => {
  describe('faults', () => {
    const raise = (unit: OperatedDevice, cause: string, now: number) =>
      unit.do('faultRaised', { cause, code: 9007, message: `at ${now}`, retryAt: now + 60, now });

    it('keeps one fault per cause, with a count and a constant id', () => {
      const { unit } = inSession();
      const first = raise(unit, 'preset:a', 1);
      const second = raise(unit, 'preset:a', 2);
      assert.equal(second.id, first.id);
      assert.deepEqual([second.count, second.first, second.last, second.retryAt], [2, 1, 2, 62]);
      assert.notEqual(raise(unit, 'preset:b', 3).id, first.id);
      assert.equal(unit.row?.faults.length, 2);
      assert.equal(unit.do('faultCleared', { id: first.id }), true);
      assert.equal(unit.do('faultCleared', { cause: 'preset:b' }), true);
      assert.equal(unit.do('faultCleared', { cause: 'preset:b' }), false);
    });

    it('clears faults once the desired revision holds, but not those of suspended presets', () => {
      const { unit, claim } = inSession();
      for (const cause of ['preset:a', 'reconcile', 'task:t']) raise(unit, cause, 1);
      raise(unit, 'preset:later', 50);
      unit.do('reconciled', { token: claim.token, revision: 'r', generation: 1, facts: '', now: 70 });
      assert.deepEqual(
        unit.row?.faults.map(fault => fault.cause),
        ['task:t', 'preset:later'],
      );
    });
  });

  describe('desired state', () => {
    const held = { revision: 'r', generation: 1, facts: '' };
    const managed = (now = newYear) => {
      const { unit, claim } = inSession(now);
      unit.do('reconciled', { token: claim.token, ...held, managed: true, now });
      return { unit, token: claim.token };
    };

    it('marks a device for a drift check after 4 VALUE CHANGE and after a task of an operator', () => {
      const { unit, token } = managed();
      unit.do('taskAdded', { task: taskOf('t', 'SetParameterValues', newYear) });
      unit.do('taskSettled', { token, id: 't', outcome: { state: 'done' }, now: newYear });
      assert.equal(unit.row?.reconciled?.suspect, 'fresh');
      const next = inform(unit, newYear + 1, '2 PERIODIC');
      assert.equal(unit.row?.reconciled?.suspect, 'standing', 'what an earlier session left');
      unit.do('reconciled', { token: next.token, ...held, managed: true, now: newYear + 2 });
      assert.equal(unit.row?.reconciled?.suspect, undefined);
      inform(unit, newYear + 3, '4 VALUE CHANGE');
      assert.equal(unit.row?.reconciled?.suspect, 'fresh');
    });

    it('marks no device without desired values, and none for tasks that cannot cause drift', () => {
      const { unit, claim } = inSession();
      unit.do('reconciled', { token: claim.token, ...held, now: newYear });
      inform(unit, newYear + 1, '4 VALUE CHANGE');
      assert.equal(unit.row?.reconciled?.suspect, undefined);
      const other = managed();
      for (const [task, method, more] of [
        ['a', 'GetParameterValues', {}],
        ['b', 'SetParameterValues', { origin: 'reconcile' }],
      ] as const) {
        other.unit.do('taskAdded', { task: taskOf(task, method, newYear, more) });
        other.unit.do('taskSettled', { token: other.token, id: task, outcome: { state: 'done' }, now: newYear });
      }
      assert.equal(other.unit.row?.reconciled?.suspect, undefined);
    });

    it('ends a due restart and its fault at 1 BOOT', () => {
      const { unit, token } = managed();
      unit.do('restartNoted', { token, restart: { services: [], wish: 'idle', since: newYear } });
      unit.do('faultRaised', { cause: 'restart', code: 1, message: '', retryAt: newYear + 9e9, now: newYear });
      inform(unit, newYear + 1, '2 PERIODIC');
      assert.equal(unit.row?.restart?.wish, 'idle');
      inform(unit, newYear + 2, '1 BOOT');
      assert.deepEqual([unit.row?.restart, unit.row?.faults], [undefined, []]);
    });

    it('keeps faults of drift and moves until they are cleared, and then checks for drift', () => {
      const { unit, token } = managed();
      const entry = {
        path: 'A',
        preset: 'p',
        wanted: '1',
        found: '2',
        since: 1,
        last: 1,
        count: 1,
        corrections: [],
        basis: 'b',
      };
      unit.do('drifted', {
        token,
        drift: [
          { ...entry, state: 'reported' },
          { ...entry, path: 'B', state: 'fight' },
        ],
      });
      const move = { url: 'u', from: 'f', since: 1, until: 2, state: 'returned', basis: 'b' } as const;
      unit.do('moveNoted', { token, move });
      for (const cause of ['drift:p', 'fight:B', 'move'])
        unit.do('faultRaised', { cause, code: 1, message: '', retryAt: newYear, now: newYear });
      unit.do('reconciled', { token, ...held, managed: true, now: newYear + 9 });
      assert.equal(unit.row?.faults.length, 3);
      unit.do('faultCleared', { cause: 'fight:B' });
      assert.deepEqual([unit.row?.drift?.map(({ path }) => path), unit.row?.reconciled?.suspect], [['A'], 'standing']);
      unit.do('reconciled', { token, ...held, managed: true, cleared: ['drift:p'], now: newYear + 9 });
      unit.do('faultCleared', { cause: 'move' });
      assert.deepEqual([unit.row?.faults, unit.row?.move, unit.row?.reconciled?.suspect], [[], undefined, 'standing']);
    });

    it('marks a moved device as returned when it informs, confirmed or not', () => {
      for (const confirmed of [false, true]) {
        const { unit, token } = managed();
        assert.equal(unit.do('moveConfirmed', { now: newYear }), 'none');
        unit.do('moveNoted', { token, move: { url: 'u', from: 'f', since: 1, until: 2, state: 'moving', basis: 'b' } });
        if (confirmed) assert.equal(unit.do('moveConfirmed', { now: newYear }), 'ok');
        inform(unit, newYear + 5, '2 PERIODIC');
        assert.deepEqual([unit.row?.move?.state, unit.row?.move?.heard], ['returned', newYear + 5]);
      }
    });

    it('forgets a file that was taken in vain with its fault, and ignores a stale session', () => {
      const { unit, token } = managed();
      unit.do('taskAdded', { task: taskOf('t', 'Download', newYear, { file: 'fw', fileHash: 'h' }) });
      unit.do('taskSettled', { token, id: 't', outcome: { state: 'done' }, now: newYear });
      unit.do('faultRaised', {
        cause: 'preset:p',
        code: 9010,
        message: '',
        file: 'fw',
        retryAt: newYear + 9,
        now: newYear,
      });
      assert.deepEqual(unit.row?.applied, { fw: 'h' });
      unit.do('faultCleared', { cause: 'preset:p' });
      assert.deepEqual(unit.row?.applied, {});
      const before = unit.row;
      assert.equal(unit.do('drifted', { token: token - 1, drift: [] }), 'stale');
      assert.equal(unit.do('restartNoted', { token: token - 1 }), 'stale');
      assert.equal(unit.do('moveNoted', { token: token - 1 }), 'stale');
      assert.equal(unit.do('addingNoted', { token: token - 1 }), 'stale');
      assert.equal(unit.row, before);
    });
  });

  describe('operator', () => {
    it('announces a device once, patches it and removes it', () => {
      const unit = new OperatedDevice();
      assert.throws(() => unit.do('patched', { patch: {} }), userError('no-such-device', 404));
      assert.throws(() => unit.do('approved', { now: 1 }), userError('no-such-device', 404));
      unit.do('announced', { identity: identityOf('A1'), now: newYear, patch: { site: { city: 'Bern' } } });
      assert.throws(
        () => unit.do('announced', { identity: identityOf('A1'), now: newYear, patch: {} }),
        userError('device-exists', 409),
      );
      unit.do('patched', { patch: { overrides: { 'Device.A': { value: '1' }, 'Device.B': { value: '2' } } } });
      unit.do('patched', { patch: { overrides: { 'Device.A': null }, tags: ['x'] } });
      assert.deepEqual(unit.row?.overrides, { 'Device.B': { value: '2' } });
      assert.deepEqual(unit.row?.site, { city: 'Bern' });
      unit.do('taskAdded', { task: taskOf('t', 'Reboot', newYear) });
      assert.equal(unit.do('removed', { now: newYear + 5 }), true);
      assert.deepEqual(
        unit.ended.map(task => [task.id, task.state, task.ended]),
        [['t', 'cancelled', newYear + 5]],
      );
      assert.equal(unit.do('removed', {}), false);
    });

    it('enrols a quarantined device by an approval', () => {
      const unit = new OperatedDevice();
      unit.do('informed', informOf('A1', newYear, [], { admission: 'quarantine' }));
      assert.equal(unit.do('approved', { now: newYear }).state, 'enrolled');
      const other = new OperatedDevice();
      other.do('approved', { identity: identityOf('A1'), openUntil: newYear + 5, now: newYear });
      assert.deepEqual([other.row?.state, other.row?.openUntil], ['known', newYear + 5]);
    });
  });
});
