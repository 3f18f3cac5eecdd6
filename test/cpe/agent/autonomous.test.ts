// Transfers that a unit makes by itself, their reports to the ACS, and RequestDownload.
import assert from 'node:assert/strict';
import type { Arguments } from '../../../shared/cwmp/methods.ts';
import { OPTION } from '../../../shared/dhcp/options.ts';
import {
  type Answer,
  argumentsOf,
  ask,
  fault,
  informResponse,
  resultOf,
  type ScriptedAcs,
  scriptedAcs,
} from '../../support/cpe/scripted-acs.ts';
import { type TestUnit, testUnit, type UnitOptions } from '../../support/cpe/unit.ts';
import { type DhcpServer, startDhcpServer } from '../../support/servers/dhcp.ts';
import { subOptions } from '../../support/servers/dhcp-options.ts';

const file = (text: string): Answer => ({ text, headers: { 'Content-Type': 'text/plain' } });
const script = (interval: number): Answer => file(`Cwmp.PeriodicInformInterval=${interval}\n`);

describe('autonomous transfers (TR-069 A.3.3.3)', () => {
  let acs: ScriptedAcs;
  let files: ScriptedAcs;
  let dhcp: DhcpServer;
  let unit: TestUnit;
  beforeEach(async () => {
    acs = await scriptedAcs();
    files = await scriptedAcs({ path: '/' });
    // An offer that names an ACS is taken without waiting for a better one.
    dhcp = await startDhcpServer({ acsUrl: acs.url });
  });
  afterEach(async () => {
    await unit?.close();
    await Promise.all([acs.close(), files.close(), dhcp.close()]);
  });

  const lease = (more: Record<number, string>): void =>
    dhcp.change({ options: new Map(Object.entries(more).map(([code, text]) => [Number(code), Buffer.from(text)])) });
  const start = async (options: UnitOptions = {}): Promise<void> => {
    const host = '127.0.0.1';
    unit = await testUnit({ url: acs.url, dhcp: { server: { host, port: dhcp.port } }, ...options });
    await unit.boot();
  };
  const told = (): Arguments<'AutonomousTransferComplete'>[] =>
    acs.heard
      .filter((_, at) => acs.names()[at] === 'AutonomousTransferComplete')
      .map(heard => argumentsOf(heard, 'AutonomousTransferComplete'));
  const settled = (count: number): Promise<void> =>
    unit.until(() => told().length >= count && unit.device.state.facts.transfers.length === 0);
  const interval = (): string | undefined => unit.device.config.variable('Cwmp.PeriodicInformInterval');

  it('runs and reports the scripts of options 66 and 67 in order, and not again at the next boot', async () => {
    files.always(heard => script(heard.url === '/a.cfg' ? 1111 : 2222));
    lease({ 66: `Script=${files.url}a.cfg`, 67: `${files.url}b.cfg\0` });
    await start();
    await settled(2);
    assert.deepEqual(
      files.heard.map(({ url }) => url),
      ['/a.cfg', '/b.cfg'],
    );
    assert.equal(interval(), '2222');
    const [first] = told();
    assert.equal(first?.TransferURL, `${files.url}a.cfg`);
    assert.equal(first?.FileType, '3 Vendor Configuration File');
    assert.equal(first?.IsDownload, true);
    assert.equal(first?.FileSize, 33);
    assert.deepEqual(first?.FaultStruct, { FaultCode: 0, FaultString: '' });
    assert.match(first?.CompleteTime ?? '', /^2026-01-01T/);
    const events = unit.sessions.flatMap(report => report.events.map(({ EventCode }) => EventCode));
    assert.ok(events.includes('10 AUTONOMOUS TRANSFER COMPLETE'));
    assert.ok(!events.includes('7 TRANSFER COMPLETE'));

    await unit.gateway.powerOff();
    await unit.boot();
    await unit.until(() => files.heard.length === 4 && unit.device.state.facts.transfers.length === 0);
    await unit.clock.advance(60_000);
    assert.equal(told().length, 2, 'the same scripts are not run again');

    files.always(script(3333));
    await unit.gateway.powerOff();
    await unit.boot();
    await settled(4);
    assert.equal(interval(), '3333');
  });

  it('takes scripts from sub-options of option 43, with login and macros, without retry', async () => {
    files.play(
      { status: 401, headers: { 'WWW-Authenticate': 'Digest realm="r", nonce="n", qop="auth"' } },
      script(4444),
    );
    const own = subOptions({
      1: acs.url,
      66: `Script=${files.url.replace('://', '://u:p%20@')}%mac%.cfg`,
      67: 'http://127.0.0.1:1/x',
    });
    dhcp.change({ options: new Map([[OPTION.vendorSpecific, own]]) });
    await start({ parameters: { 'Cwmp.AcsUrlConfigSource': 'Dhcp' } });
    await settled(2);
    assert.equal(files.heard[1]?.url, '/0090f8000001.cfg');
    assert.match(files.heard[1]?.headers.authorization ?? '', /username="u"/);
    assert.equal(interval(), '4444');
    assert.deepEqual(
      told().map(({ FaultStruct }) => FaultStruct.FaultCode),
      [0, 9015],
    );
    assert.ok(!told()[0]?.TransferURL.includes('@'));
    await unit.clock.advance(600_000);
    assert.equal(told().length, 2);
  });

  it('completes a bare host and a URL ending with / from the settings of Conf', async () => {
    files.always(script(5555));
    const { port } = files;
    lease({ 66: `127.0.0.1:${port}`, 67: `${files.url}` });
    await start({
      parameters: {
        'Conf.ScriptsTransferProtocol': 'Http',
        'Conf.ScriptsLocation': '/cfg/',
        'Conf.ScriptGenericFileName': 'unit.cfg',
      },
    });
    await settled(2);
    assert.deepEqual(
      files.heard.map(({ url }) => url),
      ['/cfg/unit.cfg', '/cfg/unit.cfg'],
    );
  });

  it('fetches nothing with ScriptsDhcpDownloadEnable off or values of another format', async () => {
    lease({ 66: files.url });
    await start({ parameters: { 'Conf.ScriptsDhcpDownloadEnable': 'Disable' } });
    await unit.ended(1);
    await unit.close();
    await start({ parameters: { 'Conf.ScriptsDhcpOptionsFormat': 'FullyQualified' } });
    await unit.ended(1);
    assert.deepEqual(unit.device.state.facts.transfers, []);
    assert.equal(files.heard.length, 0);
  });

  it('fetches configured scripts on restart and every period, with the configured retries', async () => {
    files.play(script(91111), script(92222), script(93333));
    const parameters = {
      'Conf.ScriptsTransferOnRestartEnable': 'Enable',
      'Conf.ScriptsTransferPeriodicEnable': 'Enable',
      'Conf.ScriptsTransferInterval': '2',
      'Conf.ScriptsTransferProtocol': 'Http',
      'Conf.ScriptGenericFileName': 'g',
      'Conf.ScriptSpecificFileName': '%serial%',
      'Conf.ScriptsTransferSrvHostname': `127.0.0.1:${files.port}`,
      'Conf.ScriptsTransferRetriesNumber': '1',
    };
    await start({ parameters });
    await settled(2);
    assert.deepEqual(
      files.heard.map(({ url }) => url),
      ['/g', '/0090f8000001'],
    );
    assert.equal(interval(), '92222');
    await unit.clock.advance(2 * 3_600_000 + 1000);
    await settled(4);
    assert.equal(files.heard.length, 4);
    await unit.device.config.set(
      [{ name: unit.device.config.pathOf('Conf.ScriptsTransferSrvHostname') ?? '', value: '127.0.0.1:1' }],
      'web',
    );
    await unit.clock.advance(2 * 3_600_000);
    await unit.until(
      () => unit.device.state.facts.transfers.filter(({ notBefore }) => notBefore > unit.clock.now()).length === 2,
    );
    await unit.clock.advance(31_000);
    await settled(6);
    assert.deepEqual(
      told()
        .slice(4)
        .map(({ FaultStruct }) => FaultStruct.FaultCode),
      [9015, 9015],
    );
  });

  it('keeps the report until the response, over 8005, a fault, a cut and a reboot', async () => {
    files.always(script(7777));
    lease({ 66: `${files.url}a` });
    acs.play(informResponse(), {}, informResponse(), fault(8005), fault(8002));
    await start();
    await unit.until(() => told().length === 2);
    await unit.ended(2);
    await unit.clock.advance(11_000);
    await settled(3);
    assert.equal(files.heard.length, 1);
  });

  it('keeps an unreported end over a reboot', async () => {
    files.always(script(7777));
    lease({ 66: `${files.url}a` });
    acs.play(informResponse(), {}, { cut: true });
    await start();
    await unit.ended(2);
    lease({});
    await unit.gateway.powerOff();
    await unit.boot();
    await settled(1);
    await unit.ended(3);
    assert.deepEqual(
      unit.sessions.at(-1)?.events.map(({ EventCode }) => EventCode),
      ['1 BOOT', '10 AUTONOMOUS TRANSFER COMPLETE'],
    );
  });

  it('stops reporting to an ACS that does not know the method', async () => {
    files.always(script(7777));
    lease({ 66: `${files.url}a` });
    acs.play(informResponse(), {}, informResponse(), fault(8000));
    await start();
    await unit.ended(2);
    await unit.until(() => unit.device.state.facts.transfers.length === 0);
    assert.deepEqual(unit.device.state.facts.events, []);
    await unit.clock.advance(60_000);
    assert.equal(told().length, 1);
  });

  it('does not count against the ACS’s own transfers, and only GetAllQueuedTransfers lists it', async () => {
    files.always({ silent: true });
    lease({ 66: `${files.url}a` });
    acs.play(
      informResponse(),
      ask('CancelTransfer', { CommandKey: '' }),
      ask('GetQueuedTransfers', {}),
      ask('GetAllQueuedTransfers', {}),
    );
    await start({ model: 'dgw' });
    await unit.ended(1);
    const all = acs.heard.find((_, at) => acs.names()[at] === 'GetAllQueuedTransfersResponse');
    if (all) assert.equal(resultOf(all, 'GetAllQueuedTransfers').TransferList.length, 1);
    assert.equal(unit.device.state.facts.transfers.length, 1, 'CancelTransfer with an empty key does not mean it');
  });

  describe('RequestDownload (A.4.2.2)', () => {
    const wishes = (): Arguments<'RequestDownload'>[] =>
      acs.heard
        .filter((_, at) => acs.names()[at] === 'RequestDownload')
        .map(heard => argumentsOf(heard, 'RequestDownload'));

    it('reports 9 REQUEST DOWNLOAD until the response, over a fault and a reboot', async () => {
      acs.play(informResponse(), {}, informResponse(), fault(8002));
      await start();
      await unit.ended(1);
      unit.gateway.agent?.requestDownload('3 Vendor Configuration File', { Name: 'dial plan' });
      await unit.ended(2);
      await unit.gateway.powerOff();
      await unit.boot();
      await unit.until(() => wishes().length === 2 && unit.device.state.facts.wishes === undefined);
      await unit.ended(3);
      assert.deepEqual(wishes()[1], {
        FileType: '3 Vendor Configuration File',
        FileTypeArg: [{ Name: 'Name', Value: 'dial plan' }],
      });
      assert.deepEqual(
        unit.sessions.at(-1)?.events.map(({ EventCode }) => EventCode),
        ['1 BOOT', '9 REQUEST DOWNLOAD'],
      );
      assert.deepEqual(unit.device.state.facts.events, []);
    });

    it('asks an ACS that does not know RequestDownload once', async () => {
      acs.play(informResponse(), {}, informResponse(), fault(8000));
      await start();
      await unit.ended(1);
      unit.gateway.agent?.requestDownload('1 Firmware Upgrade Image');
      await unit.ended(2);
      await unit.clock.advance(60_000);
      assert.equal(wishes().length, 1);
      assert.deepEqual(unit.device.state.facts.events, []);
    });
  });
});
