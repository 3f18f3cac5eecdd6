// `pbx serve --manager`: off unless asked for, no start without a password, and the same exchange as the shell's.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ShellLink } from '../../../pbx/mdsh/client/link.ts';
import { serveOptions } from '../../../pbx/options.ts';
import { serve } from '../../../pbx/serve.ts';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import { readOptions, UsageError } from '../../../shared/config.ts';
import { silentLog } from '../../../shared/log.ts';
import { ManagerClient, PASSWORD } from '../../support/pbx/manager-lab.ts';

describe('pbx serve --manager', () => {
  const clock = systemClock();
  let folder = '';
  let stop: (() => Promise<void>) | undefined;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'manager-'));
  });
  afterEach(async () => {
    await stop?.();
    stop = undefined;
    await rm(folder, { recursive: true });
  });

  /** @returns the fields of `ready` */
  async function started(args: string[], env: Record<string, string> = {}): Promise<Record<string, unknown>> {
    const argv = ['--tls-port', '0', '--domain', 'lab.test', '--data', folder, ...args];
    const { values } = readOptions(serveOptions, { argv, env, envPrefix: 'TANDEM_PBX_' });
    let ready: Record<string, unknown> = {};
    const info = (message: string, fields: Record<string, unknown> = {}): void => {
      if (message === 'ready') ready = fields;
    };
    stop = await serve(values, { clock, random: systemRandom(), log: { ...silentLog, info } });
    return ready;
  }

  it('does not start without a password, nor with a short one', async () => {
    const isUsage = (text: string) => (error: unknown) => error instanceof UsageError && error.message.includes(text);
    await assert.rejects(started(['--manager', '0']), isUsage('needs a password: TANDEM_PBX_MANAGER_PASSWORD'));
    await assert.rejects(started(['--manager', '0', '--manager-password', 'short']), isUsage('at least 8 characters'));
  });

  it('is off unless given, with a password or licence alone too', async () => {
    const ready = await started(['--manager-password', PASSWORD, '--license', 'VOIP-SECURITY']);
    assert.equal('manager' in ready, false);
  });

  it('configures the exchange that the shell sees, over the certificate of SIP', async () => {
    const args = ['--manager', '0', '--license', 'VOIP-SECURITY'];
    const ready = await started(args, { TANDEM_PBX_MANAGER_PASSWORD: PASSWORD });
    const [, port] = /^https:\/\/127\.0\.0\.1:(\d+)\/$/.exec(String(ready.manager)) ?? [];
    const client = new ManagerClient(Number(port));
    await client.login();
    assert.equal(
      await client.form('switch-media-encryption', { type: 'route', state: 'enable' }),
      'media_encryption_enable -type route\nEXECUTED',
    );
    let printed = '';
    const link = new ShellLink(join(folder, 'control.sock'), clock);
    await link.run({ line: 'media_encryption_print -type route' }, text => {
      printed += text;
    });
    assert.match(printed, /route +enabled/);
  });
});
