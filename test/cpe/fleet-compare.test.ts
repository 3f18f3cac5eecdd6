// The comparison of a fleet with the beliefs of its ACS: each difference made by hand, and none where there is none.
import assert from 'node:assert/strict';
import {
  type AcsView,
  compareFleet,
  countDifferences,
  type DeviceBelief,
  type TaskBelief,
} from '../../cpe/fleet/compare.ts';
import { type GroupReport, mergeReports, type UnitReport } from '../../cpe/fleet/report.ts';
import { numbersOf } from '../../cpe/fleet/shards.ts';
import { explained } from '../support/worlds/reconciliation.ts';

const unit = (more: Partial<UnitReport> = {}): UnitReport => ({
  oui: '0090F8',
  productClass: '4102S',
  serial: '1',
  informed: true,
  firmware: '2',
  parameterKey: 'k',
  parameters: { 'Device.A': 'a' },
  transfers: [{ commandKey: 'c', fileType: '1 Firmware Upgrade Image', outcome: 'done', told: 0 }],
  flashed: ['2'],
  boots: 2,
  reboots: ['r'],
  sessions: { good: 3, failed: 0 },
  faults: {},
  ...more,
});
const device = (more: Partial<DeviceBelief> = {}): DeviceBelief => ({
  id: '0090F8-4102S-1',
  oui: '0090F8',
  productClass: '4102S',
  serialNumber: '1',
  state: 'enrolled',
  softwareVersion: '2',
  parameterKey: 'k',
  ...more,
});
const task = (more: Partial<TaskBelief> = {}): TaskBelief => ({
  id: 't',
  device: '0090F8-4102S-1',
  method: 'Download',
  args: { CommandKey: 'c' },
  state: 'done',
  ...more,
});
const reboot = (more: Partial<TaskBelief> = {}): TaskBelief =>
  task({ method: 'Reboot', args: { CommandKey: 'r' }, ...more });
const view = (more: Partial<AcsView> = {}): AcsView => ({
  devices: [device()],
  tasks: [task(), reboot()],
  parameters: { '0090F8-4102S-1': { 'Device.A': 'a' } },
  ...more,
});

const kinds = (units: UnitReport[], acs: AcsView, strangers = false): string[] =>
  compareFleet(units, acs, { strangers }).map(({ kind }) => kind);

