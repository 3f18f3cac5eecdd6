// Authentication at the ACS: challenges, credentials of enrolment and of the device itself, and the session that an approval opens.
import assert from 'node:assert/strict';
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import { encodeEnvelope } from '../../../shared/cwmp/soap.ts';
import { type TestAcs, testAcs } from '../../support/acs/memory-acs.ts';
import { ScriptedCpe, valuesIn } from '../../support/cpe/scripted-cpe.ts';
import { deviceId as id } from '../../support/devices.ts';

const factory = { username: 'enrol', password: 'factory' };

describe('authentication of CPEs (TR-069 3.4.4)', () => {
  let acs: TestAcs;
  const open = async (options: Parameters<typeof testAcs>[0] = {}): Promise<TestAcs> => {
    acs = await testAcs(options);
    return acs;
  };
  afterEach(async () => await acs.close());

  it('challenges a CPE without credentials with digest alone and lists it as unknown', async () => {
    await open();
    const answer = await new ScriptedCpe(acs.app, { scheme: 'none' }).post(new ScriptedCpe(acs.app).inform());
    assert.equal(answer.status, 401);
    assert.match(String(answer.headers['www-authenticate']), /^Digest realm=.*qop="auth"/);
    assert.deepEqual(
      acs.fleet.enrolment.unknownCpes.list().map(({ device, count }) => [device, count]),
      [[id, 1]],
    );
    assert.equal(await acs.store.device(id), undefined);
  });

  it('emits an rpc event with the device for each RPC in both directions', async () => {
    await open({ enrol: 'auto' });
    const reported: string[] = [];
    acs.events.on('rpc', ({ device, method, direction }) => reported.push(`${device} ${method} ${direction}`));
    await new ScriptedCpe(acs.app, factory).session(() => ({ Status: 0 }));
    assert.ok(reported.includes(`${id} SetParameterValues to-cpe`), reported.join());
    assert.ok(
      reported.every(line => line.startsWith(id)),
      reported.join(),
    );
  });

  it('accepts the enrolment credential until the device uses its own credentials', async () => {
    await open({ enrol: 'auto' });
    const { asked } = await new ScriptedCpe(acs.app, factory).session(() => ({ Status: 0 }));
    assert.equal(asked[0]?.method, 'SetParameterValues');
    const given = valuesIn(asked[0]?.args);
    assert.deepEqual(Object.keys(given), [
      'Username',
      'Password',
      'ConnectionRequestUsername',
      'ConnectionRequestPassword',
    ]);
    const row = await acs.store.device(id);
    assert.ok(!JSON.stringify(row).includes(given.Password ?? ''), 'stored sealed');

    const again = await new ScriptedCpe(acs.app, { ...factory, events: ['0 BOOTSTRAP'] }).session(() => ({
      Status: 0,
    }));
    assert.equal(again.inform.status, 200, 'the old pair is still good');
    const offered = valuesIn(again.asked[0]?.args);
    const own = { username: String(offered.Username), password: String(offered.Password), events: ['1 BOOT'] };
    const third = await new ScriptedCpe(acs.app, own).session(() => ({ Status: 0 }));
    assert.equal(third.inform.status, 200);
    assert.deepEqual(third.asked, [], 'nothing more to give');
    const back = await new ScriptedCpe(acs.app, { ...factory, events: ['2 PERIODIC'] }).session();
    assert.equal(back.inform.envelope?.body.kind, 'fault', 'the enrolment credential is no longer good for it');
  });

  it('refuses wrong credentials with one log line, and replayed ones', async () => {
    await open();
    const wrong = await new ScriptedCpe(acs.app, { username: 'enrol', password: 'guess' }).session();
    assert.equal(wrong.inform.status, 401);
    assert.equal(acs.logged.filter(line => line.includes('CPE authentication failed')).length, 1);
    const cpe = new ScriptedCpe(acs.app, factory);
    const seen: string[] = [];
    const raw = cpe.raw.bind(cpe);
    cpe.raw = (body, headers = {}) => {
      if (headers.authorization) seen.push(headers.authorization);
      return raw(body, headers);
    };
    await cpe.session();
    cpe.cookie = undefined;
    const replayed = await raw(encodeEnvelope(cpe.inform()), {
      authorization: seen[0] ?? '',
    });
    assert.equal(replayed.status, 401);
  });

  it('gives a device with its own login credentials for connection requests once per boot', async () => {
    await open({ enrol: 'auto', cpeAuth: 'none' });
    const url = { 'Device.ManagementServer.ConnectionRequestURL': 'http://127.0.0.1:7547/cr' };
    const refusing = await new ScriptedCpe(acs.app, { parameters: url }).session(
      () => new CwmpFault(9001, 'Request denied'),
    );
    assert.deepEqual(
      refusing.asked.map(({ method }) => method),
      ['SetParameterValues', 'GetParameterValues'],
    );
    const again = await new ScriptedCpe(acs.app, { parameters: url, events: ['2 PERIODIC'] }).session();
    assert.deepEqual(again.asked, []);
    const { asked } = await new ScriptedCpe(acs.app, { parameters: url, events: ['1 BOOT'] }).session(() => ({
      Status: 0,
    }));
    const given = valuesIn(asked[0]?.args);
    assert.deepEqual(Object.keys(given), ['ConnectionRequestUsername', 'ConnectionRequestPassword']);
    const row = await acs.store.device(id);
    assert.equal(acs.secrets.open(row?.connectionRequest.password ?? ''), given.ConnectionRequestPassword);
  });
});
