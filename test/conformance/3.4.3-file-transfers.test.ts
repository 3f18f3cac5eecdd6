// TR-069 3.4.3: transfers speak HTTP as sessions do: redirects, cookies, and both kinds of authentication.
import assert from 'node:assert/strict';
import type { Arguments } from '../../shared/cwmp/methods.ts';
import {
  type Answer,
  argumentsOf,
  ask,
  informResponse,
  type ScriptedAcs,
  scriptedAcs,
} from '../support/cpe/scripted-acs.ts';
import { type TestUnit, testUnit } from '../support/cpe/unit.ts';

describe('3.4.3 Transfers of files', () => {
  let acs: ScriptedAcs;
  let files: ScriptedAcs;
  let unit: TestUnit;
  beforeEach(async () => {
    acs = await scriptedAcs();
    files = await scriptedAcs({ path: '/file' });
  });
  afterEach(async () => {
    await unit.close();
    await acs.close();
    await files.close();
  });
  const download = (url: string, more: Partial<Arguments<'Download'>> = {}): Answer =>
    ask('Download', {
      CommandKey: 'key',
      FileType: '3 Vendor Configuration File',
      URL: url,
      Username: '',
      Password: '',
      FileSize: 0,
      TargetFileName: '',
      DelaySeconds: 0,
      SuccessURL: '',
      FailureURL: '',
      ...more,
    });
  const fetched = async (...asked: Answer[]): Promise<Arguments<'TransferComplete'>[]> => {
    acs.play(informResponse(), ...asked);
    unit = await testUnit({ url: acs.url });
    await unit.boot();
    const complete = (): number[] => acs.names().flatMap((name, at) => (name === 'TransferComplete' ? [at] : []));
    await unit.until(() => complete().length >= asked.length && unit.device.state.facts.transfers.length === 0);
    return complete().map(at => argumentsOf(acs.heard[at], 'TransferComplete'));
  };

  it('follows redirects with the cookies that they set', async () => {
    files.play(
      { status: 302, headers: { Location: `${files.url}/2`, 'Set-Cookie': 'a=1' } },
      { status: 307, headers: { Location: `${files.url}/3`, 'Set-Cookie': ['b=2', 'a=3'] } },
      { text: 'Cwmp.PeriodicInformInterval=1234\n' },
    );
    const [complete] = await fetched(download(files.url));
    assert.equal(complete?.FaultStruct.FaultCode, 0, complete?.FaultStruct.FaultString);
    assert.deepEqual(
      files.heard.map(({ method, url, headers }) => [method, url, headers.cookie]),
      [
        ['GET', '/file', undefined],
        ['GET', '/file/2', 'a=1'],
        ['GET', '/file/3', 'a=3; b=2'],
      ],
    );
    assert.equal(unit.device.config.variable('Cwmp.PeriodicInformInterval'), '1234');
  });

  it('carries no cookie from one transfer to another or to the session', async () => {
    files.always({ text: 'Cwmp.PeriodicInformInterval=1234\n', headers: { 'Set-Cookie': 'file=1' } });
    acs.always(undefined);
    await fetched(download(files.url), download(files.url, { CommandKey: 'two' }));
    assert.deepEqual(
      files.heard.map(({ headers }) => headers.cookie),
      [undefined, undefined],
    );
  });

  it('refuses basic authentication in clear (9012)', async () => {
    files.always({ status: 401, headers: { 'WWW-Authenticate': 'Basic realm="files"' } });
    const [complete] = await fetched(download(files.url, { Username: 'u', Password: 'p' }));
    assert.equal(complete?.FaultStruct.FaultCode, 9012);
    assert.ok(files.heard.every(({ headers }) => headers.authorization === undefined));
  });
});
