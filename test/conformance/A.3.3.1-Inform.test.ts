// TR-069 A.3.3.1: the content of a unit's Inform.
import assert from 'node:assert/strict';
import type { Arguments } from '../../shared/cwmp/methods.ts';
import { argumentsOf, fault } from '../support/cpe/scripted-acs.ts';
import type { UnitOptions } from '../support/cpe/unit.ts';
import { type RpcUnit, rpcUnit } from '../support/cpe/unit-rpc.ts';

const P = 'Device.ManagementServer.';

describe('A.3.3.1 Inform of the unit', () => {
  let on: RpcUnit;
  afterEach(async () => await on.close());
  const start = async (options: UnitOptions = {}): Promise<Arguments<'Inform'>> => {
    on = await rpcUnit(options);
    return argumentsOf(on.acs.heard[0], 'Inform');
  };
  const next = async (event?: string): Promise<Arguments<'Inform'>> => {
    const from = on.acs.heard.length;
    const count = on.unit.sessions.length + 1;
    on.unit.gateway.agent?.inform(event);
    await on.unit.ended(count);
    return argumentsOf(on.acs.heard[from], 'Inform');
  };
  const names = ({ ParameterList }: Arguments<'Inform'>): string[] => ParameterList.map(({ Name }) => Name);

  it('carries the forced parameters of TR-181, each once, for a Device:2 unit', async () => {
    const inform = await start({ model: 'device' });
    const forced = [
      'Device.RootDataModelVersion',
      'Device.DeviceInfo.HardwareVersion',
      'Device.DeviceInfo.SoftwareVersion',
      'Device.DeviceInfo.ProvisioningCode',
      `${P}ParameterKey`,
      `${P}ConnectionRequestURL`,
      `${P}AliasBasedAddressing`,
    ];
    for (const name of forced) assert.equal(names(inform).filter(other => other === name).length, 1, name);
    assert.equal(new Set(names(inform)).size, inform.ParameterList.length);
    assert.deepEqual([...names(inform)].sort(), [...forced].sort());
  });

  it('sends the OUI in six upper-case digits, class and serial within 64 characters', async () => {
    const { DeviceId, MaxEnvelopes, RetryCount } = await start();
    assert.match(DeviceId.OUI, /^[0-9A-F]{6}$/);
    for (const text of [DeviceId.Manufacturer, DeviceId.ProductClass, DeviceId.SerialNumber])
      assert.ok(text.length > 0 && text.length <= 64);
    assert.deepEqual([MaxEnvelopes, RetryCount], [1, 0]);
  });

  it('sends local time with its offset, and the Unknown Time while the clock is not set', async () => {
    const { CurrentTime } = await start();
    assert.match(CurrentTime, /^2025-12-31T19:00:00-05:00$/);
    await on.close();
    const clockless = await start({ clockSource: 'sntp' });
    assert.equal(clockless.CurrentTime, '0001-01-01T00:00:00Z');
  });

  it('repeats the identical Inform after fault 8005, and sends a new one in the next session', async () => {
    await start();
    on.acs.play(fault(8005));
    const again = await next('2 PERIODIC');
    assert.deepEqual(on.acs.names().slice(-3), ['Inform', 'Inform', '(empty)']);
    assert.equal(on.acs.heard.at(-3)?.text, on.acs.heard.at(-2)?.text);
    assert.notEqual(on.acs.heard.at(-3)?.text, on.acs.heard[0]?.text);
    assert.deepEqual(again.Event, [{ EventCode: '2 PERIODIC', CommandKey: '' }]);
  });

  describe('InformParameter (TR-181 ManagementServer.InformParameter)', () => {
    const table = `${P}InformParameter.`;
    const want = async (ParameterName: string, EventList = '', Enable = '1'): Promise<string> => {
      const { result } = await on.call('AddObject', { ObjectName: table, ParameterKey: '' });
      const row = `${table}${result?.InstanceNumber}.`;
      assert.equal(
        await on.set({
          [`${row}ParameterName`]: ParameterName,
          [`${row}EventList`]: EventList,
          [`${row}Enable`]: Enable,
        }),
        0,
      );
      return row;
    };

    it('adds a value to every Inform, or to those with its events', async () => {
      await start({ model: 'device' });
      await want(`${P}Username`);
      await want(`${P}PeriodicInformInterval`, '2 PERIODIC, 1 BOOT');
      await want(`${P}URL`, '', '0');
      await want('Device.No.Where');
      const plain = names(await next());
      assert.ok(plain.includes(`${P}Username`) && !plain.includes(`${P}URL`) && !plain.includes('Device.No.Where'));
      assert.ok(!plain.includes(`${P}PeriodicInformInterval`));
      const periodic = names(await next('2 PERIODIC'));
      assert.ok(periodic.includes(`${P}Username`) && periodic.includes(`${P}PeriodicInformInterval`));
      assert.equal(new Set(periodic).size, periodic.length);
    });

    it('expands a pattern with * to all rows', async () => {
      await start({ model: 'device' });
      const servers = 'Device.DNS.Client.Server.';
      for (let row = 0; row < 2; row++) await on.call('AddObject', { ObjectName: servers, ParameterKey: '' });
      await want(`${servers}*.Enable`);
      const list = names(await next()).filter(name => name.startsWith(servers));
      assert.deepEqual(list, [`${servers}1.Enable`, `${servers}2.Enable`]);
    });

    it('refuses forced parameters and 4 VALUE CHANGE with 9007', async () => {
      await start({ model: 'device' });
      const row = await want(`${P}Username`);
      assert.deepEqual(await on.set({ [`${row}ParameterName`]: `${P}ParameterKey` }), [
        9003,
        `${row}ParameterName 9007`,
      ]);
      assert.deepEqual(await on.set({ [`${row}EventList`]: '1 BOOT,4 VALUE CHANGE' }), [9003, `${row}EventList 9007`]);
    });
  });
});
