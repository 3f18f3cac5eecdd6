// Two exchanges as programs, one a route of the other over TLS: commands make the routes, units call through both with SRTP.
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../../support/eventually.ts';
import { program } from '../../support/processes/process.ts';
import { startVoice, type VoiceProcesses } from '../../support/processes/voice-units.ts';

describe('two exchanges as programs', function () {
  this.timeout(90_000);
  let one: VoiceProcesses;
  let other: VoiceProcesses;

  after(async () => {
    await one?.stop();
    if (other) await rm(other.folder, { recursive: true, force: true });
  });

  const ask = async ({ folder }: VoiceProcesses, ...words: string[]): Promise<string> => {
    const { code, out, err } = await program('pbx/main.ts', [...words, '--data', join(folder, 'pbx')]).ended;
    assert.equal(code, 0, `${out}${err}`);
    return out;
  };
  const mdsh = async ({ folder }: VoiceProcesses, line: string): Promise<void> => {
    const words = ['mdsh', '--data', join(folder, 'pbx'), '-c', line];
    const { code, out, err } = await program('pbx/main.ts', words).ended;
    assert.equal(code, 0, `${line}: ${out}${err}`);
  };

  it('call each other over a route with registration, media encryption on', async () => {
    const license = ['--license', 'VOIP-SECURITY'];
    other = await startVoice('--user', '201:pw201', ...license);
    one = await startVoice('--user', '301:pw301', '--route-ca', join(other.folder, 'pbx', 'ca.pem'), ...license);
    await mdsh(other, 'sip_route -set -route 1 -prefix 3 -registeredas 102');
    const side = `-protocol tls -proxyip 127.0.0.1 -proxyport ${other.port}`;
    await mdsh(one, `sip_route -set -route 1 -prefix 2 ${side} -authname 102 -password pw102 -register yes`);
    for (const each of [one, other]) await mdsh(each, 'media_encryption_enable -type extension');
    await eventually(
      'the route is up',
      async () => (await ask(one, 'routes', '--json')).includes('"state": "up"'),
      20_000,
      500,
    );
    assert.match(await ask(other, 'registrations', '--json'), /"user": "102"/);

    await one.unit('301');
    await other.unit('201');
    for (const [from, user, to] of [
      [one, '301', '201'],
      [other, '201', '301'],
    ] as const) {
      const { code, out, err } = await from.ask(user, 'call', to, '--duration', '0.5', '--expect', 'secure');
      assert.equal(code, 0, `${out}${err}`);
    }
  });
});
