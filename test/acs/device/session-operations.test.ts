// Operations of sessions on a device: Informs, claims and fencing.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { informValues } from '../../../acs/device/inform.ts';
import { claimed, inform, inSession, OperatedDevice } from '../../support/acs/operated-device.ts';
import { identityOf, informOf, newYear, taskOf, valuesOf } from '../../support/devices.ts';

describe('Device operations of sessions', () => {
  describe('informed', () => {
    it('makes the row of a new device by its admission, and none when it is refused', () => {
      const unit = new OperatedDevice();
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

    it('enrols an announced device, and closes its admission without credentials', () => {
      const unit = new OperatedDevice();
      unit.do('announced', { identity: identityOf('A1'), now: newYear, patch: { tags: ['sales', 'sales'] } });
      unit.do('approved', { openUntil: newYear + 900_000, now: newYear });
      assert.equal(unit.row?.state, 'known');
      assert.equal(unit.row?.openUntil, newYear + 900_000);
      assert.equal(inform(unit, newYear + 5).first, true);
      assert.equal(unit.row?.state, 'enrolled');
      assert.equal(unit.row?.openUntil, undefined);
      assert.deepEqual(unit.row?.tags, ['sales']);
    });

    it('records the values of an Inform under either root', () => {
      const unit = new OperatedDevice();
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

    it('bounds the values in the row, whatever a device reports', () => {
      const unit = new OperatedDevice();
      for (let turn = 0; turn < 30; turn++) {
        const values = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`Device.X.P${turn}_${n}`, 'v']));
        unit.do('informed', informOf('A1', newYear + turn, [], { parameters: valuesOf(values) }));
      }
      const names = Object.keys(informValues(unit.row!));
      assert.equal(names.length, 128);
      assert.ok(names.includes('Device.X.P29_49'));
    });

    it('forgets at 0 BOOTSTRAP all that was configured before', () => {
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

    it('answers busy under the claim of another owner, and takes over its own and yielded ones', () => {
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

    it('makes the next credentials the only ones once they are used', () => {
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

    it('keeps the credentials that a new device authenticated with', () => {
      const unit = new OperatedDevice();
      const credentials = { username: 'u', password: 's' };
      unit.do('informed', informOf('A1', newYear, [], { credentials }));
      assert.deepEqual(unit.row?.credentials, credentials);
      unit.do('informed', informOf('A1', newYear, [], { credentials: { username: 'other', password: 's' } }));
      assert.deepEqual(unit.row?.credentials, credentials);
    });
  });

  describe('fencing', () => {
    it('raises the token with every claim, also across a removal', () => {
      fc.assert(
        fc.property(fc.array(fc.constantFrom('inform', 'remove', 'release'), { maxLength: 30 }), steps => {
          const unit = new OperatedDevice();
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

    it('answers stale to an old token, and changes nothing', () => {
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
});
