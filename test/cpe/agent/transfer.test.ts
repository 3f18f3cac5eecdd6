import assert from 'node:assert/strict';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom, systemClock } from '../../../shared/clock.ts';
import type { Arguments } from '../../../shared/cwmp/methods.ts';
import { packFirmware } from '../../../shared/firmware.ts';
import { Verifier } from '../../../shared/net/verifier.ts';
import { createCa } from '../../../shared/pki/authority.ts';
import {
  type Answer,
  argumentsOf,
  ask,
  fault,
  friendly,
  type Heard,
  informResponse,
  resultOf,
  type ScriptedAcs,
  type Step,
  scriptedAcs,
} from '../../support/cpe/scripted-acs.ts';
import { type TestUnit, testUnit, type UnitOptions } from '../../support/cpe/unit.ts';
import { eventually } from '../../support/eventually.ts';

const firmware = (version = '49.0.2809', product = '4102S'): Buffer =>
  packFirmware({ product, version, payload: Buffer.from(`code of ${version}`) });
const file = (text: Buffer | string): Answer => ({ text, headers: { 'Content-Type': 'application/octet-stream' } });
const IMAGE = '1 Firmware Upgrade Image';
const SCRIPT = '3 Vendor Configuration File';

const download = (more: Partial<Arguments<'Download'>> = {}): Answer =>
  ask('Download', {
    CommandKey: 'key',
    FileType: SCRIPT,
    URL: '',
    Username: '',
    Password: '',
    FileSize: 0,
    TargetFileName: '',
    DelaySeconds: 0,
    SuccessURL: '',
    FailureURL: '',
    ...more,
  });

