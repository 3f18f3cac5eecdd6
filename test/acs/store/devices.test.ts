// Devices in every store: operations, liveness, claims and members.
import assert from 'node:assert/strict';
import type { BlindSpot } from '../../../acs/device/operation-types.ts';
import { parseFilter } from '../../../acs/query/parser.ts';
import { UserError } from '../../../shared/errors.ts';
import {
  addTask,
  announce,
  claimed,
  contractSuite,
  deviceId,
  inform,
  known,
} from '../../support/acs/store-contract.ts';
import { identityOf, informOf, newYear, taskOf, valuesOf } from '../../support/devices.ts';

contractSuite('devices', subject => {
  describe('devices', () => {
    it('finds a device by id, and by its current and next user name', async () => {
      assert.equal(await subject.store.device(deviceId('A')), undefined);
      await announce(subject.store, 'A', { credentials: { username: 'u1', password: 's' } });
      const { token } = await inform(subject.store, 'A', newYear);
      const connectionRequest = { username: 'c', password: 's' };
      const next = { username: 'u2', password: 's' };
      await subject.store.apply(deviceId('A'), 'credentialsOffered', { token, next, connectionRequest });
      for (const username of ['u1', 'u2'])
        assert.equal((await subject.store.deviceByUsername(username))?.id, deviceId('A'), username);
      await inform(subject.store, 'A', newYear + 1, [], { usedNext: true });
      assert.equal(await subject.store.deviceByUsername('u1'), undefined);
      assert.equal((await subject.store.deviceByUsername('u2'))?.id, deviceId('A'));
      assert.equal(await subject.store.deviceByUsername('c'), undefined);
    });

    it('forgets the user name of a device that is replaced, until that is undone', async () => {
      await announce(subject.store, 'A', {
        credentials: { username: 'u1', password: 's' },
        connectionRequest: { username: 'c1', password: 's' },
        tags: ['x'],
      });
      const [old, by] = [deviceId('A'), deviceId('B')];
      const row = await subject.store.apply(old, 'replaced', { by, now: newYear });
      assert.deepEqual(await subject.store.device(old), row);
      assert.equal(await subject.store.deviceByUsername('u1'), undefined);
      const refused = await subject.store.apply(old, 'informed', informOf('A', newYear + 1, ['2 PERIODIC']));
      assert.deepEqual(refused, { outcome: 'refused', replacedBy: by });
      const moved = { tags: row.tags, site: row.site, overrides: row.overrides };
      const taking = { of: old, identity: identityOf('B'), moved, now: newYear };
      const taken = await subject.store.apply(by, 'replacementTaken', taking);
      assert.deepEqual([(await subject.store.device(by))?.tags, taken.tags], [['x'], ['x']]);
      assert.equal(await subject.store.countDevices(parseFilter('state = "replaced"'), newYear), 1);
      await subject.store.apply(by, 'replacementReturned', { of: old });
      assert.equal(await subject.store.device(by), undefined);
      await subject.store.apply(old, 'replacementUndone', { of: by });
      assert.equal((await subject.store.deviceByUsername('u1'))?.id, old);
      assert.equal((await subject.store.device(old))?.connectionRequest.username, 'c1');
    });

    it('reads the row that an operation returned', async () => {
      const { row } = await inform(subject.store, 'A', newYear, ['0 BOOTSTRAP', '1 BOOT']);
      assert.deepEqual(await subject.store.device(deviceId('A')), row);
      const patched = await subject.store.apply(deviceId('A'), 'patched', {
        patch: { tags: ['x'], site: { city: 'Bern' } },
      });
      assert.deepEqual(await subject.store.device(deviceId('A')), patched);
    });

    it('carries out 1,000 concurrent operations on one device one after the other', async () => {
      await inform(subject.store, 'A', newYear);
      const results = await Promise.all(
        Array.from({ length: 1000 }, (_, turn) => inform(subject.store, 'A', newYear + turn, ['6 CONNECTION REQUEST'])),
      );
      const tokens = new Set(results.map(result => result.token));
      assert.equal(tokens.size, 1000);
      assert.equal((await subject.store.device(deviceId('A')))?.fence, Math.max(...tokens));
    });

    it('commits the operations beside one that fails', async () => {
      const results = await Promise.allSettled([
        announce(subject.store, 'A'),
        announce(subject.store, 'A'),
        subject.store.apply(deviceId('B'), 'patched', { patch: {} }),
        announce(subject.store, 'C', { tags: ['a\0b'] }),
        announce(subject.store, 'D'),
      ]);
      const outcomes = results.map(result =>
        result.status === 'fulfilled' ? 'ok' : result.reason instanceof UserError ? result.reason.code : 'bug',
      );
      assert.deepEqual(outcomes, ['ok', 'device-exists', 'no-such-device', 'nul-in-text', 'ok']);
      assert.equal(await subject.store.countDevices(undefined, newYear), 2);
    });

    it('stores the arguments as they are at the call', async () => {
      const patch = { tags: ['before'] };
      const added = announce(subject.store, 'A', patch);
      patch.tags[0] = 'after';
      await added;
      assert.deepEqual((await subject.store.device(deviceId('A')))?.tags, ['before']);
    });

    it('deletes all of a removed device, and treats its return as a new device', async () => {
      const { token } = await inform(subject.store, 'A', newYear);
      await addTask(subject.store, 'A', taskOf('t', 'Reboot', newYear));
      await subject.store.putParameters(deviceId('A'), [known('Device.A', '1')]);
      await subject.store.apply(deviceId('A'), 'faultRaised', { cause: 'c', code: 1, message: '', retryAt: 1, now: 1 });
      assert.equal(await subject.store.apply(deviceId('A'), 'removed', { now: newYear + 5 }), true);
      assert.equal(await subject.store.apply(deviceId('A'), 'removed', {}), false);
      assert.equal(await subject.store.device(deviceId('A')), undefined);
      assert.deepEqual(await subject.store.parameters(deviceId('A'), ''), []);
      assert.deepEqual((await subject.store.faults({ limit: 10, now: 0 })).items, []);
      assert.equal((await subject.store.task('t'))?.state, 'cancelled');
      await inform(subject.store, 'A', newYear + 10);
      const stale = await subject.store.apply(deviceId('A'), 'released', { token, complete: true, now: newYear + 11 });
      assert.equal(stale, 'stale', 'a token of the removed device means nothing');
      assert.deepEqual(await subject.store.parameters(deviceId('A'), ''), []);
    });
  });

  describe('liveness', () => {
    const overdue = (now: number, more = {}): Promise<string[]> => subject.store.overdue({ now, limit: 10, ...more });
    const missed = async (serial: string, now: number, blindSpot?: BlindSpot): Promise<string | undefined> =>
      (await subject.store.apply(deviceId(serial), 'missed', { now, ...(blindSpot ? { blindSpot } : {}) }))?.absence;
    const every = (seconds: number) => ({
      parameters: valuesOf({ 'Device.ManagementServer.PeriodicInformInterval': String(seconds) }),
    });

    it('finds a device late and lost once each, by its own interval, and reports its return', async () => {
      await inform(subject.store, 'A', newYear, [], every(100));
      await inform(subject.store, 'B', newYear, [], every(40));
      await inform(subject.store, 'C', newYear, [], { ...every(1), admission: 'quarantine' });
      await announce(subject.store, 'D');
      assert.deepEqual(await overdue(newYear + 100_000), []);
      assert.deepEqual(await overdue(newYear + 100_001), [deviceId('B')]);
      assert.deepEqual(await overdue(newYear + 250_001), ['B', 'A'].map(deviceId));
      assert.equal(await missed('A', newYear + 250_000), undefined, 'still online');
      assert.equal(await missed('A', newYear + 250_001), 'late');
      assert.equal(await missed('A', newYear + 250_002), undefined, 'said once');
      assert.equal(await missed('B', newYear + 250_001), 'lost', 'late and lost since the last look');
      assert.deepEqual(await overdue(newYear + 500_000), []);
      assert.deepEqual(await overdue(newYear + 500_001), [deviceId('A')]);
      assert.equal((await inform(subject.store, 'A', newYear + 500_002)).back, 'late');
      assert.equal((await inform(subject.store, 'A', newYear + 500_003)).back, undefined);
      assert.equal(await missed('A', newYear + 500_004), undefined, 'heard meanwhile');
      assert.equal((await inform(subject.store, 'B', newYear + 600_000)).back, 'lost');
      assert.equal(await missed('nobody', newYear), undefined);
      await subject.store.apply(deviceId('C'), 'approved', { now: newYear + 600_000 });
      assert.deepEqual(await overdue(newYear + 600_000), [deviceId('C')]);
    });

    it('C1: finds devices whose last three sessions were lost, until one ends well', async () => {
      const unfinished = async (): Promise<string[]> => {
        const found = await subject.store.devices({ filter: parseFilter('unfinished'), limit: 5, now: newYear });
        return found.items.map(({ id }) => id);
      };
      await inform(subject.store, 'B', newYear);
      for (const at of [1, 2, 3]) {
        assert.deepEqual(await unfinished(), []);
        const { token } = await inform(subject.store, 'A', newYear + at);
        await subject.store.apply(deviceId('A'), 'sessionLost', { token, now: newYear + at, error: 'silence' });
      }
      assert.deepEqual(await unfinished(), [deviceId('A')]);
      const others = { filter: parseFilter('not unfinished'), limit: 5, now: newYear };
      assert.deepEqual(
        (await subject.store.devices(others)).items.map(({ id }) => id),
        [deviceId('B')],
      );
      const { token } = await inform(subject.store, 'A', newYear + 4);
      await subject.store.apply(deviceId('A'), 'released', { token, complete: true, now: newYear + 5 });
      assert.deepEqual(await unfinished(), []);
    });

    it('ignores a blind spot for devices that have not informed since', async () => {
      await inform(subject.store, 'A', newYear, [], every(100));
      await inform(subject.store, 'B', newYear, [], every(100));
      const blindSpot = { until: newYear + 900_000, ms: 800_000 };
      await inform(subject.store, 'B', newYear + 900_000);
      assert.deepEqual(await overdue(newYear + 1_050_000, { blindSpot }), []);
      assert.equal(await missed('A', newYear + 1_050_000, blindSpot), undefined);
      assert.deepEqual(await overdue(newYear + 1_050_001, { blindSpot }), [deviceId('A')]);
      assert.equal(await missed('A', newYear + 1_050_001, blindSpot), 'late');
      assert.deepEqual(await overdue(newYear + 1_150_001, { blindSpot }), [deviceId('B')]);
      assert.equal(await missed('B', newYear + 1_150_001, blindSpot), 'late');
    });

    it('applies a learned interval from the last Inform on', async () => {
      await inform(subject.store, 'A', newYear, [], { parameters: [] });
      assert.deepEqual(await overdue(newYear + 3_600_000), []);
      for (const _twice of [1, 2]) {
        const row = await subject.store.apply(deviceId('A'), 'intervalLearned', { informInterval: 10 });
        assert.equal(row.informInterval, 10);
        assert.deepEqual(
          { ...row, claim: undefined },
          { ...(await subject.store.device(deviceId('A'))), claim: undefined },
        );
      }
      assert.deepEqual(await overdue(newYear + 25_001), [deviceId('A')]);
      const count = (text: string, now: number) => subject.store.countDevices(parseFilter(text), now);
      for (const [name, later] of [
        ['online', 25_000],
        ['late', 25_001],
        ['late', 50_000],
        ['lost', 50_001],
      ] as const)
        assert.equal(await count(`${name} and liveness = "${name}"`, newYear + later), 1, name);
    });
  });

  describe('members and claims', () => {
    it('answers busy to another member until it may take the claim over', async () => {
      const { token } = await inform(subject.store, 'A', newYear, [], { owner: 'one' });
      const asked = (more: object) =>
        subject.store.apply(deviceId('A'), 'informed', informOf('A', newYear + 1, [], more));
      const busy = { outcome: 'busy', claim: { token, owner: 'one' } };
      assert.deepEqual(await asked({ owner: 'two' }), busy);
      assert.deepEqual(await asked({ owner: 'two', takeOver: token - 1 }), busy);
      assert.equal(claimed(await asked({ owner: 'two', takeOver: token })).token, token + 1);
      const late = await subject.store.apply(deviceId('A'), 'released', { token, complete: true, now: newYear + 2 });
      assert.equal(late, 'stale');
      await subject.store.apply(deviceId('A'), 'released', { token: token + 1, complete: true, now: newYear + 3 });
      assert.equal((await asked({ owner: 'three' })).outcome, 'claimed', 'a released device is free for all');
    });

    it('lists members with their beats until they leave', async () => {
      await subject.store.beat({ id: 'one', address: 'http://127.0.0.1:1' });
      await subject.store.beat({ id: 'two', address: '' });
      const members = await subject.store.beat({ id: 'one', address: 'http://127.0.0.1:2' });
      assert.deepEqual(
        members.sort((a, b) => (a.id < b.id ? -1 : 1)),
        [
          { id: 'one', address: 'http://127.0.0.1:2', beat: 2 },
          { id: 'two', address: '', beat: 1 },
        ],
      );
      await subject.store.leave('two');
      await subject.store.leave('nobody');
      assert.deepEqual(
        (await subject.store.beat({ id: 'one', address: '' })).map(member => member.id),
        ['one'],
      );
    });
  });
});
