// Device operations as pure functions: claims and fencing, what an Inform records, what evidence settles.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { informValues } from '../../../acs/device/inform.ts';
import type { DeviceOperation, DeviceOperations, Informed } from '../../../acs/device/operation-types.ts';
import { operate } from '../../../acs/device/operations.ts';
import type { DeviceRow } from '../../../acs/device/row.ts';
import type { Task } from '../../../acs/device/task.ts';
import { UserError } from '../../../shared/errors.ts';
import { identityOf, informOf, newYear, taskOf, valuesOf } from '../../support/devices.ts';

const id = '0090F8-4102S-A1';

/** One device, to which operations are applied one after the other; keeps the tasks that ended. */
function device(): {
  row: DeviceRow | undefined;
  ended: Task[];
  do<N extends DeviceOperation>(name: N, args: DeviceOperations[N]['args']): DeviceOperations[N]['result'];
} {
  return {
    row: undefined,
    ended: [],
    do(name, args) {
      const frozen = structuredClone(this.row);
      const change = operate(name, id, this.row, args);
      assert.deepEqual(this.row, frozen, `${name} must not change the row that it was given`);
      this.row = change.row;
      this.ended.push(...change.ended);
      return change.result;
    },
  };
}

type Claimed = Extract<Informed, { outcome: 'claimed' }>;

/** A device in session. */
function inSession(
  now = newYear,
  events = ['0 BOOTSTRAP', '1 BOOT'],
): { unit: ReturnType<typeof device>; claim: Claimed } {
  const unit = device();
  return { unit, claim: claimed(unit.do('informed', informOf('A1', now, events))) };
}

function claimed(result: Informed): Claimed {
  assert.equal(result.outcome, 'claimed');
  return result as Claimed;
}

const inform = (unit: ReturnType<typeof device>, now: number, ...events: string[]): Claimed =>
  claimed(unit.do('informed', informOf('A1', now, events)));

/** A whole session that ends as it should. */
function session(unit: ReturnType<typeof device>, now: number, ...events: string[]): void {
  const { token } = inform(unit, now, ...events);
  assert.equal(unit.do('released', { token, complete: true, now: now + 10 }), 'ok');
}

function userError(code: string, status: number): (error: unknown) => boolean {
  return error => error instanceof UserError && error.code === code && error.status === status;
}

