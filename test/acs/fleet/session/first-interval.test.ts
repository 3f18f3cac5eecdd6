// The interval of a device's periodic Informs, read at its first contact.
import assert from 'node:assert/strict';
import { CwmpFault } from '../../../../shared/cwmp/faults.ts';
import { type TestAcs, testAcs } from '../../../support/acs/memory-acs.ts';
import { memoryCpe, ScriptedCpe } from '../../../support/cpe/scripted-cpe.ts';
import { deviceId as id } from '../../../support/devices.ts';

const enable = 'Device.ManagementServer.PeriodicInformEnable';
const interval = 'Device.ManagementServer.PeriodicInformInterval';
const HOUR = 3_600_000;

describe('the interval of a new device', () => {
  let acs: TestAcs;
  afterEach(async () => await acs.close());

  const session = async (answer: ReturnType<typeof memoryCpe>['answer'] | (() => CwmpFault), ...events: string[]) =>
    (await new ScriptedCpe(acs.app, { events }).session(answer)).asked.map(({ args }) => args.ParameterNames);

  it('F4: is read at first contact, so that late is right from the first hour', async () => {
    acs = await testAcs({ enrol: 'auto', cpeAuth: 'none' });
    const { answer } = memoryCpe({ [enable]: '1', [interval]: '86400' });
    assert.deepEqual(await session(answer, '0 BOOTSTRAP', '1 BOOT'), [[enable, interval]]);
    assert.deepEqual(await session(answer, '0 BOOTSTRAP', '1 BOOT'), []);
    assert.equal((await acs.store.device(id))?.informInterval, 86_400);
    await acs.clock.advance(30 * HOUR);
    assert.equal((await acs.fleet.devices.view(id)).liveness, 'online');
  });

  it('F4: is read after an approval', async () => {
    acs = await testAcs({ enrol: 'approve', cpeAuth: 'none' });
    const { answer } = memoryCpe({ [enable]: '1', [interval]: '300' });
    assert.deepEqual(await session(answer, '0 BOOTSTRAP', '1 BOOT'), []);
    await acs.fleet.enrolment.approve(id);
    await acs.clock.advance(1000);
    assert.deepEqual(await session(answer, '2 PERIODIC'), [[enable, interval]]);
    assert.equal((await acs.store.device(id))?.informInterval, 300);
  });

  it('F4: is read after an approval by another process, once', async () => {
    acs = await testAcs({ enrol: 'approve', cpeAuth: 'none' });
    const beside = await testAcs({ enrol: 'approve', cpeAuth: 'none', beside: acs });
    const { answer } = memoryCpe({ [enable]: '0', [interval]: '300' });
    assert.deepEqual(await session(answer, '0 BOOTSTRAP', '1 BOOT'), []);
    await beside.fleet.enrolment.approve(id);
    await acs.clock.advance(1000);
    assert.deepEqual(await session(answer, '2 PERIODIC'), [[enable, interval]]);
    assert.deepEqual(await session(answer, '2 PERIODIC'), []);
  });

  it('does not hide a task from the session that is queued while it is read', async () => {
    acs = await testAcs({ enrol: 'auto', cpeAuth: 'none' });
    const { answer } = memoryCpe({ [enable]: '1', [interval]: '300' });
    const added: Promise<unknown>[] = [];
    const { asked } = await new ScriptedCpe(acs.app, { events: ['0 BOOTSTRAP', '1 BOOT'] }).session((method, args) => {
      if (method !== 'GetParameterValues') return {};
      added.push(acs.fleet.tasks.add(id, { method: 'Reboot', args: { CommandKey: 'k' } }));
      return answer(method, args);
    });
    await Promise.all(added);
    assert.deepEqual(
      asked.map(({ method }) => method),
      ['GetParameterValues', 'Reboot'],
    );
  });

  it('F4: is not asked for again where the device refuses the read', async () => {
    acs = await testAcs({ enrol: 'auto', cpeAuth: 'none' });
    const refuse = () => new CwmpFault(9005);
    assert.equal((await session(refuse, '0 BOOTSTRAP', '1 BOOT')).length, 1);
    assert.deepEqual(await session(refuse, '2 PERIODIC'), []);
    assert.deepEqual((await acs.store.faults({ limit: 10, now: 0 })).items, []);
  });
});
