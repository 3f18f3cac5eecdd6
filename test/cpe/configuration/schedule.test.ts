// The times of periodic transfers, by the unit's local time.
import assert from 'node:assert/strict';
import { nextTransfer, readRange } from '../../../cpe/services/configuration/schedule.ts';
import { seededRandom } from '../../../shared/clock.ts';
import { scriptedAcs } from '../../support/cpe/scripted-acs.ts';
import { type TestUnit, testUnit } from '../../support/cpe/unit.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NEW_YORK = 'EST5EDT4,M3.2.0/02:00:00,M11.1.0/02:00:00';
const at = (text: string): number => Date.parse(`${text}Z`);
const shown = (time: number): string => new Date(time).toISOString().slice(0, 16);

describe('times of periodic transfers', () => {
  const random = seededRandom(1);

  it('are read as a moment or a range of the day, and nothing else is', () => {
    assert.deepEqual(readRange('2'), { from: 7200, to: 7200 });
    assert.deepEqual(readRange('02:30'), { from: 9000, to: 9000 });
    assert.deepEqual(readRange('02:30:10 - 04'), { from: 9010, to: 14_400 });
    assert.deepEqual(readRange('23:00 - 01:00'), { from: 82_800, to: 90_000 });
    for (const wrong of ['', '24:00', '1:60', '1:00:60', '1:0', 'a', '1 - ', '1 - 2 - 3', '-1']) {
      assert.equal(readRange(wrong), undefined, wrong);
    }
  });

  it('come a period apart without a range', () => {
    const schedule = { period: 2 * HOUR, range: undefined, zone: NEW_YORK };
    assert.equal(nextTransfer(schedule, 1000, true, random), 1000 + 2 * HOUR);
  });

  it('begin at the next moment of the day in local time, also across a change of summer time', () => {
    const schedule = { period: DAY, range: readRange('03:15'), zone: NEW_YORK };
    const next = (from: string, isFirst = false): string => shown(nextTransfer(schedule, at(from), isFirst, random));
    assert.equal(next('2026-01-10T12:00', true), '2026-01-11T08:15');
    assert.equal(next('2026-01-10T08:14', true), '2026-01-10T08:15');
    assert.equal(next('2026-01-11T08:15'), '2026-01-12T08:15');
    assert.equal(next('2026-03-07T08:15'), '2026-03-08T07:15', 'summer time has begun');
    assert.equal(next('2026-10-31T07:15'), '2026-11-01T08:15', 'and has ended');
  });

  it('lie in the range, at another moment each day, also past midnight', () => {
    const schedule = { period: DAY, range: readRange('23:00 - 01:00'), zone: 'UTC' };
    let now = at('2026-05-01T12:00');
    const moments = new Set<number>();
    for (let day = 0; day < 200; day++) {
      const next = nextTransfer(schedule, now, day === 0, random);
      const time = (next + HOUR) % DAY;
      assert.ok(time >= 0 && time < 2 * HOUR, shown(next));
      assert.ok(next - now < 1.2 * DAY && next > now, `${shown(now)} ${shown(next)}`);
      moments.add(time);
      now = next;
    }
    assert.ok(moments.size > 150);
    assert.ok(Math.abs(now - at('2026-05-01T23:00') - 199 * DAY) < 3 * HOUR, 'one a day');
  });

  it('by hours are put off to the range, and come every period within it', () => {
    const schedule = { period: HOUR, range: readRange('08:00 - 10:30'), zone: 'UTC' };
    const next = (from: string): string => shown(nextTransfer(schedule, at(from), false, seededRandom(2)));
    assert.equal(next('2026-05-01T08:20'), '2026-05-01T09:20');
    assert.ok(next('2026-05-01T10:00') >= '2026-05-02T08:00' && next('2026-05-01T10:00') <= '2026-05-02T10:30');
  });

  describe('of a unit', () => {
    let unit: TestUnit | undefined;
    const closing: (() => Promise<void>)[] = [];
    afterEach(async () => {
      await unit?.close();
      for (const close of closing.splice(0)) await close();
    });

    it('act by Conf.ScriptsTransferTimeRange and TimeOfDay, and a wrong range is refused', async () => {
      const acs = await scriptedAcs();
      const files = await scriptedAcs({ path: '/' });
      closing.push(
        () => acs.close(),
        () => files.close(),
      );
      files.always({ text: 'Cwmp.Username="x"\n' });
      unit = await testUnit({
        url: acs.url,
        parameters: {
          'Hoc.StaticTimeZone': 'EST5',
          'Conf.ScriptsTransferProtocol': 'Http',
          'Conf.ScriptGenericFileName': 'g.cfg',
          'Conf.ScriptsTransferSrvHostname': `127.0.0.1:${files.port}`,
          'Conf.ScriptsTransferPeriodicEnable': 'Enable',
          'Conf.ScriptsTransferPeriodicTimeUnit': 'Days',
          'Conf.ScriptsTransferTimeRange': '03:00',
        },
      });
      const { device, clock, until } = unit;
      await unit.boot();
      // The clock of the test begins at midnight of 1 January, UTC.
      await clock.advance(8 * HOUR - 60_000);
      assert.equal(files.heard.length, 0);
      await clock.advance(120_000);
      await until(() => files.heard.length === 1);
      const set = (name: string, value: string): Promise<0 | 1> =>
        device.config.set([{ name: device.config.pathOf(name) ?? '', value }], 'acs');
      await assert.rejects(set('Conf.ScriptsTransferTimeRange', '25:00'), /Invalid arguments|9003/);
      await set('Conf.ScriptsTransferTimeRange', '');
      await set('Conf.ScriptsTransferTimeOfDay', '5');
      await clock.advance(119 * 60_000);
      await until(() => files.heard.length === 2);
    });
  });
});