describe('device operations', () => {
  describe('informed', () => {
    it('makes the row by admission, and none when refused', () => {
      const unit = device();
      assert.deepEqual(unit.do('informed', informOf('A1', newYear, [], { admission: 'refuse' })), {
        outcome: 'refused',
      });
      assert.equal(unit.row === undefined, true);
      const first = claimed(unit.do('informed', informOf('A1', newYear, ['0 BOOTSTRAP'], { admission: 'quarantine' })));
      assert.equal(first.first, true);
      assert.equal(unit.row?.state, 'quarantine');
      assert.equal(inform(unit, newYear + 1).first, false);
      assert.equal(unit.row?.state, 'quarantine', 'only an operator ends quarantine');
    });

    it('enrols an announced device, and uses up its open door', () => {
      const unit = device();
      unit.do('announced', { identity: identityOf('A1'), now: newYear, patch: { tags: ['sales', 'sales'] } });
      unit.do('approved', { openUntil: newYear + 900_000, now: newYear });
      assert.equal(unit.row?.state, 'known');
      assert.equal(unit.row?.openUntil, newYear + 900_000);
      assert.equal(inform(unit, newYear + 5).first, true);
      assert.equal(unit.row?.state, 'enrolled');
      assert.equal(unit.row?.openUntil, undefined);
      assert.deepEqual(unit.row?.tags, ['sales']);
    });

    it('records versions, ParameterKey, connection request URL, interval and values under either root', () => {
      const unit = device();
      unit.do(
        'informed',
        informOf('A1', newYear, ['2 PERIODIC'], {
          parameters: valuesOf({
            'InternetGatewayDevice.DeviceInfo.SoftwareVersion': '49.2.7',
            'InternetGatewayDevice.ManagementServer.ParameterKey': 'rev1',
            'InternetGatewayDevice.ManagementServer.ConnectionRequestURL': 'http://10.0.0.1/x',
            'InternetGatewayDevice.ManagementServer.PeriodicInformInterval': '300',
            'InternetGatewayDevice.X.Long': 'x'.repeat(5000),
          }),
        }),
      );
      assert.equal(unit.row?.root, 'InternetGatewayDevice.');
      assert.equal(unit.row?.softwareVersion, '49.2.7');
      assert.equal(unit.row?.parameterKey, 'rev1');
      assert.equal(unit.row?.connectionRequest.url, 'http://10.0.0.1/x');
      assert.equal(unit.row?.informInterval, 300);
      assert.equal(informValues(unit.row!)['InternetGatewayDevice.ManagementServer.ParameterKey'], 'rev1');
      assert.equal(
        informValues(unit.row!)['InternetGatewayDevice.X.Long'],
        undefined,
        'long texts stay out of the hot row',
      );
      inform(unit, newYear + 1);
      assert.equal(unit.row?.informInterval, 300, 'what is not told again still holds');
    });

    it('keeps the row small, whatever a device reports', () => {
      const unit = device();
      for (let turn = 0; turn < 30; turn++) {
        const values = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`Device.X.P${turn}_${n}`, 'v']));
        unit.do('informed', informOf('A1', newYear + turn, [], { parameters: valuesOf(values) }));
      }
      const names = Object.keys(informValues(unit.row!));
      assert.equal(names.length, 128);
      assert.ok(names.includes('Device.X.P29_49'));
    });

    it('forgets at 0 BOOTSTRAP what was made true before', () => {
      const { unit, claim } = inSession(newYear, ['1 BOOT']);
      unit.do('reconciled', {
        token: claim.token,
        revision: 'r',
        generation: 3,
        facts: 'f',
        parameterKey: 'r',
        now: 5,
      });
      assert.equal(unit.row?.parameterKey, 'r');
      assert.deepEqual(unit.row?.reconciled, { revision: 'r', generation: 3, facts: 'f' });
      inform(unit, newYear + 1, '1 BOOT');
      assert.ok(unit.row?.reconciled);
      assert.equal(unit.row?.lastBoot, newYear + 1);
      unit.do('informed', informOf('A1', newYear + 2, ['0 BOOTSTRAP'], { parameters: [] }));
      assert.equal(unit.row?.reconciled, undefined);
      assert.equal(unit.row?.parameterKey, '');
      assert.equal(unit.row?.told, '{}');
      assert.equal(unit.row?.lastBootstrap, newYear + 2);
      assert.equal(unit.row?.lastBoot, newYear + 1);
    });

    it('answers busy while another owner holds the claim, and takes over its own and those given up', () => {
      const { unit, claim } = inSession();
      const busy = unit.do('informed', informOf('A1', newYear + 1, [], { owner: 'two' }));
      assert.deepEqual(busy, { outcome: 'busy', claim: { token: claim.token, owner: 'one' } });
      const again = inform(unit, newYear + 2);
      assert.equal(again.token, claim.token + 1);
      assert.equal(unit.do('released', { token: claim.token, complete: true, now: newYear }), 'stale');
      const late = (takeOver: number) => informOf('A1', newYear + 3, [], { owner: 'two', takeOver });
      assert.equal(
        unit.do('informed', late(claim.token)).outcome,
        'busy',
        'that claim is no longer the one that stands',
      );
      const taken = claimed(unit.do('informed', late(again.token)));
      assert.equal(taken.token, again.token + 1);
      assert.equal(unit.row?.claim?.owner, 'two');
    });

    it('makes the next credentials the only ones when they were used', () => {
      const { unit, claim } = inSession();
      const next = { username: 'u2', password: 'sealed2' };
      const connectionRequest = { username: 'cr', password: 'sealed3' };
      assert.equal(unit.do('credentialsOffered', { token: claim.token - 1, next, connectionRequest }), 'stale');
      unit.do('patched', { patch: { credentials: { username: 'u1', password: 'sealed1' } } });
      assert.equal(unit.do('credentialsOffered', { token: claim.token, next, connectionRequest }), 'ok');
      assert.deepEqual(unit.row?.credentials, { username: 'u1', password: 'sealed1', next });
      assert.equal(unit.row?.connectionRequest.username, 'cr');
      inform(unit, newYear + 1);
      assert.ok(unit.row?.credentials?.next, 'the old pair changes nothing');
      unit.do('informed', informOf('A1', newYear + 2, [], { usedNext: true }));
      assert.deepEqual(unit.row?.credentials, next);
    });

    it('keeps what a new device authenticated with', () => {
      const unit = device();
      const credentials = { username: 'u', password: 's' };
      unit.do('informed', informOf('A1', newYear, [], { credentials }));
      assert.deepEqual(unit.row?.credentials, credentials);
      unit.do('informed', informOf('A1', newYear, [], { credentials: { username: 'other', password: 's' } }));
      assert.deepEqual(unit.row?.credentials, credentials);
    });
  });

  describe('fencing', () => {
    it('tokens grow with every claim, and across removal', () => {
      fc.assert(
        fc.property(fc.array(fc.constantFrom('inform', 'remove', 'release'), { maxLength: 30 }), steps => {
          const unit = device();
          let last = 0;
          let now = newYear;
          for (const step of steps) {
            now += 1000;
            if (step === 'remove') unit.do('removed', { now });
            else if (step === 'release' && unit.row) unit.do('released', { token: last, complete: false, now });
            else if (step === 'inform') {
              const { token } = inform(unit, now, '2 PERIODIC');
              assert.ok(token > last);
              last = token;
            }
          }
        }),
      );
    });

    it('a stale token changes nothing', () => {
      const { unit, claim } = inSession();
      unit.do('taskAdded', { task: taskOf('t', 'Reboot', newYear) });
      const token = claim.token - 1;
      const before = unit.row;
      assert.equal(unit.do('released', { token, complete: true, now: newYear }), 'stale');
      assert.equal(unit.do('taskSent', { token, id: 't', now: newYear }), 'stale');
      assert.equal(unit.do('taskSettled', { token, id: 't', outcome: { state: 'done' }, now: newYear }), 'stale');
      assert.equal(unit.do('reconciled', { token, revision: 'r', generation: 1, facts: '', now: 5 }), 'stale');
      assert.equal(unit.row, before);
    });
  });

  describe('tasks', () => {
    it('bounds open tasks, and refuses a CommandKey that is open', () => {
      const { unit } = inSession();
      const download = (n: number, key: string): Task =>
        taskOf(`t${n}`, 'Download', newYear + n, { args: { CommandKey: key } });
      unit.do('taskAdded', { task: download(0, 'k0') });
      assert.throws(() => unit.do('taskAdded', { task: download(1, 'k0') }), userError('command-key-open', 409));
      assert.throws(() => unit.do('taskAdded', { task: download(0, 'k9') }), userError('task-exists', 409));
      for (let n = 1; n < 100; n++) unit.do('taskAdded', { task: download(n, '') });
      assert.throws(() => unit.do('taskAdded', { task: download(100, 'k') }), userError('too-many-tasks', 429));
      const large = taskOf('large', 'Reboot', newYear, { args: { CommandKey: 'x'.repeat(300_000) } });
      unit.do('taskCancelled', { id: 't5', now: newYear });
      assert.throws(() => unit.do('taskAdded', { task: large }), userError('task-too-large', 413));
    });

    it('goes queued → sent → waiting → done, and leaves the row when it ended', () => {
      const { unit, claim } = inSession();
      const { token } = claim;
      unit.do('taskAdded', { task: taskOf('t', 'Reboot', newYear) });
      const sent = unit.do('taskSent', { token, id: 't', now: newYear + 1 });
      assert.equal(typeof sent === 'object' && sent.state, 'sent');
      assert.deepEqual(unit.do('taskSent', { token, id: 't', now: newYear + 2 }), sent, 'the same message twice');
      assert.equal(unit.do('taskCancelled', { id: 't', now: newYear }), 'sent');
      unit.do('taskSettled', { token, id: 't', outcome: { state: 'waiting' }, now: newYear + 3 });
      assert.equal(unit.row?.tasks[0]?.state, 'waiting');
      const done = unit.do('taskSettled', { id: 't', outcome: { state: 'done', result: { a: 1 } }, now: newYear + 4 });
      assert.ok(typeof done === 'object');
      assert.deepEqual(unit.ended, [done.task]);
      assert.equal(done.task.ended, newYear + 4);
      assert.equal(done.row, unit.row);
      assert.deepEqual(unit.row?.tasks, []);
      assert.equal(unit.do('taskSettled', { id: 't', outcome: { state: 'failed' }, now: newYear }), 'gone');
      assert.equal(unit.do('taskSent', { token, id: 't', now: newYear }), 'gone');
      assert.equal(unit.do('taskCancelled', { id: 't', now: newYear }), 'gone');
    });

    it('is never sent again by a later session', () => {
      const { unit, claim } = inSession();
      unit.do('taskAdded', { task: taskOf('t', 'Reboot', newYear) });
      unit.do('taskSent', { token: claim.token, id: 't', now: newYear });
      const { token } = inform(unit, newYear + 1, '2 PERIODIC');
      assert.equal(unit.do('taskSent', { token, id: 't', now: newYear + 1 }), 'gone');
      unit.do('taskSettled', { token, id: 't', outcome: { state: 'queued' }, now: newYear + 1 });
      assert.notEqual(unit.do('taskSent', { token, id: 't', now: newYear + 2 }), 'gone', 'unless it was put back');
    });

    it('fails queued tasks whose time is past', () => {
      const { unit } = inSession();
      unit.do('taskAdded', { task: taskOf('t', 'Reboot', newYear, { expires: newYear + 10 }) });
      unit.do('taskAdded', { task: taskOf('u', 'Reboot', newYear + 11) });
      assert.deepEqual(
        unit.ended.map(task => [task.id, task.state, task.fault?.code]),
        [['t', 'failed', 'expired']],
      );
    });

    it('remembers the file of a Download that ended well', () => {
      const { unit, claim } = inSession();
      const file = { file: 'fw.bin', fileHash: 'abc' };
      unit.do('taskAdded', { task: taskOf('t', 'Download', newYear, { ...file, args: { CommandKey: 'k' } }) });
      unit.do('taskSent', { token: claim.token, id: 't', now: newYear });
      unit.do('taskSettled', { token: claim.token, id: 't', outcome: { state: 'done' }, now: newYear });
      assert.deepEqual(unit.row?.applied, { 'fw.bin': 'abc' });
      inform(unit, newYear + 1, '0 BOOTSTRAP', '1 BOOT');
      assert.deepEqual(unit.row?.applied, {});
    });
  });

  describe('evidence (TR-069 3.7.1.5)', () => {
    const rebooting = (key: string, answered = true): ReturnType<typeof device> => {
      const { unit, claim } = inSession();
      const { token } = claim;
      unit.do('taskAdded', { task: taskOf('r', 'Reboot', newYear, { args: { CommandKey: key } }) });
      unit.do('taskSent', { token, id: 'r', now: newYear });
      if (answered) unit.do('taskSettled', { token, id: 'r', outcome: { state: 'waiting' }, now: newYear });
      unit.do('released', { token, complete: true, now: newYear });
      return unit;
    };
    const states = (unit: ReturnType<typeof device>): unknown =>
      unit.ended.map(task => [task.id, task.state, task.fault?.code]);

    it('M Reboot with the CommandKey ends the oldest sent Reboot', () => {
      const unit = rebooting('k', false);
      const { settled } = inform(unit, newYear + 60_000, '1 BOOT', 'M Reboot:k');
      assert.deepEqual(states(unit), [['r', 'done', undefined]]);
      assert.deepEqual(settled, unit.ended);
    });

    it('M Reboot with another key leaves it waiting', () => {
      const unit = rebooting('k');
      inform(unit, newYear + 60_000, '1 BOOT', 'M Reboot:other');
      assert.deepEqual(states(unit), []);
    });

    it('a boot ends a Reboot that was answered, even without M Reboot', () => {
      const unit = rebooting('k');
      inform(unit, newYear + 60_000, '1 BOOT');
      assert.deepEqual(states(unit), [['r', 'done', undefined]]);
    });

    it('a boot makes the outcome of an unanswered RPC unknown', () => {
      const unit = rebooting('k', false);
      inform(unit, newYear + 60_000, '1 BOOT');
      assert.deepEqual(states(unit), [['r', 'failed', 'outcome-unknown']]);
      assert.match(unit.ended[0]?.fault?.message ?? '', /outcome unknown/);
    });

    it('three whole sessions of silence do so too; a lost one does not count', () => {
      const unit = rebooting('k', false);
      session(unit, newYear + 1000, '2 PERIODIC');
      const { token } = inform(unit, newYear + 2000, '2 PERIODIC');
      unit.do('released', { token, complete: false, now: newYear + 2000 });
      session(unit, newYear + 3000, '2 PERIODIC');
      assert.deepEqual(states(unit), []);
      session(unit, newYear + 4000, '2 PERIODIC');
      assert.deepEqual(states(unit), [['r', 'failed', 'outcome-unknown']]);
    });

    it('0 BOOTSTRAP ends a FactoryReset', () => {
      const { unit, claim } = inSession();
      unit.do('taskAdded', { task: taskOf('f', 'FactoryReset', newYear) });
      unit.do('taskSent', { token: claim.token, id: 'f', now: newYear });
      inform(unit, newYear + 1, '0 BOOTSTRAP', '1 BOOT');
      assert.deepEqual(states(unit), [['f', 'done', undefined]]);
    });

    const downloading = (more: Partial<Task> = {}, answered = true): ReturnType<typeof device> => {
      const { unit, claim } = inSession();
      const { token } = claim;
      unit.do('taskAdded', { task: taskOf('d', 'Download', newYear, { args: { CommandKey: 'k' }, ...more }) });
      unit.do('taskSent', { token, id: 'd', now: newYear });
      if (answered) unit.do('taskSettled', { token, id: 'd', outcome: { state: 'waiting' }, now: newYear });
      unit.do('released', { token, complete: true, now: newYear });
      return unit;
    };
    const completed = (code: number): DeviceOperations['transferCompleted']['args'] => ({
      commandKey: 'k',
      fault: { code, message: code ? 'broken' : '' },
      startTime: 's',
      completeTime: 'c',
      now: newYear + 9,
    });

    it('an accepted Download waits for TransferComplete, not for silence', () => {
      const unit = downloading({ file: 'f', fileHash: 'h' });
      for (let n = 1; n < 6; n++) session(unit, newYear + n * 1000, n === 3 ? '1 BOOT' : '2 PERIODIC');
      assert.deepEqual(states(unit), []);
      const task = unit.do('transferCompleted', completed(0));
      assert.equal(task?.state, 'done');
      assert.deepEqual(task?.result, { StartTime: 's', CompleteTime: 'c' });
      assert.deepEqual(unit.row?.applied, { f: 'h' });
      assert.equal(unit.do('transferCompleted', completed(0)), undefined, 'a repeated one settles nothing more');
    });

    it('a TransferComplete with a fault fails it', () => {
      const unit = downloading({ file: 'f', fileHash: 'h' });
      const task = unit.do('transferCompleted', completed(9010));
      assert.deepEqual([task?.state, task?.fault], ['failed', { code: 9010, message: 'broken' }]);
      assert.deepEqual(unit.row?.applied, {});
    });

    it('an unanswered Download survives a boot whose Inform announces its end', () => {
      const unit = downloading({}, false);
      inform(unit, newYear + 5, '1 BOOT', '7 TRANSFER COMPLETE', 'M Download:k');
      assert.deepEqual(states(unit), []);
      assert.equal(unit.do('transferCompleted', completed(0))?.state, 'done');
    });

    it('0 BOOTSTRAP makes the outcome of an accepted Download unknown, unless it is announced with it', () => {
      const unit = downloading();
      inform(unit, newYear + 5, '0 BOOTSTRAP', '1 BOOT', '7 TRANSFER COMPLETE', 'M Download:k');
      assert.deepEqual(states(unit), []);
      inform(unit, newYear + 6, '0 BOOTSTRAP', '1 BOOT');
      assert.deepEqual(states(unit), [['d', 'failed', 'outcome-unknown']]);
    });

    it('an accepted Download ends by its expiry, if it has one', () => {
      const unit = downloading({ expires: newYear + 1000 });
      inform(unit, newYear + 1001, '2 PERIODIC');
      assert.deepEqual(states(unit), [['d', 'failed', 'expired']]);
    });
  });

  describe('faults', () => {
    const raise = (unit: ReturnType<typeof device>, cause: string, now: number) =>
      unit.do('faultRaised', { cause, code: 9007, message: `at ${now}`, retryAt: now + 60, now });

    it('are one per cause, with a count and a steady id', () => {
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

    it('of reconciling are cleared when the wanted revision holds, but for what is still set aside', () => {
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

  describe('the wanted state', () => {
    const held = { revision: 'r', generation: 1, facts: '' };
    const managed = (now = newYear) => {
      const { unit, claim } = inSession(now);
      unit.do('reconciled', { token: claim.token, ...held, managed: true, now });
      return { unit, token: claim.token };
    };

    it("is suspect after 4 VALUE CHANGE and after an operator's task, until it is looked after", () => {
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

    it('is not suspect where nothing is wanted, nor by tasks that change no value or are our own', () => {
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

    it('a restart that is due ends with 1 BOOT, and its fault with it', () => {
      const { unit, token } = managed();
      unit.do('restartNoted', { token, restart: { services: [], wish: 'idle', since: newYear } });
      unit.do('faultRaised', { cause: 'restart', code: 1, message: '', retryAt: newYear + 9e9, now: newYear });
      inform(unit, newYear + 1, '2 PERIODIC');
      assert.equal(unit.row?.restart?.wish, 'idle');
      inform(unit, newYear + 2, '1 BOOT');
      assert.deepEqual([unit.row?.restart, unit.row?.faults], [undefined, []]);
    });

    it('drift and moves stand until they are cleared, whatever time says; cleared they are looked after', () => {
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

    it('a device that was sent away and informs is back, confirmed or not', () => {
      for (const confirmed of [false, true]) {
        const { unit, token } = managed();
        assert.equal(unit.do('moveConfirmed', { now: newYear }), 'none');
        unit.do('moveNoted', { token, move: { url: 'u', from: 'f', since: 1, until: 2, state: 'moving', basis: 'b' } });
        if (confirmed) assert.equal(unit.do('moveConfirmed', { now: newYear }), 'ok');
        inform(unit, newYear + 5, '2 PERIODIC');
        assert.deepEqual([unit.row?.move?.state, unit.row?.move?.heard], ['returned', newYear + 5]);
      }
    });

    it('what was taken in vain is forgotten with its fault; a stale session changes nothing of all this', () => {
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

  describe('the operator', () => {
    it('announces once, patches, approves, removes', () => {
      const unit = device();
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

    it('approve lets a quarantined device in', () => {
      const unit = device();
      unit.do('informed', informOf('A1', newYear, [], { admission: 'quarantine' }));
      assert.equal(unit.do('approved', { now: newYear }).state, 'enrolled');
      const other = device();
      other.do('approved', { identity: identityOf('A1'), openUntil: newYear + 5, now: newYear });
      assert.deepEqual([other.row?.state, other.row?.openUntil], ['known', newYear + 5]);
    });
  });
});
