// The gateway that a call leaves by when its endpoint has accounts at several.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../../support/eventually.ts';
import { startVoice, type VoiceProcesses } from '../../support/processes/voice-units.ts';

describe('a call of an endpoint with accounts at two gateways', function () {
  this.timeout(60_000);
  let voice: VoiceProcesses;
  before(async () => {
    voice = await startVoice();
    await Promise.all([voice.unit('100', '--address', '127.0.0.2'), voice.unit('101')]);
  });
  after(() => voice.stop());

  it('leaves by the one where it is registered', async () => {
    const given = await readFile(new URL('../../../examples/voice/gateway.cfg', import.meta.url), 'utf8');
    const own = [
      'DefaultStaticRegistrarServerHost',
      'DefaultStaticProxyHomeDomainHost',
      'DefaultStaticProxyOutboundHost',
    ];
    const file = join(voice.folder, 'second.cfg');
    const lines = [
      given.replaceAll('127.0.0.1:5061', `127.0.0.1:${voice.port}`),
      ...own.map(name => `SipEp.${name} = ""`),
      'Scm.RestartRequiredServices',
    ];
    await writeFile(file, lines.join('\n'));
    const script = await voice.ask('100', 'script', file);
    assert.equal(script.code, 0, script.err);
    await eventually('a call by the second gateway', async () => {
      const { code } = await voice.ask('100', 'call', '101', '--duration', '0.2', '--expect', 'secure');
      return code === 0 || undefined;
    });
    assert.match((await voice.ask('100', 'status')).out, /Gateway=default .*State=Unregistered/);
  });
});
