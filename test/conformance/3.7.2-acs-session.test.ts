// TR-069 3.7.2 and A.3.3: the side of the ACS in a session, message by message.
import assert from 'node:assert/strict';
import { CwmpFault } from '../../shared/cwmp/faults.ts';
import { isCpeMethod, type MethodName, methodNames, methods } from '../../shared/cwmp/methods.ts';
import {
  type Body,
  type Envelope,
  encodeEnvelope,
  faultBody,
  requestBody,
  responseBody,
} from '../../shared/cwmp/soap.ts';
import { type TestAcs, testAcs } from '../support/acs/memory-acs.ts';
import { memoryCpe, ScriptedCpe } from '../support/cpe/scripted-cpe.ts';
import { deviceId as id } from '../support/devices.ts';
import { sampleOf } from '../support/envelopes.ts';

const UNKNOWN = '0001-01-01T00:00:00Z';

const body = (method: string, args: object): Body => ({ kind: 'request', method, args }) as unknown as Body;
const getMethods = (more: Partial<Envelope> = {}): Envelope => ({
  namespace: '1-2',
  id: '7',
  body: requestBody('GetRPCMethods', {}) as Body,
  ...more,
});
const faultIn = (envelope: Envelope | undefined): number =>
  envelope?.body.kind === 'fault' ? envelope.body.fault.code : 0;

/** Arguments as an operator may give them: with this CommandKey, and without the sample value whose type no schema has. */
function askable(method: MethodName, key: string): Record<string, unknown> {
  const args = sampleOf(methods[method].request, 'full', method);
  if ('CommandKey' in args) args.CommandKey = key;
  if (method === 'SetParameterValues')
    args.ParameterList = (args.ParameterList as { Type: string }[]).filter(({ Type }) => !Type.includes('no-such'));
  return args;
}

