// The judge of rollout runs is judged: a good history passes, and each broken promise is found by its rule.
import assert from 'node:assert/strict';
import type { Manner } from './cpe-state.ts';
import type { Fact } from './journal.ts';
import { checkRollout, type FinalRollout, type FleetUnit } from './rollout-checker.ts';

const asked = (path: string, body?: unknown): Fact => ({ kind: 'asked', call: 1, method: 'POST', path, body });
const created = asked('/rollouts', { id: 'r' });

let number = 0;
/** A device's way through a rollout: order, image, word of it. */
function way(device: string, manner: Manner): Fact[] {
  const session = ++number;
  const key = `k${session}`;
  const order: Fact = { kind: 'request', session, device, rpc: session, method: 'Download', key };
  if (manner === 'refuse') return [order, { kind: 'reply', device, rpc: session, code: 9010 }];
  const version = manner === 'good' ? '2' : '1';
  return [
    order,
    { kind: 'reply', device, rpc: session },
    { kind: 'flashed', device, key, image: '2', version },
    { kind: 'inform', session: ++number, device, marker: '', events: ['1 BOOT'], version },
    { kind: 'transfer', session: number, device, key, code: 0 },
  ];
}

const manners: Manner[] = ['good', 'good', 'refuse', 'old'];
const units: FleetUnit[] = manners.map((manner, at) => ({
  id: `D${at}`,
  manner,
  version: manner === 'good' ? '2' : '1',
}));
const facts = (): Fact[] => [created, ...units.flatMap(({ id, manner }) => way(id, manner))];
const final = (more: Partial<FinalRollout> = {}): FinalRollout => ({
  id: 'r',
  state: 'done',
  version: '2',
  parallelism: 1,
  sizes: [1, 3],
  totals: { done: 2, failed: 2 },
  devices: units.map(({ id, manner, version }, at) => ({
    device: id,
    wave: at === 0 ? 1 : 2,
    state: manner === 'good' ? 'done' : 'failed',
    version,
  })),
  ...more,
});
const rules = (history: Fact[], rollout = final()): string[] => [
  ...new Set(checkRollout(history, rollout, units).map(({ rule }) => rule)),
];

describe('the checker of rollouts', () => {
  it('finds nothing in a good history', () => {
    assert.deepEqual(rules(facts()), []);
    assert.deepEqual(rules([...facts(), asked('/rollouts', { id: 's' }), ...way('D0', 'good')]), []);
  });

  it('finds a second flash and a second order', () => {
    assert.deepEqual(rules([...facts(), ...way('D1', 'good')]), ['flashed-twice', 'ordered-again']);
    assert.deepEqual(rules([...facts(), ...way('D2', 'refuse')]), ['ordered-again']);
    // After a retry another one is right for a device that has failed, but not for one that runs the image.
    const retried = [...facts(), asked('/rollouts/r/retry')];
    assert.deepEqual(rules([...retried, ...way('D3', 'old')]), []);
    assert.deepEqual(rules([...retried, ...way('D0', 'good')]), ['flashed-twice']);
  });

  it('finds a forgotten device and one with a wrong state', () => {
    const without = facts().filter(fact => !('device' in fact) || fact.device !== 'D1');
    assert.deepEqual(rules(without), ['forgotten']);
    assert.deepEqual(rules(facts(), final({ totals: { done: 1, failed: 2 } })), ['forgotten']);
    const [first, ...others] = final().devices;
    assert.ok(first);
    assert.deepEqual(rules(facts(), final({ devices: [{ ...first, state: 'failed' }, ...others] })), ['wrong-state']);
    assert.deepEqual(rules(facts(), final({ devices: [{ ...first, version: '1' }, ...others] })), ['wrong-version']);
    assert.deepEqual(rules(facts(), final({ state: 'running' })), ['not-ended']);
  });

  it('finds a wave that is too early, too many devices at once and an order in a pause', () => {
    const [a, b, c, d] = units.map(({ id, manner }) => way(id, manner));
    assert.ok(a && b && c && d);
    assert.deepEqual(rules([created, ...b, ...a, ...c, ...d]), ['wave']);
    assert.deepEqual(rules([created, ...a, b[0] as Fact, d[0] as Fact, ...b.slice(1), ...d.slice(1), ...c]), [
      'parallelism',
    ]);
    const paused: Fact[] = [
      { kind: 'asked', call: 7, method: 'POST', path: '/rollouts/r/pause' },
      { kind: 'answered', call: 7, status: 200 },
    ];
    const late = (order: Fact[]): Fact[] => {
      const [first] = order;
      assert.ok(first?.kind === 'request');
      return [{ kind: 'inform', session: first.session, device: first.device, marker: '', events: [] }, ...order];
    };
    assert.deepEqual(rules([created, ...a, ...b, ...c, ...paused, ...late(d)]), ['paused']);
    assert.deepEqual(rules([created, ...a, ...b, ...c, ...paused, asked('/rollouts/r/resume'), ...late(d)]), []);
  });
});
