// The needs of TR-131, as oneM2M TS-0006 restates them: at once or not at all, retries and time-outs, handles, subscriptions with an end.
// Each holds by REST and by SOAP.
import assert from 'node:assert/strict';
import { type TestApi, testApi } from '../../../support/acs/api.ts';
import { testAcs } from '../../../support/acs/memory-acs.ts';
import { ScriptedCpe } from '../../../support/cpe/scripted-cpe.ts';
import { deviceId as id } from '../../../support/devices.ts';
import { eventually } from '../../../support/eventually.ts';
import { fieldsFrom, operationNamed, type RestParts, soapCall } from '../../../support/soap/api.ts';

type Fields = Record<string, unknown>;
/** The answer, or the problem. */
type Call = (name: string, parts: RestParts) => Promise<Fields & { status?: unknown; code?: unknown }>;

const HOUR = 3_600_000;

const byRest =
  (api: TestApi): Call =>
  async (name, { path = {}, query = {}, body }) => {
    const { method, path: pattern } = operationNamed(name);
    const url = pattern.replace(/:(\w+)/g, (_, part: string) => encodeURIComponent(path[part] ?? ''));
    const asked = new URLSearchParams(
      Object.entries(query).map(([key, value]): [string, string] => [key, String(value)]),
    );
    const answer = await api.call(method, `${url}?${asked}`, body === undefined ? {} : { body });
    return answer.json;
  };

const bySoap =
  (api: TestApi): Call =>
  async (name, parts) => {
    const { result, fault } = await soapCall(api, name, fieldsFrom(operationNamed(name), parts));
    return (result as Fields | undefined) ?? { ...fault };
  };