describe('3.7.2 The ACS’s side of a session', () => {
  let acs: TestAcs;
  let cpe: ScriptedCpe;
  beforeEach(async () => {
    acs = await testAcs({ enrol: 'auto', cpeAuth: 'none' });
    cpe = new ScriptedCpe(acs.app, { events: ['2 PERIODIC'] });
    await new ScriptedCpe(acs.app).session();
  });
  afterEach(async () => await acs.close());

  const begin = async (): Promise<void> => {
    assert.equal((await cpe.post(cpe.inform())).envelope?.body.kind, 'response');
  };
  const task = (method: string, args: Record<string, unknown> = {}) => acs.fleet.tasks.add(id, { method, args });

  it('answers each request of the CPE with its response alone', async () => {
    await task('GetRPCMethods');
    await begin();
    for (let round = 0; round < 3; round++) {
      const { status, envelope } = await cpe.post(getMethods({ id: String(round) }));
      assert.deepEqual([status, envelope?.body.kind, envelope?.id], [200, 'response', String(round)]);
    }
    const asked = await cpe.post(undefined);
    assert.equal(asked.envelope?.body.kind, 'request', 'its own request waited for the empty POST');
  });

  it('sends one request in each answer from the empty POST on, then 204', async () => {
    await task('GetRPCMethods');
    await task('GetParameterNames', { ParameterPath: '', NextLevel: true });
    await begin();
    const first = await cpe.post(undefined);
    assert.ok(first.envelope?.body.kind === 'request' && first.envelope.body.method === 'GetRPCMethods');
    const second = await cpe.post({
      namespace: '1-2',
      ...(first.envelope.id && { id: first.envelope.id }),
      body: responseBody('GetRPCMethods', { MethodList: ['Inform'] }),
    });
    assert.ok(second.envelope?.body.kind === 'request' && second.envelope.body.method === 'GetParameterNames');
    assert.notEqual(second.envelope.id, first.envelope.id);
    const last = await cpe.post({
      namespace: '1-2',
      ...(second.envelope.id && { id: second.envelope.id }),
      body: responseBody('GetParameterNames', { ParameterList: [] }),
    });
    assert.equal(last.status, 204);
    assert.equal(acs.south.sessions(), 0);
    assert.equal((await cpe.post(undefined)).status, 204, 'a stray empty POST after it does no harm');
  });

  it('answers MaxEnvelopes 1 whatever the CPE offers', async () => {
    for (const MaxEnvelopes of [0, 1, 2, 100]) {
      const { envelope } = await cpe.post(cpe.inform({ MaxEnvelopes }));
      assert.ok(envelope?.body.kind === 'response' && envelope.body.method === 'Inform');
      assert.deepEqual(envelope.body.result, { MaxEnvelopes: 1 });
      await cpe.post(undefined);
    }
  });

  it('waits 30 s for a POST, or as long as SessionTimeout says, up to 5 minutes', async () => {
    for (const [sessionTimeout, seconds] of [
      [undefined, 30],
      [1, 30],
      [90, 90],
      [86_400, 300],
    ] as const) {
      cpe.cookie = undefined;
      await cpe.post({ ...cpe.inform(), ...(sessionTimeout === undefined ? {} : { sessionTimeout }) });
      await acs.clock.advance(seconds * 1000 - 500);
      assert.equal(acs.south.sessions(), 1, `${sessionTimeout}: too early`);
      await acs.clock.advance(1000);
      assert.equal(acs.south.sessions(), 0, `${sessionTimeout}: too late`);
    }
  });

  it('sends a task again after a session that the CPE left half-open', async () => {
    const queued = await task('GetRPCMethods');
    await begin();
    await cpe.post(undefined);
    await acs.clock.advance(31_000);
    const { asked } = await new ScriptedCpe(acs.app, { events: ['2 PERIODIC'] }).session(() => ({
      MethodList: ['Inform'],
    }));
    assert.equal(asked[0]?.method, 'GetRPCMethods');
    assert.equal((await acs.fleet.tasks.get(queued.id)).state, 'done');
  });

  it('ends the task but not the session on a fault of the CPE', async () => {
    const bad = await task('GetParameterValues', { ParameterNames: ['Device.Nothing'] });
    const good = await task('GetRPCMethods');
    const { asked, last } = await cpe.session(method =>
      method === 'GetParameterValues' ? new CwmpFault(9005) : { MethodList: ['Inform'] },
    );
    assert.equal(asked.length, 2);
    assert.equal(last.status, 204);
    assert.deepEqual((await acs.fleet.tasks.get(bad.id)).fault?.code, 9005);
    assert.equal((await acs.fleet.tasks.get(good.id)).state, 'done');
  });

  it('answers every method that a CPE may call', async () => {
    for (const method of methodNames) {
      if (methods[method].to === 'cpe' || method === 'Inform') continue;
      for (const size of ['small', 'full'] as const) {
        cpe.cookie = undefined;
        await begin();
        const { envelope } = await cpe.post({
          namespace: '1-2',
          id: 'x',
          body: body(method, sampleOf(methods[method].request, size, method)),
        });
        assert.ok(envelope?.body.kind === 'response' && envelope.body.method === method, `${method} ${size}`);
        assert.equal(envelope.id, 'x');
        assert.equal((await cpe.post(undefined)).status, 204);
      }
    }
  });

  it('lists every method that it answers in GetRPCMethods', async () => {
    await begin();
    const { envelope } = await cpe.post(getMethods());
    assert.ok(envelope?.body.kind === 'response' && envelope.body.method === 'GetRPCMethods');
    const { MethodList } = envelope.body.result;
    for (const name of ['GetRPCMethods', 'Inform', 'TransferComplete', 'AutonomousTransferComplete'])
      assert.ok(MethodList.includes(name), name);
    assert.ok(MethodList.every(name => !isCpeMethod(name) || methods[name].to === 'both'));
  });

  it('continues the session after unknown methods (8000) and wrong arguments (8003)', async () => {
    await begin();
    const xml = encodeEnvelope(getMethods());
    assert.equal(faultIn((await cpe.raw(xml.replaceAll('GetRPCMethods', 'Reboot'))).envelope), 8000);
    assert.equal(faultIn((await cpe.raw(xml.replaceAll('GetRPCMethods', 'X_ACME_Dance'))).envelope), 8000);
    const wrong = xml.replace('<cwmp:GetRPCMethods/>', '<cwmp:RequestDownload/>');
    assert.equal(faultIn((await cpe.raw(wrong)).envelope), 8003);
    assert.equal((await cpe.post(getMethods())).envelope?.body.kind, 'response');
    assert.equal((await cpe.post(undefined)).status, 204);
  });

  it('echoes the ID of a request in its response or fault, and none without one', async () => {
    await begin();
    for (const odd of ['', '0', 'a&<">é', 'x'.repeat(256), ' spaces ', '😀']) {
      assert.equal((await cpe.post(getMethods({ id: odd }))).envelope?.id, odd);
      const fault = await cpe.raw(
        encodeEnvelope(getMethods({ id: odd })).replaceAll('cwmp:GetRPCMethods', 'cwmp:Strange'),
      );
      assert.equal(fault.envelope?.id, odd);
      assert.equal(faultIn(fault.envelope), 8000);
    }
    const { id: _, ...bare } = getMethods();
    assert.equal((await cpe.post(bare)).envelope?.id, undefined);
  });

  it('uses short request IDs and matches a response without ID by order', async () => {
    const queued = await task('GetRPCMethods');
    await begin();
    const { envelope } = await cpe.post(undefined);
    assert.match(envelope?.id ?? '', /^.{1,32}$/);
    const last = await cpe.post({
      namespace: '1-2',
      body: responseBody('GetRPCMethods', { MethodList: ['Inform'] }),
    });
    assert.equal(last.status, 204);
    assert.equal((await acs.fleet.tasks.get(queued.id)).state, 'done');
  });

  const strays: [string, Body][] = [
    ['the response to another request', responseBody('GetRPCMethods', { MethodList: ['Inform'] }) as Body],
    ['a response of another method', responseBody('Reboot', {}) as Body],
    ['a fault where nothing was asked', faultBody({ code: 9002, message: 'x' })],
  ];
  for (const [what, stray] of strays) {
    it(`ends the session without a fault on ${what}`, async () => {
      await begin();
      const answer = await cpe.post({ namespace: '1-2', id: 'stray', body: stray });
      assert.deepEqual([answer.status, answer.envelope], [400, undefined]);
      assert.equal(acs.south.sessions(), 0);
      assert.equal((await new ScriptedCpe(acs.app).session()).last.status, 204);
    });
  }

  it('begins a new session on a second Inform', async () => {
    await begin();
    const again = await cpe.post(cpe.inform({ RetryCount: 1 }));
    assert.equal(again.envelope?.body.kind, 'response');
    assert.equal(acs.south.sessions(), 1);
    assert.equal((await cpe.post(undefined)).status, 204);
  });

  it('sends the highest common UseCWMPVersion to a CPE that lists its versions (1.4)', async () => {
    for (const [offered, chosen] of [
      [undefined, undefined],
      [['1.0'], '1.0'],
      [['1.0', '1.1', '1.2', '1.3', '1.4'], '1.4'],
      [['1.4', '1.2', '9.9'], '1.4'],
      [['1.2', '1.3'], '1.3'],
    ] as const) {
      cpe.cookie = undefined;
      const inform = { ...cpe.inform(), ...(offered ? { supportedVersions: [...offered] } : {}) };
      const { envelope } = await cpe.post(inform);
      assert.equal(envelope?.body.kind, 'response');
      assert.equal(envelope?.useVersion, chosen, String(offered));
      assert.equal(envelope?.holdRequests, undefined);
      await cpe.post(undefined);
    }
  });

  it('refuses a CPE whose CWMP versions are all unknown (8006)', async () => {
    const { status, envelope } = await cpe.post({ ...cpe.inform(), supportedVersions: ['2.0', '3.1'] });
    assert.deepEqual([status, faultIn(envelope)], [200, 8006]);
  });

  for (const namespace of ['1-0', '1-1', '1-2', '1-3', '1-4'] as const) {
    it(`keeps cwmp-${namespace} from the Inform to the end, also in its own requests`, async () => {
      await task('GetRPCMethods');
      const unit = new ScriptedCpe(acs.app, { namespace, events: ['2 PERIODIC'] });
      assert.equal((await unit.post(unit.inform())).envelope?.namespace, namespace);
      assert.equal((await unit.post(getMethods({ namespace }))).envelope?.namespace, namespace);
      const asked = await unit.post(undefined);
      assert.equal(asked.envelope?.body.kind, 'request');
      assert.equal(asked.envelope?.namespace, namespace);
    });
  }

  it('tells with the end of a session which version the CPE speaks, by its Inform (3.7.4)', async () => {
    const told: unknown[] = [];
    acs.events.on('session', ({ cwmp }) => told.push(cwmp));
    const informs: Partial<Envelope>[] = [
      { namespace: '1-0' },
      {},
      { sessionTimeout: 60 },
      { supportedVersions: ['1.0', '1.4', '1.9'] },
    ];
    for (const more of informs) {
      assert.equal((await cpe.post({ ...cpe.inform(), ...more })).envelope?.body.kind, 'response');
      assert.equal((await cpe.post(undefined)).status, 204);
    }
    assert.deepEqual(told, ['1.0', '1.2', '1.3', '1.4']);
  });

  it('answers an unknown mandatory header with MustUnderstand (SOAP 1.1 4.2.3)', async () => {
    await begin();
    const xml = encodeEnvelope(getMethods());
    const header = (must: string): string =>
      xml.replace('<soap-env:Header>', `<soap-env:Header><o:Odd xmlns:o="urn:o" soap-env:mustUnderstand="${must}"/>`);
    const refused = await cpe.raw(header('1'));
    assert.ok(refused.envelope?.body.kind === 'fault' && refused.envelope.body.fault.soap === 'MustUnderstand');
    assert.equal(refused.envelope.id, '7');
    assert.equal((await cpe.raw(header('0'))).envelope?.body.kind, 'response');
    assert.equal((await cpe.post(undefined)).status, 204);
  });

  for (const method of methodNames.filter(isCpeMethod)) {
    it(`sends ${method} as a task and stores its result or fault (${methods[method].clause})`, async () => {
      for (const outcome of [undefined, new CwmpFault(9002)]) {
        const args = askable(method, outcome ? 'fault' : 'result');
        const queued = await task(method, args);
        const unit = new ScriptedCpe(acs.app, { events: ['2 PERIODIC'] });
        const { asked } = await unit.session(() => outcome ?? sampleOf(methods[method].response, 'full', method));
        const sent = asked.find(entry => entry.method === method);
        assert.ok(sent);
        assert.deepEqual(Object.keys(sent.args).sort(), Object.keys(args).sort());
        const known = await acs.fleet.tasks.get(queued.id);
        if (outcome) assert.deepEqual([known.state, known.fault?.code], ['failed', 9002]);
        else assert.ok(['done', 'waiting'].includes(known.state), known.state);
        // A task that waits for its outcome is settled by the boot that follows.
        await new ScriptedCpe(acs.app, { events: ['0 BOOTSTRAP', '1 BOOT'] }).session();
      }
    });
  }

  it('accepts a TransferComplete with an unknown CommandKey any number of times (A.3.3.2)', async () => {
    const complete = requestBody('TransferComplete', {
      CommandKey: 'nobody’s',
      FaultStruct: { FaultCode: 9010, FaultString: 'x' },
      StartTime: UNKNOWN,
      CompleteTime: UNKNOWN,
    }) as Body;
    for (let round = 0; round < 2; round++) {
      const { own, last } = await new ScriptedCpe(acs.app, {
        events: ['7 TRANSFER COMPLETE', 'M Download|nobody’s'],
      }).session(undefined, [complete, complete]);
      assert.deepEqual(
        own.map(({ envelope }) => envelope?.body.kind),
        ['response', 'response'],
      );
      assert.equal(last.status, 204);
    }
  });

  it('settles a Download with Status 0 without a TransferComplete (A.3.2.8)', async () => {
    await acs.fleet.files.put('fw.bin', Buffer.from('image'), { type: 'firmware', version: '1' });
    const queued = await acs.fleet.tasks.add(id, { method: 'Download', file: 'fw.bin' });
    const times = { StartTime: '2026-01-01T00:00:00Z', CompleteTime: '2026-01-01T00:00:01Z' };
    await cpe.session(() => ({ Status: 0, ...times }));
    assert.equal((await acs.fleet.tasks.get(queued.id)).state, 'done');
  });

  it('logs no password, neither given nor received', async () => {
    const strict = await testAcs({ enrol: 'auto' });
    const unit = new ScriptedCpe(strict.app, { username: 'enrol', password: 'factory' });
    const { asked } = await unit.session(() => ({ Status: 0 }));
    const list = (asked[0]?.args.ParameterList ?? []) as { Name: string; Value: string }[];
    const given = list.filter(({ Name }) => Name.endsWith('Password')).map(({ Value }) => Value);
    assert.equal(given.length, 2);
    const logged = strict.logged.join('\n');
    for (const secret of [...given, 'factory']) assert.ok(!logged.includes(secret), secret);
    await strict.close();
  });

  it('continues the session after RequestDownload with a Download task (A.4.2.2)', async () => {
    const request = requestBody('RequestDownload', { FileType: '1 Firmware Upgrade Image', FileTypeArg: [] }) as Body;
    await acs.fleet.files.put('fw.bin', Buffer.from('image'), { type: 'firmware', version: '1' });
    await acs.fleet.tasks.add(id, { method: 'Download', file: 'fw.bin' });
    const { own, asked } = await new ScriptedCpe(acs.app, { events: ['9 REQUEST DOWNLOAD'] }).session(
      memoryCpe({}).answer,
      [request],
    );
    assert.equal(own[0]?.envelope?.body.kind, 'response');
    assert.equal(asked[0]?.method, 'Download');
    assert.doesNotMatch(String(asked[0]?.args.URL), /\/\/[^/]*@/, 'no login in the URL (A.3.2.8)');
  });

  it('identifies a device by OUI, ProductClass and serial number, whatever its Manufacturer', async () => {
    const DeviceId = { Manufacturer: 'One', OUI: '0090F8', ProductClass: '', SerialNumber: 'S1' };
    for (const Manufacturer of ['One', 'Another', '']) {
      const unit = new ScriptedCpe(acs.app);
      await unit.post(unit.inform({ DeviceId: { ...DeviceId, Manufacturer } }));
      await unit.post(undefined);
    }
    const row = await acs.store.device('0090F8-S1');
    assert.deepEqual([row?.state, row?.productClass, row?.manufacturer], ['enrolled', '', '']);
  });

  it('accepts 64 events, vendor-specific and unknown ones among them', async () => {
    const Event = [
      { EventCode: '2 PERIODIC', CommandKey: '' },
      { EventCode: 'X 0090F8 Something odd', CommandKey: '' },
      { EventCode: 'M X_ACME_Dance', CommandKey: 'k' },
      { EventCode: '99 FUTURE', CommandKey: '' },
      ...Array.from({ length: 60 }, (_, at) => ({ EventCode: 'M ScheduleInform', CommandKey: String(at) })),
    ];
    assert.equal((await cpe.post(cpe.inform({ Event }))).envelope?.body.kind, 'response');
    assert.equal((await acs.store.device(id))?.lastEvents.length, 64);
  });

  it('stores an Inform before it answers', async () => {
    await begin();
    const row = await acs.store.device(id);
    assert.deepEqual(row?.lastEvents, ['2 PERIODIC']);
    assert.equal(row?.lastInform, acs.clock.now());
  });
});
