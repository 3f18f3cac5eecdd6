// Enrolment: by rules, by credentials, and the hold of a device whose identity a second unit uses.
import assert from 'node:assert/strict';
import type { DeviceOperations } from '../../../../acs/device/operation-types.ts';
import type { Candidate } from '../../../../acs/fleet/enrolment/candidate.ts';
import { parseFilter } from '../../../../acs/query/parser.ts';
import { type TestApi, testApi } from '../../../support/acs/api.ts';
import { memoryCpe, ScriptedCpe } from '../../../support/cpe/scripted-cpe.ts';
import { identityOf, idOf, informOf, valuesOf } from '../../../support/devices.ts';

interface Value {
  Name: string;
  Value: string;
}

const MINUTE = 60_000;
const id = idOf(identityOf('A'));

describe('enrolment', () => {
  let api: TestApi;
  const open = async (options: Parameters<typeof testApi>[0] = {}): Promise<void> => {
    api = await testApi(options);
  };
  const cpe = (serial: string, more = {}): ScriptedCpe =>
    new ScriptedCpe(api.acs.app, { serial, username: 'enrol', password: 'factory', ...more });
  const put = async (name: string, body: Record<string, unknown>, status = 201) => {
    const answer = await api.call('PUT', `/enrolment/rules/${name}`, { body });
    assert.equal(answer.status, status, answer.text);
  };
  const stateOf = async (serial: string): Promise<string | undefined> =>
    (await api.acs.store.device(idOf(identityOf(serial))))?.state;
  afterEach(async () => await api.close());

  describe('rules', () => {
    beforeEach(async () => await open());

    it('apply by weight, the first that matches, and leave others in quarantine', async () => {
      await put('lab', { filter: 'serial like "LAB%" and productClass = "4102S"', action: 'enrol' });
      await put('stolen', { filter: 'serial = "LAB666"', action: 'refuse', weight: 10 });
      await put('watch', { filter: 'serial = "LAB7"', action: 'quarantine', weight: 5 });
      for (const serial of ['LAB1', 'LAB666', 'LAB7', 'X']) await cpe(serial).session(memoryCpe({}).answer);
      assert.deepEqual(await Promise.all(['LAB1', 'LAB666', 'LAB7', 'X'].map(stateOf)), [
        'enrolled',
        undefined,
        'quarantine',
        'quarantine',
      ]);
      assert.ok(api.acs.logged.some(line => line.includes("refused by the rule 'stolen'")));
      const { items } = (await api.call('GET', '/enrolment/rules')).json as unknown as { items: { name: string }[] };
      assert.deepEqual(
        items.map(({ name }) => name),
        ['stolen', 'watch', 'lab'],
      );
    });

    it('end the quarantine of a device when a new rule matches, with an event', async () => {
      const announced: string[] = [];
      api.acs.events.on('enrolled', ({ device, state }) => announced.push(`${device} ${state}`));
      await cpe('A').session();
      await cpe('A').session();
      assert.deepEqual(announced, [`${id} quarantine`]);
      await put('code', { provisioningCode: 'TLCO.%', action: 'enrol' });
      await cpe('A', { parameters: { 'Device.DeviceInfo.ProvisioningCode': 'OTHER' } }).session();
      assert.equal(await stateOf('A'), 'quarantine');
      const unit = memoryCpe({});
      const coded = { parameters: { 'Device.DeviceInfo.ProvisioningCode': 'TLCO.GRP2' } };
      const { asked } = await cpe('A', coded).session(unit.answer);
      assert.equal(await stateOf('A'), 'enrolled');
      assert.deepEqual(announced.slice(1), [`${id} enrolled`]);
      assert.equal(asked[0]?.method, 'SetParameterValues', 'it is given its own credentials at once');
    });

    it('match values of the Inform and the kind of credential', async () => {
      await put('cert', { credential: 'certificate', issuer: '%CN=Devices%', action: 'enrol' });
      await put('shared', { credential: 'enrolment', filter: 'Device.Test = "7"', action: 'enrol' });
      await cpe('A').session();
      assert.equal(await stateOf('A'), 'quarantine');
      await cpe('B', { parameters: { 'Device.Test': '7' } }).session(memoryCpe({}).answer);
      assert.equal(await stateOf('B'), 'enrolled');
      const matching = (more: Partial<Candidate>) =>
        api.acs.fleet.enrolment.rules.firstMatch({
          identity: identityOf('C'),
          proof: { kind: 'device', id, usedNext: false },
          parameters: [],
          address: '127.0.0.1',
          ...more,
        });
      const certificate = { fingerprint: 'aa', subject: 'CN=Acme gateways', issuer: 'O=Acme, CN=Devices' };
      assert.deepEqual(await matching({ certificate }), { name: 'cert', action: 'enrol' });
      assert.equal(await matching({ certificate: { ...certificate, issuer: 'CN=Others' } }), undefined);
      assert.equal(await matching({ proof: { kind: 'certificate', id } }), undefined, 'without the certificate itself');
    });

    it('do not touch enrolled or announced devices', async () => {
      await put('all', { filter: 'serial like "%"', action: 'refuse' });
      await api.call('POST', '/devices', { body: { id, credentials: { username: 'a', password: 'pw' } } });
      await cpe('A', { username: 'a', password: 'pw' }).session(memoryCpe({}).answer);
      assert.equal(await stateOf('A'), 'enrolled');
      await cpe('B').session();
      assert.equal(await stateOf('B'), undefined);
    });

    it('are changed and deleted by an admin only, and refused when invalid', async () => {
      await put('r', { filter: 'serial = "A"', action: 'enrol' });
      await put('r', { filter: 'serial = "B"', action: 'enrol' }, 200);
      await api.refused(403, 'forbidden', 'DELETE', '/enrolment/rules/r', { token: 'operator-token' });
      assert.equal((await api.call('DELETE', '/enrolment/rules/r')).status, 204);
      await api.refused(404, 'no-such-rule', 'GET', '/enrolment/rules/r');
      for (const [body, code] of [
        [{ filter: 'nonsense', action: 'enrol' }, 'bad-filter'],
        [{ filter: 'lost', action: 'enrol' }, 'passing-rule'],
        [{ action: 'enrol' }, 'rule-for-all'],
        [{ filter: 'oui = "x"', action: 'destroy' }, 'bad-input'],
      ] as const)
        await api.refused(400, code, 'PUT', '/enrolment/rules/w', { body });
    });
  });

  describe('credentials', () => {
    it('are both valid from before SetParameterValues until the own ones are used', async () => {
      await open({ enrol: 'auto' });
      const given = new Map<string, string>();
      const lost = cpe('A').session((method, args) => {
        for (const { Name, Value } of method === 'SetParameterValues' ? (args.ParameterList as Value[]) : [])
          given.set(Name.replace(/.*\./, ''), Value);
        // Power fails before the answer is sent, so the unit may have stored them or not.
        throw new Error('power cut');
      });
      await assert.rejects(lost, /power cut/);
      const login = { username: given.get('Username') ?? '', password: given.get('Password') ?? '' };
      assert.ok(login.password);
      const events = ['2 PERIODIC'];
      const good = async (more: object): Promise<boolean> => {
        const { inform } = await cpe('A', { events, ...more }).session(memoryCpe({}).answer);
        return inform.status === 200 && inform.envelope?.body.kind === 'response';
      };
      assert.equal(await good(login), true, 'its own');
      assert.equal(await good({}), false, 'the shared ones, once its own were seen');
      assert.equal(await good(login), true);
    });

    it('raise a fault once an hour when a device with its own uses the shared ones', async () => {
      await open();
      await api.call('POST', '/devices', { body: { id, credentials: { username: 'a', password: 'pw' } } });
      await cpe('A', { username: 'a', password: 'pw' }).session(memoryCpe({}).answer);
      for (let n = 0; n < 5; n++) {
        await cpe('A', { events: ['2 PERIODIC'] }).session();
        await api.acs.clock.advance(20 * MINUTE);
      }
      const [fault] = (await api.acs.store.device(id))?.faults ?? [];
      assert.deepEqual([fault?.cause, fault?.code, fault?.count], ['enrolment', 'has-own-credentials', 2]);
      assert.match(fault?.message ?? '', /two of it/);
      await api.call('POST', `/devices/${id}/approve`);
      assert.deepEqual((await api.acs.store.device(id))?.faults, []);
      const { inform } = await cpe('A').session(memoryCpe({}).answer);
      assert.equal(inform.envelope?.body.kind, 'response');
    });
  });

  describe('a factory reset', () => {
    const own = { username: 'a', password: 'pw' };
    const bootstrap = { events: ['0 BOOTSTRAP', '1 BOOT'] };
    const isIn = async (more: object): Promise<boolean> => {
      const { inform } = await cpe('A', more).session(memoryCpe({}).answer);
      return inform.envelope?.body.kind === 'response';
    };
    const enrolled = async (options: Parameters<typeof open>[0]): Promise<void> => {
      await open(options);
      await api.call('POST', '/devices', { body: { id, credentials: own } });
      assert.equal(await isIn(own), true);
    };

    it('B2: does not let the enrolment credential take over a device with its own login', async () => {
      await enrolled({ enrol: 'auto' });
      const faults: string[] = [];
      api.acs.events.on('fault', ({ fault }) => faults.push(fault.code as string));
      assert.equal(await isIn(bootstrap), false);
      assert.deepEqual(faults, ['has-own-credentials']);
      assert.equal(await isIn({ ...own, events: ['2 PERIODIC'] }), true, 'the device itself goes on');
      await api.call('POST', `/devices/${id}/approve`);
      assert.equal(await isIn(bootstrap), true);
    });

    it('B2: lets it in where --rebootstrap allows it', async () => {
      await enrolled({ enrol: 'auto', rebootstrap: 'allow' });
      assert.equal(await isIn(bootstrap), true);
    });

    for (const [hours, expected] of [
      [1, true],
      [25, false],
    ] as const)
      it(`B2: ${expected ? 'expects' : 'no longer expects'} a device ${hours} h after its FactoryReset by the ACS`, async () => {
        await enrolled({ enrol: 'auto' });
        await api.call('POST', `/devices/${id}/tasks`, { body: { method: 'FactoryReset' } });
        await cpe('A', { ...own, events: ['2 PERIODIC'] }).session(() => ({}));
        await api.acs.clock.advance(hours * 60 * MINUTE);
        assert.equal(await isIn(bootstrap), expected);
      });
  });

  describe('second unit with the same id', () => {
    let held: string[];
    beforeEach(async () => {
      await open({ enrol: 'auto' });
      held = [];
      api.acs.events.on('held', ({ device, reason }) => held.push(`${device} ${reason}`));
    });
    type Facts = DeviceOperations['informed']['args'];
    /** One periodic Inform of a unit at `address`, whose interval is ten minutes. */
    const inform = (address: string, { up, ...more }: Partial<Facts> & { up?: number } = {}) => {
      const parameters = valuesOf({
        'Device.ManagementServer.PeriodicInformInterval': '600',
        'Device.ManagementServer.ConnectionRequestURL': `http://${address}:7547/`,
        ...(up === undefined ? {} : { 'Device.DeviceInfo.UpTime': String(up) }),
      });
      const facts = informOf('A', api.acs.clock.now(), ['2 PERIODIC'], { parameters, address, ...more });
      return api.acs.store.apply(id, 'informed', facts);
    };
    const minutes = (count: number) => api.acs.clock.advance(count * MINUTE);
    const view = async () =>
      (await api.call('GET', `/devices/${id}`)).json as unknown as {
        state: string;
        hold: { reason: string; detail: string } | null;
      };

    it('is held when two units inform in turn, and released by an approval', async () => {
      for (let n = 0; n < 4; n++) {
        await inform('192.0.2.1');
        await minutes(3);
        await inform('192.0.2.2');
        await minutes(7);
      }
      const { state, hold } = await view();
      assert.deepEqual([state, hold?.reason], ['held', 'cloned']);
      assert.match(hold?.detail ?? '', /192\.0\.2\.\d and 192\.0\.2\.\d: .*approve/);
      assert.equal((await api.acs.fleet.devices.list({ filter: parseFilter('state = "held"') })).items.length, 1);
      const released = await api.call('POST', `/devices/${id}/approve`);
      assert.deepEqual([released.json.state, released.json.hold], ['enrolled', null]);
      for (let n = 0; n < 6; n++) {
        await inform('192.0.2.1');
        await minutes(10);
      }
      assert.equal((await view()).state, 'enrolled');
    });

    it('is recognized by an uptime that began before the other unit started', async () => {
      await inform('192.0.2.1', { up: 1000 });
      await minutes(1);
      await inform('192.0.2.2', { up: 500_000 });
      assert.equal((await view()).state, 'enrolled', 'one sign alone may be a mistake');
      await minutes(1);
      await inform('192.0.2.1', { up: 1120 });
      assert.equal((await view()).state, 'held');
    });

    it('is not assumed when one unit changes its address, restarts or is called', async () => {
      let up = 1000;
      for (let n = 0; n < 12; n++) {
        await inform(n % 2 === 0 ? '192.0.2.1' : '192.0.2.2', { up });
        await minutes(10);
        up = n === 5 ? 10 : up + 600;
        await inform(n % 2 === 0 ? '192.0.2.2' : '192.0.2.1', {
          up,
          events: [{ EventCode: '6 CONNECTION REQUEST', CommandKey: '' }],
        });
      }
      assert.deepEqual([(await view()).state, held], ['enrolled', []]);
    });

    it('is held by another client certificate, which an approval accepts', async () => {
      await inform('192.0.2.1', { certificate: 'aa' });
      await inform('192.0.2.1', { certificate: 'aa' });
      assert.equal((await view()).state, 'enrolled');
      await inform('192.0.2.1', { certificate: 'bb' });
      const { state, hold } = await view();
      assert.deepEqual([state, hold?.reason], ['held', 'certificate-changed']);
      assert.match(hold?.detail ?? '', /bb instead of aa/);
      await inform('192.0.2.1', { certificate: 'aa' });
      assert.equal((await view()).state, 'held', 'now there are two');
      await inform('192.0.2.1', { certificate: 'bb' });
      await api.call('POST', `/devices/${id}/approve`);
      await inform('192.0.2.1', { certificate: 'bb' });
      assert.equal((await view()).state, 'enrolled');
      assert.equal((await api.acs.store.device(id))?.certificate, 'bb');
      await inform('192.0.2.1', {});
      assert.equal((await view()).state, 'enrolled', 'it authenticates by its password and shows no certificate');
    });

    it('is answered but sent no RPC while it is held', async () => {
      const secret = { username: 'a', password: 'pw' };
      const owner = api.acs.fleet.members.self;
      const shown = (certificate: string) => informOf('A', api.acs.clock.now(), [], { certificate, owner });
      await api.call('POST', '/devices', { body: { id, credentials: secret } });
      await cpe('A', secret).session(memoryCpe({}).answer);
      await api.acs.store.apply(id, 'informed', shown('aa'));
      await api.acs.store.apply(id, 'informed', shown('bb'));
      await api.acs.fleet.tasks.add(id, { method: 'Reboot', args: {} });
      await minutes(1);
      const { inform: answer, asked } = await cpe('A', { ...secret, events: ['2 PERIODIC'] }).session();
      assert.deepEqual([answer.envelope?.body.kind, asked], ['response', []]);
      await api.call('POST', `/devices/${id}/approve`);
      const after = await cpe('A', { ...secret, events: ['2 PERIODIC'] }).session(memoryCpe({}).answer);
      assert.ok(after.asked.some(({ method }) => method === 'Reboot'));
    });
  });
});