describe('comparison of a fleet with its ACS', () => {
  it('finds no difference where both agree', () => {
    assert.deepEqual(compareFleet([unit()], view(), { strangers: true }), []);
  });

  const differences: [string, UnitReport, AcsView, string[]][] = [
    ['a unit that the ACS never met', unit(), view({ devices: [] }), ['unknown-device']],
    ['a unit in quarantine', unit(), view({ devices: [device({ state: 'quarantine' })] }), ['not-enrolled']],
    ['another firmware', unit({ firmware: '1' }), view(), ['firmware']],
    ['another ParameterKey', unit({ parameterKey: '' }), view(), ['parameter-key']],
    ['another value', unit({ parameters: { 'Device.A': 'b' } }), view(), ['parameter']],
    ['a download done that the unit never took', unit({ transfers: [] }), view(), ['done-unseen']],
    ['a reboot done that the unit never took', unit({ reboots: [] }), view(), ['done-unseen']],
    [
      'a download done in vain',
      unit({ transfers: [{ commandKey: 'c', fileType: '', outcome: 'pretended', told: 0 }] }),
      view(),
      ['done-in-vain'],
    ],
    [
      'a download failed that was done and told so',
      unit(),
      view({ tasks: [task({ state: 'failed', fault: { code: 9010 } }), reboot()] }),
      ['failed-but-done'],
    ],
    [
      'a download of which the ACS does not know how it ended',
      unit(),
      view({ tasks: [task({ state: 'failed', fault: { code: 'outcome-unknown' } }), reboot()] }),
      ['outcome-unknown'],
    ],
    ['a task still open', unit(), view({ tasks: [task({ state: 'waiting' }), reboot()] }), ['still-open']],
    ['a transfer that no task ordered', unit(), view({ tasks: [reboot()] }), ['unknown-task']],
    ['the same version twice', unit({ flashed: ['2', '2'] }), view(), ['flashed-again']],
    [
      'one order carried out twice',
      unit({ transfers: [...unit().transfers, ...unit().transfers] }),
      view(),
      ['done-twice'],
    ],
  ];
  for (const [what, own, acs, expected] of differences) {
    it(`finds ${what}`, () => assert.deepEqual(kinds([own], acs), expected));
  }

  it('finds no difference for a unit unknown to both, changing versions, or other tasks', () => {
    assert.deepEqual(kinds([unit({ informed: false })], view({ devices: [] })), []);
    assert.deepEqual(kinds([unit({ flashed: ['2', '1', '2'] })], view()), []);
    const set = task({ method: 'SetParameterValues', args: {}, state: 'failed' });
    assert.deepEqual(kinds([unit()], view({ tasks: [...view().tasks, set] })), []);
  });

  it('finds no difference for a download that failed for both', () => {
    const failed = unit({ transfers: [{ commandKey: 'c', fileType: '', outcome: 'failed', told: 9018 }], flashed: [] });
    assert.deepEqual(
      kinds([failed], view({ tasks: [task({ state: 'failed', fault: { code: 9018 } }), reboot()] })),
      [],
    );
  });

  it('counts devices that are no units only where there should be none', () => {
    const acs = view({ devices: [device(), device({ id: 'x', serialNumber: 'x' })] });
    assert.deepEqual(kinds([unit()], acs), []);
    assert.deepEqual(kinds([unit()], acs, true), ['no-such-unit']);
  });

  it('names both sides and the subject of a difference', () => {
    assert.deepEqual(compareFleet([unit({ firmware: '1', parameters: { 'Device.A': 'b' } })], view()), [
      { kind: 'firmware', serial: '1', unit: '1', acs: '2' },
      { kind: 'parameter', serial: '1', unit: 'b', acs: 'a', what: 'Device.A' },
    ]);
    assert.deepEqual(countDifferences(compareFleet([unit({ firmware: '1' })], view())), { firmware: 1 });
  });

  it('lets a false answer explain the history of its own unit only, never its state', () => {
    const found = compareFleet(
      [
        unit({
          transfers: [{ commandKey: 'c', fileType: '', outcome: 'pretended', told: 0 }],
          faults: { 'old-version': 1 },
        }),
        unit({ serial: '2', firmware: '1', faults: { 'old-version': 1 }, transfers: [], reboots: [], flashed: [] }),
      ],
      view({ devices: [device(), device({ id: 'two', serialNumber: '2' })] }),
    );
    const { differences, lies, unknown } = explained(found, [unit({ faults: { 'old-version': 1 } })]);
    assert.deepEqual(
      [differences.map(({ kind }) => kind), lies.map(({ kind }) => kind), unknown],
      [['firmware'], ['done-in-vain'], []],
    );
  });
});

describe('report of a fleet', () => {
  const group = (units: UnitReport[], first: number[]): GroupReport => ({
    units,
    first,
    failures: { cut: 1 },
    powerCuts: 2,
    memory: 10,
  });

  it('joins the parts of several processes', () => {
    const silent = unit({ serial: '0', informed: false, sessions: { good: 0, failed: 2 }, faults: { delay: 3 } });
    const report = mergeReports([group([unit()], [30]), group([silent], [])], {
      count: 2,
      seed: 5,
      seconds: 1,
      withUnits: true,
    });
    const { ok, processes, informed, sessions, failedSessions, powerCuts, failures, memory, faults } = report;
    assert.deepEqual([ok, processes, informed, sessions, failedSessions], [false, 2, 1, 5, 2]);
    assert.deepEqual([report.silent, powerCuts, failures, memory, faults], [['0'], 4, { cut: 2 }, 20, { delay: 3 }]);
    assert.deepEqual(report.firstSession, { median: 30, p95: 30, max: 30 });
    assert.deepEqual(
      report.units?.map(({ serial }) => serial),
      ['0', '1'],
    );
  });

  it('assigns each unit to exactly one process', () => {
    for (const [count, processes] of [
      [10, 3],
      [1, 1],
      [7, 7],
    ] as const) {
      const all = Array.from({ length: processes }, (_, at) => numbersOf(at, processes, count)).flat();
      assert.deepEqual(
        all.sort((a, b) => a - b),
        Array.from({ length: count }, (_, at) => at),
      );
    }
  });
});