describe('file transfers (TR-069 A.3.2.8, 3.4.3)', () => {
  let acs: ScriptedAcs;
  let files: ScriptedAcs;
  let unit: TestUnit;
  beforeEach(async () => {
    acs = await scriptedAcs();
    files = await scriptedAcs({ path: '/file' });
  });
  afterEach(async () => {
    await unit?.close();
    await acs.close();
    await files.close();
  });

  const start = async (steps: Step[], options: UnitOptions = {}): Promise<void> => {
    acs.play(informResponse(), ...steps);
    unit = await testUnit({ url: acs.url, ...options });
    await unit.boot();
    await unit.ended(1);
  };
  const events = (session: number): string[] =>
    (unit.sessions[session - 1]?.events ?? []).map(({ EventCode, CommandKey }) =>
      CommandKey ? `${EventCode} ${CommandKey}` : EventCode,
    );
  /** All TransferCompletes that were heard. */
  const completes = (): Arguments<'TransferComplete'>[] =>
    acs.heard
      .filter((_, at) => acs.names()[at] === 'TransferComplete')
      .map(heard => argumentsOf(heard, 'TransferComplete'));
  const informs = (): number => acs.names().filter(name => name === 'Inform').length;
  const done = async (count = 1, informsBefore = 0): Promise<Arguments<'TransferComplete'> | undefined> => {
    await unit.until(() => completes().length >= count && unit.device.state.facts.transfers.length === 0);
    await unit.ended(informs() - informsBefore);
    return completes().at(-1);
  };

  /** Passes the pauses after which a server that went away is tried again, and `silence` where it does not answer at all. */
  const outlast = async (silence = 0): Promise<void> => {
    const open = () => unit.device.state.facts.transfers.filter(({ state }) => state !== 'ended');
    for (let heard = 1; open().length > 0; heard++) {
      if (silence) {
        await files.until(heard);
        await unit.clock.advance(silence);
      }
      await unit.until(() =>
        open().every(({ state, notBefore }) => state === 'queued' && notBefore > unit.clock.now()),
      );
      const next = Math.min(...open().map(({ notBefore }) => notBefore));
      if (Number.isFinite(next)) await unit.clock.advance(next - unit.clock.now());
    }
  };

  it('retries when the server went away, and reports the outcome once', async () => {
    files.play({ cut: true }, { cut: true }, file('Cwmp.PeriodicInformInterval=1234\n'));
    await start([download({ URL: files.url })]);
    for (const pause of [1_000, 4_000]) {
      await unit.until(() => unit.device.state.facts.transfers.some(({ state }) => state === 'queued'));
      await unit.clock.advance(pause);
      await unit.until(() => !unit.device.state.facts.transfers.some(({ state }) => state === 'running'));
    }
    assert.equal((await done())?.FaultStruct.FaultCode, 0);
    assert.equal(completes().length, 1);
    assert.equal(unit.device.config.variable('Cwmp.PeriodicInformInterval'), '1234');
  });

  it('answers Status 1 with Unknown Times, transfers after the session, and reports once', async () => {
    files.play(file('Cwmp.PeriodicInformInterval=1234\n'));
    let early = 0;
    await start([
      download({ URL: files.url }),
      () => {
        early = files.heard.length;
        return {};
      },
    ]);
    const unknown = '0001-01-01T00:00:00Z';
    assert.deepEqual(resultOf(acs.heard[2], 'Download'), { Status: 1, StartTime: unknown, CompleteTime: unknown });
    const complete = await done();
    assert.equal(early, 0);
    assert.deepEqual(events(2), ['7 TRANSFER COMPLETE', 'M Download key']);
    assert.equal(complete?.CommandKey, 'key');
    assert.deepEqual(complete?.FaultStruct, { FaultCode: 0, FaultString: '' });
    assert.match(complete?.StartTime ?? '', /^2026-01-01T.*Z$/);
    assert.match(complete?.CompleteTime ?? '', /^2026-01-01T.*Z$/);
    assert.equal(unit.device.config.variable('Cwmp.PeriodicInformInterval'), '1234');
    assert.deepEqual(acs.names().slice(3), ['Inform', 'TransferComplete', '(empty)']);
    assert.equal(files.heard[0]?.method, 'GET');
    await unit.clock.advance(3_600_000);
    assert.equal(completes().length, 1);
    assert.equal(files.heard.length, 1);
  });

  it('reboots into new firmware, informs with [1 BOOT, 7, M Download, 4], sends TransferComplete', async () => {
    files.play(file(firmware()));
    await start([download({ URL: files.url, FileType: IMAGE, FileSize: firmware().length })]);
    const complete = await done();
    assert.deepEqual(events(2), ['1 BOOT', '7 TRANSFER COMPLETE', 'M Download key', '4 VALUE CHANGE']);
    const inform = argumentsOf(acs.heard[3], 'Inform');
    assert.equal(
      inform.ParameterList.find(({ Name }) => Name === 'Device.DeviceInfo.SoftwareVersion')?.Value,
      '49.0.2809',
    );
    assert.equal(complete?.FaultStruct.FaultCode, 0);
    assert.equal(unit.device.softwareVersion, '49.0.2809');
    assert.equal(unit.sessions.length, 2);
  });

  it('waits DelaySeconds', async () => {
    files.play(file('Cwmp.PeriodicInformInterval=1234\n'));
    await start([download({ URL: files.url, DelaySeconds: 100 })]);
    await unit.clock.advance(99_000);
    assert.equal(files.heard.length, 0);
    await unit.clock.advance(1500);
    await done();
  });

  describe('immediate refusal', () => {
    const refusals: [string, Partial<Arguments<'Download'>>, number][] = [
      ['an unknown file type', { FileType: '9 Nonsense', URL: 'http://a/' }, 9003],
      ['a type this unit has no use for', { FileType: '4 Tone File', URL: 'http://a/' }, 9003],
      ['a URL that is none', { URL: 'file' }, 9003],
      ['another scheme', { URL: 'tftp://a/b' }, 9013],
      ['another scheme, too', { URL: 'FTP://a/b' }, 9013],
      ['a login in the URL', { URL: 'http://u:p@a/b' }, 9003],
      ['a URL without a host', { URL: 'http://' }, 9003],
    ];
    for (const [what, args, code] of refusals) {
      it(`refuses ${what} with ${code}, and reports nothing later`, async () => {
        await start([download(args)]);
        assert.equal(acs.names()[2], `Fault ${code}`);
        assert.deepEqual(unit.device.state.facts.transfers, []);
      });
    }

    it('refuses the seventeenth transfer with 9004', async () => {
      const steps = Array.from({ length: 17 }, () => download({ URL: files.url, DelaySeconds: 1000 }));
      await start(steps);
      assert.deepEqual(acs.names().slice(-2), ['DownloadResponse', 'Fault 9004']);
      assert.equal(unit.device.state.facts.transfers.length, 16);
    });
  });

  describe('faults of TransferComplete', () => {
    const verifier = new Verifier({
      realm: 'files',
      clock: systemClock(),
      random: seededRandom(4),
      key: Buffer.alloc(32, 2),
    });
    const cases: [string, Step, Partial<Arguments<'Download'>>, number][] = [
      ['404', { status: 404 }, {}, 9016],
      ['403', { status: 403 }, {}, 9016],
      ['500', { status: 500, text: 'x' }, {}, 9010],
      ['204', { status: 204 }, {}, 9010],
      ['401 without a challenge', { status: 401 }, {}, 9012],
      ['a cut before the answer', { cut: true }, {}, 9017],
      ['a cut in the middle', { ...file('x'.repeat(5000)), cut: 2500 }, {}, 9017],
      ['fewer bytes than FileSize', file('short'), { FileSize: 100 }, 9017],
      ['more bytes than FileSize', file('long'), { FileSize: 2 }, 9018],
      ['an endless redirect', heard => ({ status: 302, headers: { Location: heard.url } }), {}, 9010],
      ['an image that is none', file('hello'), { FileType: IMAGE }, 9018],
      ['a truncated image', file(firmware().subarray(0, -3)), { FileType: IMAGE }, 9018],
      [
        'an altered image',
        file(Buffer.from(firmware().map((byte, at) => (at === 60 ? byte ^ 1 : byte)))),
        { FileType: IMAGE },
        9018,
      ],
      ['an image for another product', file(firmware('49.0.1', 'TA7102i')), { FileType: IMAGE }, 9018],
      ['a script with a syntax error', file('Cwmp.PeriodicInformInterval=7\n=?\n'), {}, 9018],
      ['a script with a line that fails', file('Cwmp.NoSuchThing=7\n'), {}, 9010],
    ];
    for (const [what, step, args, code] of cases) {
      it(`reports ${code} for ${what}, and leaves the unit unchanged`, async () => {
        files.always(step);
        await start([download({ URL: files.url, ...args })]);
        if (/^a cut/.test(what)) await outlast();
        const complete = await done();
        assert.equal(complete?.FaultStruct.FaultCode, code, complete?.FaultStruct.FaultString);
        assert.deepEqual(events(2), ['7 TRANSFER COMPLETE', 'M Download key']);
        assert.equal(unit.device.softwareVersion, '48.5.2718');
        assert.equal(unit.device.config.variable('Cwmp.PeriodicInformInterval'), '3600');
        assert.equal(complete?.CompleteTime, '0001-01-01T00:00:00Z');
      });
    }

    it('reports 9015 for an unreachable server and for an unknown name', async () => {
      const gone = createServer();
      const port = await new Promise<number>(resolve => {
        gone.listen(0, '127.0.0.1', () => resolve((gone.address() as { port: number }).port));
      });
      await new Promise(resolve => gone.close(resolve));
      await start([
        download({ URL: `http://127.0.0.1:${port}/` }),
        download({ URL: 'http://no-such-host.invalid/', CommandKey: 'b' }),
      ]);
      await outlast();
      await done(2);
      assert.deepEqual(
        completes().map(({ FaultStruct }) => FaultStruct.FaultCode),
        [9015, 9015],
      );
    });

    it('reports 9017 for a server that stops answering', async () => {
      files.always({ silent: true });
      await start([download({ URL: files.url })]);
      await outlast(120_000);
      assert.equal((await done())?.FaultStruct.FaultCode, 9017);
    });

    const login = async (heard: Heard): Promise<Answer> => {
      const verdict = await verifier.verify({
        header: heard.headers.authorization,
        method: heard.method,
        uri: heard.url,
        passwords: user => (user === 'u' ? ['p'] : undefined),
      });
      if (verdict.ok) return file('Cwmp.PeriodicInformInterval=1234\n');
      return { status: 401, headers: { 'WWW-Authenticate': verifier.challenge() } };
    };

    it('authenticates by digest, and reports 9012 for a wrong login', async () => {
      files.always(login);
      await start([
        download({ URL: files.url, Username: 'u', Password: 'p' }),
        download({ URL: files.url, Username: 'u', Password: 'x', CommandKey: 'b' }),
      ]);
      await done(2);
      assert.deepEqual(
        completes().map(({ FaultStruct }) => FaultStruct.FaultCode),
        [0, 9012],
      );
    });

    it('uses the TLS settings of the file’s service: 9015 without CA, success with NoValidation', async () => {
      const environment = { clock: systemClock(), random: seededRandom(6) };
      const ca = await createCa({ name: 'Files', key: 'rsa', ...environment });
      const { chain, key } = await ca.issue({ commonName: 'f', ips: ['127.0.0.1'], usage: ['server'], key: 'rsa' });
      const secure = await scriptedAcs({ tls: { cert: chain, key }, path: '/file' });
      secure.always(file('Cwmp.PeriodicInformInterval=1234\n'));
      const parameters = { 'Conf.ScriptsTransferCertificateValidation': 'NoValidation' };
      await start([download({ URL: secure.url }), download({ URL: secure.url, FileType: IMAGE, CommandKey: 'b' })], {
        parameters,
      });
      await done(2);
      assert.deepEqual(
        completes().map(({ FaultStruct }) => FaultStruct.FaultCode),
        [0, 9015],
      );
      assert.equal(secure.heard.length, 1);
      await secure.close();
    });
  });

  it('uploads the configuration by PUT, and reports M Upload', async () => {
    const upload: Arguments<'Upload'> = {
      CommandKey: 'up',
      FileType: '1 Vendor Configuration File',
      URL: files.url,
      Username: '',
      Password: '',
      DelaySeconds: 0,
    };
    files.play({ status: 201 }, { status: 500 });
    await start([
      ask('Upload', upload),
      ask('Upload', { ...upload, FileType: '2 Vendor Log File', CommandKey: 'log' }),
      ask('Upload', { ...upload, FileType: IMAGE }),
    ]);
    assert.equal(acs.names()[4], 'Fault 9003');
    await done(2);
    assert.equal(files.heard[0]?.method, 'PUT');
    assert.match(files.heard[0]?.text ?? '', /Cwmp Service/);
    assert.deepEqual(
      completes().map(({ CommandKey, FaultStruct }) => [CommandKey, FaultStruct.FaultCode]),
      [
        ['up', 0],
        ['log', 9011],
      ],
    );
    assert.ok(unit.sessions.flatMap(({ events }) => events).some(({ EventCode }) => EventCode === 'M Upload'));
  });

  describe('delivery of TransferComplete (A.3.3.2)', () => {
    it('repeats it identically at 8005, and in a later session after a fault', async () => {
      files.play(file('Cwmp.PeriodicInformInterval=1234\n'));
      await start([download({ URL: files.url }), {}, informResponse(), fault(8005), fault(8002)]);
      await unit.ended(2);
      assert.equal(unit.sessions[1]?.ok, true);
      await unit.clock.advance(10_000);
      await done(3);
      const texts = acs.heard.filter((_, at) => acs.names()[at] === 'TransferComplete').map(({ text }) => text);
      assert.equal(texts[0], texts[1]);
      assert.deepEqual(acs.names().slice(3, 7), ['Inform', 'TransferComplete', 'TransferComplete', '(empty)']);
    });

    it('waits until HoldRequests is off', async () => {
      files.play(file('Cwmp.PeriodicInformInterval=1234\n'));
      const hold = { holdRequests: true };
      await start([
        download({ URL: files.url }),
        {},
        informResponse(hold),
        ask('GetRPCMethods', {}, hold),
        ask('GetRPCMethods', {}, { holdRequests: false }),
        {},
        friendly,
        ask('GetRPCMethods', {}),
        {},
      ]);
      await done();
      await unit.ended(2);
      assert.deepEqual(acs.names().slice(3), [
        'Inform',
        '(empty)',
        'GetRPCMethodsResponse',
        'GetRPCMethodsResponse',
        'TransferComplete',
        '(empty)',
        'GetRPCMethodsResponse',
      ]);
      assert.equal(unit.sessions[1]?.ok, true);
    });

    it('repeats it after a lost response and after a reboot', async () => {
      files.play(file('Cwmp.PeriodicInformInterval=1234\n'));
      await start([download({ URL: files.url }), {}, informResponse(), { cut: true }]);
      await unit.ended(2);
      assert.equal(unit.sessions[1]?.ok, false);
      await unit.gateway.powerOff();
      await unit.boot();
      await done(2);
      assert.deepEqual(events(3), ['1 BOOT', '7 TRANSFER COMPLETE', 'M Download key']);
      assert.equal(files.heard.length, 1);
    });
  });

  describe('power cuts', () => {
    it('starts the fetch again after a cut before or during it, and reports once', async () => {
      files.play({ silent: true }, file(firmware()));
      await start([download({ URL: files.url, FileType: IMAGE })]);
      await files.until(1);
      await unit.gateway.powerOff();
      assert.equal(unit.device.state.facts.transfers[0]?.state, 'running');
      await unit.boot();
      await done();
      assert.equal(unit.device.softwareVersion, '49.0.2809');
      assert.equal(completes().length, 1);
      assert.equal(files.heard.length, 2);
    });

    it('makes one upgrade and one TransferComplete after a cut at any instant', async () => {
      const home = await mkdtemp(join(tmpdir(), 'unit-'));
      const stateDir = join(home, 'live');
      // After each durable write, what a power cut at that instant would leave.
      const images: string[] = [];
      const photograph = async (): Promise<void> => {
        const name = join(home, String(images.length).padStart(3, '0'));
        await cp(stateDir, name, { recursive: true });
        images.push(name);
      };
      files.always(file(firmware()));
      acs.play(informResponse(), download({ URL: files.url, FileType: IMAGE }));
      unit = await testUnit({ url: acs.url, stateDir });
      const { state } = unit.gateway.device;
      type Write = (...args: unknown[]) => Promise<void>;
      const photographed =
        (write: Write): Write =>
        async (...args) => {
          await write(...args);
          await photograph();
        };
      for (const name of ['record', 'remember'] as const) {
        Object.assign(state, { [name]: photographed(state[name].bind(state) as Write) });
      }
      for (const name of ['put', 'drop'] as const) {
        Object.assign(state.persist, { [name]: photographed(state.persist[name].bind(state.persist) as Write) });
      }
      await unit.boot();
      await done();
      await unit.close();
      assert.ok(images.length > 8, `${images.length} writes`);
      for (const [at, image] of images.entries()) {
        const before = completes().length;
        const told = informs();
        unit = await testUnit({ url: acs.url, stateDir: image });
        const owed = unit.device.state.facts.transfers.length;
        const old = unit.device.softwareVersion;
        await unit.boot();
        if (owed === 1) await done(before + 1, told);
        else await unit.ended(1);
        await unit.clock.advance(3_600_000);
        assert.equal(completes().length, before + owed, `cut after write ${at}`);
        assert.equal(unit.device.softwareVersion, owed === 1 ? '49.0.2809' : old, `cut after write ${at}`);
        if (owed === 1) assert.equal(completes().at(-1)?.FaultStruct.FaultCode, 0);
        await unit.close();
      }
      await rm(home, { recursive: true });
    });

    it('applies a script exactly once after a cut at any instant', async () => {
      const home = await mkdtemp(join(tmpdir(), 'unit-'));
      const stateDir = join(home, 'live');
      const images: string[] = [];
      const ROWS = 'Device.X_0090F8_SipEp.Gateway.';
      const rows = (): number => unit.device.config.names(ROWS, true).length;
      files.always(file('SipEp.InsertGateway Name=a\nCwmp.PeriodicInformInterval=1234\nSipEp.InsertGateway Name=b\n'));
      acs.play(informResponse(), download({ URL: files.url }));
      unit = await testUnit({ url: acs.url, stateDir });
      const before = rows();
      // Before and after everything that could write: what a power cut at that instant would leave.
      const { device } = unit.gateway;
      const photograph = async (): Promise<void> => {
        const name = join(home, String(images.length).padStart(3, '0'));
        await cp(stateDir, name, { recursive: true });
        images.push(name);
      };
      const photographed = (target: object, ...names: string[]): void => {
        const methods = target as Record<string, (...args: unknown[]) => Promise<unknown>>;
        for (const name of names) {
          const write = methods[name]?.bind(target);
          Object.assign(target, {
            [name]: async (...args: unknown[]) => {
              await photograph();
              const result = await write?.(...args);
              await photograph();
              return result;
            },
          });
        }
      };
      photographed(device.state, 'record', 'remember', 'together');
      photographed(device.state.persist, 'put', 'drop');
      photographed(device.config, 'set', 'insert');
      await unit.boot();
      assert.equal((await done())?.FaultStruct.FaultCode, 0);
      assert.equal(rows(), before + 2);
      await unit.close();
      assert.ok(images.length > 15, `${images.length} images`);
      let rerun = 0;
      for (const [at, image] of images.entries()) {
        unit = await testUnit({ url: acs.url, stateDir: image });
        const [count, told] = [completes().length, informs()];
        const owed = unit.device.state.facts.transfers.length;
        if (owed === 1 && rows() === before) rerun++;
        await unit.boot();
        if (owed === 1) await done(count + 1, told);
        const has = rows();
        assert.ok(
          has === before + 2 || (owed === 0 && has === before),
          `cut at instant ${at} left ${has - before} rows`,
        );
        assert.equal(completes().length, count + owed);
        await unit.close();
      }
      assert.ok(rerun > 3, 'some cuts came before the script had its effect');
      await rm(home, { recursive: true });
    });
  });

  it('schedules, lists and cancels transfers (plain device)', async () => {
    const window = { WindowMode: '1 At Any Time', UserMessage: '', MaxRetries: 1 };
    const scheduled = (CommandKey: string, spans: [number, number][]): Answer =>
      ask('ScheduleDownload', {
        CommandKey,
        FileType: IMAGE,
        URL: files.url,
        Username: '',
        Password: '',
        FileSize: 0,
        TargetFileName: '',
        TimeWindowList: spans.map(([WindowStart, WindowEnd]) => ({ ...window, WindowStart, WindowEnd })),
      });
    files.always({ status: 404 });
    await start(
      [
        scheduled('bad', [[100, 100]]),
        scheduled('overlap', [
          [0, 100],
          [50, 150],
        ]),
        scheduled('good', [
          [100, 200],
          [1000, 2000],
        ]),
        scheduled('gone', [[100, 200]]),
        ask('CancelTransfer', { CommandKey: 'gone' }),
        ask('CancelTransfer', { CommandKey: 'unknown' }),
        ask('GetAllQueuedTransfers', {}),
        ask('GetQueuedTransfers', {}),
      ],
      { model: 'device' },
    );
    assert.deepEqual(acs.names().slice(2), [
      'Fault 9003',
      'Fault 9003',
      'ScheduleDownloadResponse',
      'ScheduleDownloadResponse',
      'CancelTransferResponse',
      'CancelTransferResponse',
      'GetAllQueuedTransfersResponse',
      'GetQueuedTransfersResponse',
    ]);
    assert.deepEqual(resultOf(acs.heard[8], 'GetAllQueuedTransfers').TransferList, [
      { CommandKey: 'good', State: 1, IsDownload: true, FileType: IMAGE, FileSize: 0, TargetFileName: '' },
    ]);
    assert.deepEqual(resultOf(acs.heard[9], 'GetQueuedTransfers').TransferList, [{ CommandKey: 'good', State: 1 }]);
    // Two tries in the first window, two in the second.
    for (const [seconds, tries] of [
      [101, 1],
      [61, 2],
      [837, 2],
      [5, 3],
      [62, 4],
    ] as const) {
      await unit.clock.advance(seconds * 1000);
      await files.until(tries);
      assert.equal(files.heard.length, tries);
      await eventually('the transfer has ended', () => unit.device.state.facts.transfers[0]?.state !== 'running');
    }
    const complete = await done();
    assert.equal(complete?.FaultStruct.FaultCode, 9016);
    assert.deepEqual(events(2), ['7 TRANSFER COMPLETE', 'M ScheduleDownload good']);
  });

  it('reports 9020 for a window that passed while the unit was off', async () => {
    await start(
      [
        ask('ScheduleDownload', {
          CommandKey: 'late',
          FileType: IMAGE,
          URL: files.url,
          Username: '',
          Password: '',
          FileSize: 0,
          TargetFileName: '',
          TimeWindowList: [
            { WindowStart: 10, WindowEnd: 20, WindowMode: '3 When Idle', UserMessage: '', MaxRetries: -1 },
          ],
        }),
      ],
      { model: 'device' },
    );
    await unit.gateway.powerOff();
    await unit.clock.advance(60_000);
    await unit.boot();
    assert.equal((await done())?.FaultStruct.FaultCode, 9020);
    assert.equal(files.heard.length, 0);
  });
});
