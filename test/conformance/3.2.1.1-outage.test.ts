// TR-069 3.2.1.1 and 3.7.1.5 in virtual time: the retries and events of a unit whose ACS is down for a day.
import assert from 'node:assert/strict';
import { retryBand } from '../../cpe/agent/timing.ts';
import type { Arguments, CpeMethod } from '../../shared/cwmp/methods.ts';
import { type Body, requestBody } from '../../shared/cwmp/soap.ts';
import { type TestUnit, testUnit, type UnitOptions } from '../support/cpe/unit.ts';
import { type VirtualAcs, virtualAcs, virtualUrl } from '../support/cpe/virtual-acs.ts';

const DAY = 24 * 3_600_000;
const P = 'Device.ManagementServer.';
const ask = <M extends CpeMethod>(method: M, args: Arguments<M>): Body => requestBody(method, args) as Body;

describe('3.2.1.1 ACS outage of a day', () => {
  let acs: VirtualAcs;
  let unit: TestUnit;
  afterEach(async () => await unit.close());

  const start = async (options: UnitOptions = {}, asks: Body[] = []): Promise<void> => {
    acs = virtualAcs();
    acs.asks.push(...asks);
    unit = await testUnit({ url: virtualUrl, http: acs.http, ...options });
    await unit.boot();
    await unit.clock.settle();
    assert.equal(unit.sessions.length, 1);
  };
  const eventsOf = (at = -1): string[] =>
    (acs.informs.at(at)?.Event ?? []).map(({ EventCode, CommandKey }) =>
      CommandKey ? `${EventCode} ${CommandKey}` : EventCode,
    );

  for (const [m, k] of [
    [5, 2000],
    [120, 1000],
    [30, 1500],
  ] as const) {
    it(`keeps each retry within its band, constant from the tenth on, for m = ${m}, k = ${k}`, async () => {
      await start({
        parameters: {
          'Cwmp.PeriodicInformEnable': 'Disable',
          [`${P}CWMPRetryMinimumWaitInterval`]: String(m),
          [`${P}CWMPRetryIntervalMultiplier`]: String(k),
        },
      });
      acs.up = false;
      const from = acs.attempts.length;
      unit.gateway.agent?.inform('2 PERIODIC');
      await unit.clock.advance(DAY);
      const attempts = acs.attempts.slice(from);
      assert.ok(attempts.length >= 20, `${attempts.length} attempts`);
      for (const [n, at] of attempts.entries()) {
        if (n === 0) continue;
        const wait = (at - (attempts[n - 1] ?? 0)) / 1000;
        const { min, max } = retryBand(n, { minimumWait: m, multiplier: k });
        assert.ok(wait >= min - 0.01 && wait <= max + 0.01, `retry ${n} after ${wait} s, not ${min} to ${max} s`);
      }
      acs.up = true;
      await unit.clock.advance(2 * 5_120_000);
      assert.deepEqual(eventsOf(), ['2 PERIODIC']);
      assert.equal(acs.informs.at(-1)?.RetryCount, attempts.length);
      const after = acs.attempts.length;
      await unit.clock.advance(DAY);
      assert.equal(acs.attempts.length, after, 'no event is left');
    });
  }

  it('delivers every kept event once after the outage, a changed value as it was last', async () => {
    await start({ parameters: { 'Cwmp.PeriodicInformEnable': 'Enable', 'Cwmp.PeriodicInformInterval': '3600' } }, [
      ask('SetParameterAttributes', {
        ParameterList: [
          { Name: `${P}Username`, NotificationChange: true, Notification: 1, AccessListChange: false, AccessList: [] },
        ],
      }),
      ask('ScheduleInform', { DelaySeconds: 10_000, CommandKey: 'one' }),
      ask('ScheduleInform', { DelaySeconds: 20_000, CommandKey: 'two' }),
      ask('Download', {
        CommandKey: 'file',
        FileType: '3 Vendor Configuration File',
        URL: `${virtualUrl}script.cfg`,
        Username: '',
        Password: '',
        FileSize: 0,
        TargetFileName: '',
        DelaySeconds: 7200,
        SuccessURL: '',
        FailureURL: '',
      }),
    ]);
    acs.up = false;
    await unit.clock.advance(DAY / 2);
    for (const value of ['first', 'second', 'last'])
      await unit.device.config.set([{ name: `${P}Username`, value }], 'web');
    await unit.clock.advance(DAY / 2);
    const failed = unit.sessions.length - 1;
    assert.ok(failed > 24, `${failed} failed sessions`);
    assert.ok(unit.sessions.slice(1).every(({ ok }) => !ok));
    acs.up = true;
    acs.files.set('/script.cfg', Buffer.from('Cwmp.Username="x"\n'));
    await unit.clock.advance(2 * 5_120_000);

    const first = acs.informs[1];
    assert.deepEqual(
      [...eventsOf(1)].sort(),
      [
        '2 PERIODIC',
        '3 SCHEDULED',
        '4 VALUE CHANGE',
        '7 TRANSFER COMPLETE',
        'M Download file',
        'M ScheduleInform one',
        'M ScheduleInform two',
      ],
      'each once',
    );
    assert.equal(first?.RetryCount, failed);
    assert.deepEqual(
      first?.ParameterList.filter(({ Name }) => Name === `${P}Username`).map(({ Value }) => Value),
      ['last'],
    );
    const complete = acs.told.filter(body => body.kind === 'request' && body.method === 'TransferComplete');
    assert.equal(complete.length, 1);
    const later = acs.informs.slice(2).flatMap(({ Event }) => Event.map(({ EventCode }) => EventCode));
    assert.deepEqual([...new Set(later)], ['2 PERIODIC'], 'delivered events are not repeated');
    assert.equal(acs.informs[2]?.RetryCount, 0);
    assert.deepEqual(unit.device.state.facts.transfers, []);
  });

  it('restarts the waits after a reboot and keeps RetryCount and events', async () => {
    await start({ parameters: { 'Cwmp.PeriodicInformEnable': 'Disable' } }, [
      ask('ScheduleInform', { DelaySeconds: 60, CommandKey: 'kept' }),
    ]);
    acs.up = false;
    await unit.clock.advance(DAY / 4);
    const before = unit.device.state.facts.retries;
    assert.ok(before >= 10);
    await unit.gateway.powerOff();
    await unit.clock.advance(3_600_000);
    const from = acs.attempts.length;
    await unit.boot();
    await unit.clock.advance(60_000);
    const [boot = 0, first = 0, second = 0] = acs.attempts.slice(from);
    assert.ok(first - boot >= 5000 && first - boot <= 10_000);
    assert.ok(second - first >= 10_000 && second - first <= 20_000);
    acs.up = true;
    await unit.clock.advance(5_120_000);
    assert.deepEqual(eventsOf(), ['1 BOOT', '3 SCHEDULED', 'M ScheduleInform kept']);
    assert.ok((acs.informs.at(-1)?.RetryCount ?? 0) >= before + 3);
  });

  it('splits more than 64 events over Informs without loss or repetition (3.7.1.5)', async () => {
    await start({ parameters: { 'Cwmp.PeriodicInformEnable': 'Disable' } });
    await unit.device.state.record(facts => {
      facts.events.push({ EventCode: '3 SCHEDULED', CommandKey: '' });
      for (let at = 0; at < 150; at++) facts.events.push({ EventCode: 'M ScheduleInform', CommandKey: `k${at}` });
    });
    for (let round = 0; round < 4; round++) {
      unit.gateway.agent?.inform();
      await unit.clock.settle();
    }
    const lists = acs.informs.slice(1).map(({ Event }) => Event);
    assert.ok(lists.every(list => list.length <= 64));
    const keys = lists
      .flat()
      .map(({ CommandKey }) => CommandKey)
      .filter(Boolean);
    assert.deepEqual(
      keys,
      Array.from({ length: 150 }, (_, at) => `k${at}`),
    );
  });
});
