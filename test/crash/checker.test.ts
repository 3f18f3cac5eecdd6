// The checker of crash runs is itself checked: a good journal has no finding, and each broken promise is one.
import assert from 'node:assert/strict';
import { check, type FinalState, type FinalTask } from './checker.ts';
import { createJournal, type Fact } from './journal.ts';

const ID = '00C0DE-Box-A';
const PLACE = `/devices/${ID}`;

interface Scene {
  facts: Fact[];
  state: FinalState;
}

const taskOf = (
  id: string,
  method: string,
  args: Record<string, unknown>,
  more: Partial<FinalTask> = {},
): FinalTask => ({
  id,
  device: ID,
  method,
  args,
  origin: 'operator',
  state: 'queued',
  ...more,
});

/** Journals in few words: each line below is one thing that happened. */
function scene(): Scene & {
  ask(method: string, path: string, body?: unknown, value?: string): number;
  answer(call: number, status: number, body?: unknown): void;
  /** Asked and answered. */
  called(method: string, path: string, status: number, body?: unknown, answer?: unknown): void;
  session(events: string[], marker: string): number;
  /** An RPC that arrives; `taken`: its answer was sent and acknowledged, `answered`: sent only. */
  rpc(session: number, task: FinalTask, key: string, how: 'taken' | 'answered' | 'arrived', reply?: object): void;
  transfer(session: number, key: string, code: number, taken: boolean): void;
  add(task: FinalTask, final: Partial<FinalTask>): FinalTask;
} {
  const journal = createJournal();
  const facts = journal.facts as Fact[];
  const state: FinalState = {
    tasks: [],
    devices: [{ id: ID, parameterKey: 'k', parameters: {}, overrides: {} }],
    wanted: {},
    cpes: [{ id: ID, parameterKey: 'k', values: {} }],
  };
  const ask = (method: string, path: string, body?: unknown, value?: string): number => {
    const call = journal.next();
    journal.add({ kind: 'asked', call, method, path, ...(body ? { body } : {}), ...(value ? { value } : {}) });
    return call;
  };
  const answer = (call: number, status: number, body?: unknown): void =>
    journal.add({ kind: 'answered', call, status, ...(body === undefined ? {} : { body }) });
  return {
    facts,
    state,
    ask,
    answer,
    called: (method, path, status, body, told) => answer(ask(method, path, body), status, told),
    session: (events, marker) => {
      const session = journal.next();
      journal.add({ kind: 'inform', session, device: ID, marker, events });
      journal.add({ kind: 'informed', session, device: ID });
      return session;
    },
    rpc: (session, { method }, key, how, reply = { result: {} }) => {
      const rpc = journal.next();
      journal.add({ kind: 'request', session, device: ID, rpc, method, key });
      if (how !== 'arrived') journal.add({ kind: 'reply', device: ID, rpc, ...reply });
      if (how === 'taken') journal.add({ kind: 'replied', device: ID, rpc });
    },
    transfer: (session, key, code, taken) => {
      journal.add({ kind: 'transfer', session, device: ID, key, code });
      if (taken) journal.add({ kind: 'transferred', session, device: ID, key, code });
    },
    add: (task, final) => {
      answer(ask('POST', `${PLACE}/tasks`, { method: task.method }), 201, task);
      state.tasks.push({ ...task, started: 'then', ...final });
      return task;
    },
  };
}

const rulesOf = ({ facts, state }: Scene): string[] => check(facts, state).map(({ rule }) => rule);
const device = (marker: string, events: string[], more: object = {}): object => ({
  provisioningCode: marker,
  lastEvents: events,
  tags: [],
  site: {},
  overrides: {},
  ...more,
});

