// Faults of a fleet that makers of an ACS want on purpose, as an ACS sees them.
import assert from 'node:assert/strict';
import { fleet } from '../../cpe/fleet/fleet.ts';
import { fleetOptions } from '../../cpe/options.ts';
import { readOptions } from '../../shared/config.ts';
import { ask, informResponse, type ScriptedAcs, type Step, scriptedAcs } from '../support/cpe/scripted-acs.ts';

const PATH = 'Device.ManagementServer.URL';
const read = ask('GetParameterValues', { ParameterNames: [PATH] });

describe('faults of messages', () => {
  let acs: ScriptedAcs;
  beforeEach(async () => {
    acs = await scriptedAcs();
  });
  afterEach(() => acs.close());

  /** One session of one unit with a fault. */
  const play = async (fault: string, ...steps: Step[]): Promise<void> => {
    acs.play(...steps);
    const argv = ['--acs', acs.url, '--count', '1', '--faults', `${fault}=1`, '--username', 'u', '--password', 'p'];
    const { values } = readOptions(fleetOptions, { argv });
    const { signal } = new AbortController();
    await fleet(values, { write: () => undefined, pretty: false, signal, memory: () => 0 });
  };

  it('sends an answer that is no XML (poison)', async () => {
    await play('poison', informResponse(), read);
    assert.match(acs.heard[2]?.text ?? '', /GetParameterValuesResponse[\s\S]*\u0001<\/soap-env:Body>/);
    assert.equal(acs.heard[2]?.envelope, undefined);
  });

  it('answers with 1,000 values that were not asked for (bloat)', async () => {
    await play('bloat', informResponse(), read);
    assert.equal(acs.heard[2]?.text.split('<ParameterValueStruct>').length, 1002);
  });

  it('posts once more after the 204 (late-post)', async () => {
    await play('late-post');
    assert.deepEqual(acs.names().slice(0, 3), ['Inform', '(empty)', '(empty)']);
  });

  it('takes a new login with Status 0 and keeps the old one (old-login)', async () => {
    const login = { Name: 'Device.ManagementServer.Username', Value: 'new', Type: 'xsd:string' as const };
    const set = ask('SetParameterValues', { ParameterList: [login], ParameterKey: 'k' });
    const name = ask('GetParameterValues', { ParameterNames: [login.Name] });
    await play('old-login', informResponse(), set, name);
    assert.match(acs.heard[2]?.text ?? '', /<Status>0</);
    assert.match(acs.heard[3]?.text ?? '', /<Value[^>]*>u</);
  });

  it('answers a challenge over a new connection (close-401)', async () => {
    await play('close-401', {
      status: 401,
      headers: { 'WWW-Authenticate': 'Digest realm="r", nonce="n", qop="auth"' },
    });
    assert.deepEqual(acs.heard.map(({ connection }) => connection).slice(0, 3), [1, 2, 2]);
  });
});
