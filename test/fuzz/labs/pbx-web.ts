// The HTTP servers of the exchange under test: the status page and the configuration files of telephones.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lab } from '../lab.ts';
import { type Place, play } from '../play.ts';
import { WatchedProcess } from '../watched-process.ts';

const learnNothing = (): void => undefined;

export async function openPbxWebLab(folder: string): Promise<Lab> {
  const own = join(folder, 'phones');
  await mkdir(own, { recursive: true });
  await writeFile(join(own, '00085D112233.cfg'), 'sip srtp mode: 0\n');
  const ports = ['--tls-port', '0', '--status', '0', '--phones', '0', '--phones-dir', own];
  const process = new WatchedProcess('pbx/main.ts', ['serve', '--data', join(folder, 'pbx'), ...ports]);
  const ready = await process.line('ready').catch(async (error: unknown) => {
    await process.stop();
    throw error;
  });
  const addressOf = (target: string): string => String(target === 'pbx-status' ? ready.status : ready.phones);
  const placeOf = (target: string): Place => ({ host: '127.0.0.1', port: Number(addressOf(target).split(':').at(-1)) });
  const paths: Readonly<Record<string, string>> = { 'pbx-status': '/healthz', 'pbx-phones': '/startup.cfg' };
  return {
    process,
    probe: async target => {
      const answer = await fetch(`http://${addressOf(target)}${paths[target]}`);
      await answer.arrayBuffer();
      if (answer.status !== 200) throw new Error(`answered ${answer.status}`);
    },
    play: (target, plan) => play(plan, placeOf(target), learnNothing),
    close: () => process.stop(),
  };
}