describe('the checker of crash runs', () => {
  const reboot = taskOf('r', 'Reboot', { CommandKey: 'r' });
  const download = taskOf('d', 'Download', { CommandKey: 'd' });
  const add = taskOf('a', 'AddObject', { ObjectName: 'Device.A.' });
  const read = taskOf('g', 'GetParameterValues', { ParameterNames: ['Device.R'] });
  const set = taskOf('s', 'SetParameterValues', { ParameterList: [{ Name: 'Device.S', Value: '1' }] });

  describe('in a good run', () => {
    it('finds nothing where all was acknowledged and all is there', () => {
      const run = scene();
      const session = run.session(['1 BOOT'], 'S1');
      for (const [task, final] of [
        [reboot, { state: 'done' }],
        [download, { state: 'done' }],
        [add, { state: 'done', result: { InstanceNumber: 1 } }],
        [read, { state: 'failed', fault: { code: 9005, message: '' } }],
        [set, { state: 'done' }],
      ] as const)
        run.add(task, final);
      run.rpc(session, add, 'Device.A.', 'taken', { result: { InstanceNumber: 1 } });
      run.rpc(session, read, 'Device.R', 'taken', { code: 9005 });
      run.rpc(session, set, 'Device.S', 'taken');
      run.rpc(session, download, 'd', 'taken', { result: { Status: 1 } });
      run.rpc(session, reboot, 'r', 'answered');
      const after = run.session(['1 BOOT', 'M Reboot|r', '7 TRANSFER COMPLETE', 'M Download|d'], 'S2');
      run.transfer(after, 'd', 0, true);
      run.state.devices[0]!.parameters['Device.S'] = '1';
      run.called('PUT', '/presets/p', 201, { set: { a: 1 } });
      run.called('GET', '/presets/p', 200, undefined, { name: 'p', set: { a: 1 } });
      const events = ['1 BOOT', 'M Reboot', '7 TRANSFER COMPLETE', 'M Download'];
      run.called('GET', PLACE, 200, undefined, device('S2', events));
      assert.deepEqual(check(run.facts, run.state), []);
    });

    it('finds nothing where an unacknowledged call may or may not have been carried out', () => {
      for (const there of [1, 2]) {
        const run = scene();
        run.called('PUT', '/presets/p', 201, { set: { a: 1 } });
        const call = run.ask('PUT', '/presets/p', { set: { a: 2 } });
        run.facts.push({ kind: 'unanswered', call, reason: 'cut' });
        run.called('GET', '/presets/p', 200, undefined, { name: 'p', set: { a: there } });
        assert.deepEqual(check(run.facts, run.state), []);
      }
      const run = scene();
      run.add(reboot, { state: 'failed', fault: { code: 'outcome-unknown', message: '' } });
      run.add(read, { state: 'done', result: { v: 2 } });
      const session = run.session(['1 BOOT'], 'S1');
      run.rpc(session, read, 'Device.R', 'answered', { result: { v: 1 } });
      run.rpc(session, read, 'Device.R', 'taken', { result: { v: 2 } });
      run.rpc(session, reboot, 'r', 'arrived');
      assert.deepEqual(check(run.facts, run.state), []);
    });
  });

  describe('in a bad run', () => {
    it('finds an acknowledged write that is gone or came back', () => {
      const lost = scene();
      lost.called('PUT', '/presets/p', 201, { set: { a: 1 } });
      lost.called('GET', '/presets/p', 404);
      const back = scene();
      back.called('PUT', '/presets/p', 201, { set: { a: 1 } });
      back.called('DELETE', '/presets/p', 204);
      back.called('GET', '/presets/p', 200, undefined, { name: 'p', set: { a: 1 } });
      const wavering = scene();
      wavering.called('PUT', '/presets/p', 201, { set: { a: 1 } });
      wavering.facts.push({
        kind: 'unanswered',
        call: wavering.ask('PUT', '/presets/p', { set: { a: 2 } }),
        reason: 'cut',
      });
      for (const a of [1, 2]) wavering.called('GET', '/presets/p', 200, undefined, { name: 'p', set: { a } });
      for (const run of [lost, back, wavering]) assert.deepEqual(rulesOf(run), ['register']);
    });

    it('finds a file with other bytes and a lost upload', () => {
      const run = scene();
      run.answer(run.ask('PUT', '/files/f?type=script', undefined, 'sha1'), 201);
      run.called('GET', '/files/f', 200, undefined, { value: 'sha2', said: 'sha2' });
      run.called('GET', '/files/f', 200, undefined, { value: 'sha1', said: 'sha2' });
      run.facts.push({ kind: 'uploading', device: ID, file: 'u', value: 'sha3' });
      run.facts.push({ kind: 'uploaded', device: ID, file: 'u' });
      run.called('GET', '/files/u', 404);
      assert.deepEqual(rulesOf(run), ['register', 'register', 'register']);
    });

    it('finds an acknowledged Inform that is not known', () => {
      const run = scene();
      run.session(['1 BOOT'], 'S1');
      run.session(['2 PERIODIC'], 'S2');
      run.called('GET', PLACE, 200, undefined, device('S1', ['1 BOOT']));
      assert.deepEqual(rulesOf(run), ['register']);
    });

    it('finds lost tags and overrides', () => {
      const run = scene();
      run.session(['1 BOOT'], 'S1');
      run.called('PATCH', PLACE, 200, { tags: ['t'], overrides: { 'Device.O': 'v' } });
      run.called('GET', PLACE, 200, undefined, device('S1', ['1 BOOT']));
      assert.deepEqual(rulesOf(run), ['register', 'register']);
    });

    it('finds a task that is gone, is another or moves backwards', () => {
      const gone = scene();
      gone.called('POST', `${PLACE}/tasks`, 201, {}, reboot);
      assert.deepEqual(rulesOf(gone), ['task-lost']);
      const other = scene();
      other.add(set, { state: 'cancelled', args: { ParameterList: [] } });
      other.called('DELETE', '/tasks/s', 409);
      assert.deepEqual(rulesOf(other), ['task-changed']);
      const back = scene();
      back.add(reboot, { state: 'failed', fault: { code: 'outcome-unknown', message: '' } });
      for (const state of ['sent', 'queued']) back.called('GET', '/tasks/r', 200, undefined, { ...reboot, state });
      assert.deepEqual(rulesOf(back), ['went-back']);
    });

    it('finds an RPC that was sent twice or belongs to no task', () => {
      const twice = scene();
      twice.add(reboot, { state: 'done' });
      for (const marker of ['S1', 'S2']) twice.rpc(twice.session(['1 BOOT'], marker), reboot, 'r', 'arrived');
      assert.deepEqual(rulesOf(twice), ['sent-twice']);
      const unknown = scene();
      unknown.rpc(unknown.session(['1 BOOT'], 'S1'), reboot, 'r', 'arrived');
      assert.deepEqual(rulesOf(unknown), ['unknown-rpc']);
      const reset = scene();
      reset.add(taskOf('f', 'FactoryReset', {}), { state: 'done' });
      for (const marker of ['S1', 'S2'])
        reset.rpc(reset.session(['1 BOOT'], marker), taskOf('f', 'FactoryReset', {}), '', 'arrived');
      assert.deepEqual(rulesOf(reset), ['sent-twice']);
    });

    it('finds a read that is repeated after its answer was taken', () => {
      const run = scene();
      run.add(read, { state: 'done', result: {} });
      const session = run.session(['1 BOOT'], 'S1');
      for (let n = 0; n < 2; n++) run.rpc(session, read, 'Device.R', 'taken');
      assert.deepEqual(rulesOf(run), ['sent-after-end']);
    });

    it('finds a task that is left open or cancelled by no operator', () => {
      for (const state of ['queued', 'sent', 'waiting']) {
        const run = scene();
        run.add(download, { state });
        assert.deepEqual(rulesOf(run), ['left-open']);
      }
      const run = scene();
      run.add(download, { state: 'cancelled' });
      assert.deepEqual(rulesOf(run), ['cancelled-by-nobody']);
    });

    it('finds a lost cancel and an RPC that was sent after it', () => {
      const lost = scene();
      lost.add(read, { state: 'done', result: {} });
      lost.called('DELETE', '/tasks/g', 200, undefined, { ...read, state: 'cancelled' });
      assert.deepEqual(rulesOf(lost), ['cancel-lost']);
      const late = scene();
      late.add(read, { state: 'cancelled' });
      late.called('DELETE', '/tasks/g', 200, undefined, { ...read, state: 'cancelled' });
      late.rpc(late.session(['1 BOOT'], 'S1'), read, 'Device.R', 'arrived');
      assert.deepEqual(rulesOf(late), ['sent-after-end']);
      const amid = scene();
      amid.add(read, { state: 'cancelled' });
      const session = amid.session(['1 BOOT'], 'S1');
      amid.called('DELETE', '/tasks/g', 200, undefined, { ...read, state: 'cancelled' });
      amid.rpc(session, taskOf('x', 'GetRPCMethods', {}), '', 'taken');
      amid.rpc(session, read, 'Device.R', 'arrived');
      assert.deepEqual(rulesOf(amid), ['sent-after-end']);
    });

    it('finds an outcome that differs from the acknowledged one or has no evidence', () => {
      const wrong = (
        task: FinalTask,
        final: Partial<FinalTask>,
        tell: (run: ReturnType<typeof scene>) => void,
      ): void => {
        const run = scene();
        run.add(task, final);
        tell(run);
        assert.deepEqual(rulesOf(run), ['wrong-outcome'], JSON.stringify(final));
      };
      const unknown = { state: 'failed', fault: { code: 'outcome-unknown', message: '' } };
      wrong(add, unknown, run => run.rpc(run.session([], 'S1'), add, 'Device.A.', 'taken'));
      wrong(add, { state: 'done' }, run => run.rpc(run.session([], 'S1'), add, 'Device.A.', 'taken', { code: 9003 }));
      wrong(reboot, unknown, run => {
        run.rpc(run.session([], 'S1'), reboot, 'r', 'arrived');
        run.session(['1 BOOT', 'M Reboot|r'], 'S2');
      });
      wrong(download, unknown, run => {
        const session = run.session([], 'S1');
        run.rpc(session, download, 'd', 'arrived');
        run.transfer(session, 'd', 0, true);
      });
      wrong(download, { state: 'done' }, run => {
        const session = run.session([], 'S1');
        run.rpc(session, download, 'd', 'taken', { result: { Status: 1 } });
        run.transfer(session, 'd', 9010, true);
      });
      wrong(read, { state: 'done', result: { v: 3 } }, run =>
        run.rpc(run.session([], 'S1'), read, 'Device.R', 'taken', { result: { v: 1 } }),
      );
      wrong(read, { state: 'done' }, run => run.session([], 'S1'));
    });

    it('finds sides that differ and values that are not known', () => {
      const run = scene();
      run.add(set, { state: 'done' });
      run.rpc(run.session(['1 BOOT'], 'S1'), set, 'Device.S', 'taken');
      run.state.wanted['Device.W'] = '1';
      run.state.cpes[0]!.parameterKey = 'other';
      assert.deepEqual(rulesOf(run), ['not-converged', 'not-converged', 'value-lost']);
      run.state.devices.length = 0;
      assert.deepEqual(rulesOf(run), ['device-lost']);
    });
  });
});
