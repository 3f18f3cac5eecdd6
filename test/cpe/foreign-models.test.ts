// Units that run from documents of other people (`--model FILE`): the Broadband Forum's own, in small.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runOptions } from '../../cpe/options.ts';
import { run } from '../../cpe/run.ts';
import { readOptions } from '../../shared/config.ts';
import { builtinModel } from '../../shared/model/datamodel.ts';
import { Gateways } from '../support/cpe/gateways.ts';
import { ask, informResponse, type ScriptedAcs, scriptedAcs } from '../support/cpe/scripted-acs.ts';

const documentOf = (models: string): string =>
  `<?xml version="1.0"?><dm:document xmlns:dm="urn:broadband-forum-org:cwmp:datamodel-1-4" spec="urn:broadband-forum-org:tr-1">${models}</dm:document>`;

const one = 'access="readOnly" minEntries="1" maxEntries="1"';
const text = (name: string, access = 'readWrite'): string =>
  `<parameter name="${name}" access="${access}"><syntax><string/></syntax></parameter>`;

/** As TR-098 Amendment 2 has it: the description alone says that the factory default of EnableCWMP is true. */
const gateway = documentOf(`<model name="InternetGatewayDevice:1.14">
  <object name="InternetGatewayDevice." ${one}></object>
  <object name="InternetGatewayDevice.DeviceInfo." ${one}>${text('SoftwareVersion', 'readOnly').replace('>', ' forcedInform="true">')}${text('HardwareVersion', 'readOnly')}</object>
  <object name="InternetGatewayDevice.ManagementServer." ${one}>
    <parameter name="EnableCWMP" access="readWrite">
      <description>Enables and disables the CPE's support for CWMP. The factory default value MUST be {{true}}.</description>
      <syntax><boolean/></syntax>
    </parameter>
    ${['URL', 'Username', 'Password', 'ParameterKey', 'ConnectionRequestURL'].map(name => text(name)).join('')}
    <parameter name="CWMPRetryMinimumWaitInterval" access="readWrite"><syntax><unsignedInt><range minInclusive="1"/></unsignedInt></syntax></parameter>
  </object></model>`);

/** As TR-104 is: a service, and no device around it. */
const service = documentOf(`<model name="VoiceService:1.1" isService="true">
  <object name="VoiceService.{i}." access="readOnly" minEntries="0" maxEntries="unbounded">${text('X_Name')}</object></model>`);

describe('models of other people', () => {
  let directory: string;
  let acs: ScriptedAcs;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cpe-models-'));
    acs = await scriptedAcs();
  });
  afterEach(async () => {
    await acs.close();
    await rm(directory, { recursive: true, force: true });
  });

  const runOnce = async (document: string, ...more: string[]): Promise<{ code: number; log: string }> => {
    const file = join(directory, 'model.xml');
    await writeFile(file, document);
    const lines: string[] = [];
    const { values } = readOptions(runOptions, { argv: ['--model', file, '--acs', acs.url, '--once', ...more] });
    const { signal } = new AbortController();
    const code = await run(values, { write: line => lines.push(line), pretty: false, signal, memory: () => 0 });
    return { code, log: lines.join('') };
  };

  it('F1: informs from a TR-098 document that states defaults in prose only', async () => {
    const { code } = await runOnce(gateway);
    assert.equal(code, 0);
    assert.deepEqual(acs.names(), ['Inform', '(empty)']);
    assert.match(acs.heard[0]?.text ?? '', /InternetGatewayDevice\.DeviceInfo\.SoftwareVersion/);
  });

  it('F1: reads back the defaults that the standard states in prose', async () => {
    const names = ['EnableCWMP', 'CWMPRetryMinimumWaitInterval'].map(
      name => `InternetGatewayDevice.ManagementServer.${name}`,
    );
    acs.play(informResponse(), ask('GetParameterValues', { ParameterNames: names }));
    await runOnce(gateway);
    assert.match(
      acs.heard.map(({ text }) => text).join(''),
      /EnableCWMP<\/Name><Value[^>]*>1<.*WaitInterval<\/Name><Value[^>]*>5</s,
    );
  });

  it('F1: informs from a document of a service alone, as a plain device that has it', async () => {
    const { code } = await runOnce(service);
    assert.equal(code, 0);
    assert.match(acs.heard[0]?.text ?? '', /Device\.DeviceInfo\.SoftwareVersion/);
  });

  it('F1: says that CWMP is switched off, and ends with 1 under --once', async () => {
    const { code, log } = await runOnce(gateway, '--set', 'InternetGatewayDevice.ManagementServer.EnableCWMP=false');
    assert.equal(code, 1);
    assert.match(log, /"msg":"CWMP disabled"/);
    assert.deepEqual(acs.names(), []);
  });
});

describe('hidden values of a plain device', () => {
  it('read back as an equivalent of null that is of their type', async () => {
    const gateways = await Gateways.open();
    try {
      const { device } = await gateways.make({ model: await builtinModel('device') });
      const values = device.config.read('Device.').filter(({ Name }) => /\.(Reset|Renew|Password)$/.test(Name));
      const found = new Set(values.map(({ Type, Value }) => `${Type} '${Value}'`));
      assert.deepEqual(found, new Set(["xsd:boolean '0'", "xsd:string ''"]));
    } finally {
      await gateways.close();
    }
  });
});