for (const [protocol, caller] of [
  ['REST', byRest],
  ['SOAP', bySoap],
] as const)
  describe(`needs of an OSS by ${protocol}`, () => {
    let api: TestApi;
    let call: Call;
    beforeEach(async () => {
      api = await testApi({ enrol: 'auto', cpeAuth: 'none' });
      call = caller(api);
      await new ScriptedCpe(api.acs.app).session();
    });
    afterEach(async () => await api.close());

    const session = async (): Promise<void> => {
      await new ScriptedCpe(api.acs.app, { events: ['6 CONNECTION REQUEST'] }).session(() => ({
        MethodList: ['Inform'],
      }));
    };
    const tasks = async (): Promise<Fields[]> => (await api.call('GET', `/tasks?device=${id}`)).json.items;
    const reboot = (more: Fields = {}, query: Fields = {}): ReturnType<Call> =>
      call('addTask', { path: { id }, query, body: { method: 'GetRPCMethods', ...more } });

    it('an immediate task fails at once where the device cannot be reached, and is withdrawn', async () => {
      api.wake(async () => ({ accepted: false, reason: 'no route' }));
      const problem = await reboot({}, { immediate: true });
      assert.deepEqual([problem.status, problem.code], [504, 'not-reached']);
      assert.match(String(problem.detail), /no route/);
      assert.deepEqual(
        (await tasks()).map(({ state }) => state),
        ['cancelled'],
      );
    });

    it('an immediate task fails after its time where the device does not come', async () => {
      const asking = reboot({}, { immediate: true, wait: 5 });
      await eventually('the task', async () => (await tasks()).length === 1);
      await api.acs.clock.advance(5000);
      assert.equal((await asking).code, 'not-reached');
    });

    it('an immediate task is answered with its outcome where the device comes', async () => {
      api.wake(async () => {
        await session();
        return { accepted: true };
      });
      assert.equal((await reboot({}, { immediate: true })).state, 'done');
    });

    it('a task fails after its time where no session has taken it', async () => {
      const { id: task } = await reboot({ expiresIn: 60 });
      await api.acs.clock.advance(61_000);
      await session();
      const { state, fault } = await call('getTask', { path: { id: String(task) } });
      assert.deepEqual([state, (fault as Fields).code], ['failed', 'expired']);
    });

    it('connection requests are repeated as the task says, until the device takes it', async () => {
      const { requestRetries } = api.acs.fleet;
      await reboot({ retry: { attempts: 3, everySeconds: 60 } });
      const sent = (): number => api.acs.woken.length;
      const next = await requestRetries.step();
      assert.deepEqual([sent(), next], [1, api.acs.clock.now() + 60_000]);
      await api.acs.clock.advance(60_000);
      await requestRetries.step();
      assert.equal(sent(), 2);
      await session();
      await api.acs.clock.advance(60_000);
      assert.equal(await requestRetries.step(), undefined);
      assert.equal(sent(), 2);
    });

    it('connection requests end with the attempts', async () => {
      await reboot({ retry: { attempts: 2, everySeconds: 5 } });
      for (let at = 0; at < 4; at++) {
        await api.acs.fleet.requestRetries.step();
        await api.acs.clock.advance(5000);
      }
      assert.equal(api.acs.woken.length, 2);
      assert.equal((await tasks())[0]?.state, 'queued');
    });

    it('connection requests go on after a restart of the ACS', async () => {
      await reboot({ retry: { attempts: 2, everySeconds: 60 } });
      const { store, clock } = api.acs;
      await api.acs.fleet.requestRetries.step();
      await clock.advance(60_000);
      const after = await testAcs({ beside: { clock, store } });
      await after.fleet.requestRetries.step();
      assert.deepEqual([api.acs.woken.length, after.woken.length], [1, 1]);
    });

    it('what is for now has no retries', async () => {
      const problem = await reboot({ retry: { attempts: 2, everySeconds: 5 } }, { immediate: true });
      assert.deepEqual([problem.status, problem.code], [400, 'bad-input']);
    });

    it('a handle comes back in the answer, the task, its events and its webhooks', async () => {
      await call('putWebhook', { path: { name: 'w' }, body: { url: 'https://hook.test/x', events: ['task'] } });
      const events: unknown[] = [];
      api.acs.events.on('task', ({ task }) => events.push(task.handle));
      const { id: task, handle } = await reboot({ handle: 'order 4711' });
      assert.equal(handle, 'order 4711');
      await session();
      assert.equal((await call('getTask', { path: { id: String(task) } })).handle, 'order 4711');
      assert.ok(events.length >= 2 && events.every(each => each === 'order 4711'), String(events));
      await api.acs.fleet.webhooks.loop.sendDue();
      const data = api.acs.posted.map(({ body }) => (JSON.parse(body) as { data: Fields }).data);
      assert.deepEqual(
        data.map(each => each.handle),
        ['order 4711'],
      );
    });

    it('a job and its tasks have the handle of the job', async () => {
      const body = { id: 'j', handle: 'h', devices: { ids: [id] }, do: [{ task: { method: 'GetRPCMethods' } }] };
      assert.equal((await call('createJob', { body })).handle, 'h');
      await eventually('the task of the job', async () => (await tasks())[0]?.handle === 'h');
    });

    it('a subscription by event code, parameter and device ends at its time', async () => {
      const until = new Date(api.acs.clock.now() + HOUR).toISOString();
      const choice = { events: ['inform'], eventCodes: ['6 CONNECTION REQUEST'], filter: 'productClass like "%"' };
      const body = { url: 'https://hook.test/x', ...choice, until };
      assert.equal((await call('putWebhook', { path: { name: 'w' }, body })).until, until);
      const { loop } = api.acs.fleet.webhooks;
      await session();
      await loop.sendDue();
      assert.equal(api.acs.posted.length, 1);
      await api.acs.clock.advance(HOUR + 1);
      await session();
      await loop.sendDue();
      assert.equal(api.acs.posted.length, 1);
      const wrong = await call('putWebhook', { path: { name: 'x' }, body: { ...body, until: 'soon' } });
      assert.equal(wrong.status, 400);
    });
  });
