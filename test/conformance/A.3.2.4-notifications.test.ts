// TR-069 A.3.2.4: the changes that an ACS is notified of.
import assert from 'node:assert/strict';
import { argumentsOf } from '../support/cpe/scripted-acs.ts';
import { type RpcUnit, rpcUnit } from '../support/cpe/unit-rpc.ts';

const name = 'Device.ManagementServer.Username';

describe('A.3.2.4 Notifications', () => {
  let on: RpcUnit;
  const start = async (notification: number): Promise<void> => {
    on = await rpcUnit();
    await on.call('SetParameterAttributes', {
      ParameterList: [
        { Name: name, NotificationChange: true, Notification: notification, AccessListChange: false, AccessList: [] },
      ],
    });
  };
  afterEach(async () => await on.close());
  const set = (value: string) => on.unit.device.config.set([{ name, value }], 'web');
  const next = async (event?: string) => {
    const from = on.acs.heard.length;
    const count = on.unit.sessions.length + 1;
    on.unit.gateway.agent?.inform(event);
    await on.unit.ended(count);
    return argumentsOf(on.acs.heard[from], 'Inform');
  };

  it('reports a value that changed and changed back', async () => {
    await start(1);
    await set('other');
    await set('');
    const inform = await next('2 PERIODIC');
    assert.ok(inform.Event.some(({ EventCode }) => EventCode === '4 VALUE CHANGE'));
    assert.equal(inform.ParameterList.find(({ Name }) => Name === name)?.Value, '');
  });

  it('does not report a value that was set to what it was', async () => {
    await start(1);
    await set('');
    assert.deepEqual((await next('2 PERIODIC')).Event, [{ EventCode: '2 PERIODIC', CommandKey: '' }]);
  });

  it('does not report a delivered change again', async () => {
    await start(1);
    await set('x');
    await next();
    const inform = await next('2 PERIODIC');
    assert.deepEqual(
      inform.Event.map(({ EventCode }) => EventCode),
      ['2 PERIODIC'],
    );
    assert.ok(inform.ParameterList.every(({ Name }) => Name !== name));
  });
});
