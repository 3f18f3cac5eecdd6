// The PBX under test: a process as a user starts it, with two accounts.
import { join } from 'node:path';
import type { Lab } from '../lab.ts';
import type { Protocol } from '../plan.ts';
import { type Place, play } from '../play.ts';
import { telephone } from '../targets/sip.ts';
import { WatchedProcess } from '../watched-process.ts';
import { probeSip } from './sip-probe.ts';

export const pbxParties = { domain: 'lab.test', user: '100', password: 'pw100', callee: '101' };

const placeOf = (text: unknown): Place => ({ host: '127.0.0.1', port: Number(String(text).split(':').at(-1)) });

export async function openPbxLab(folder: string): Promise<Lab> {
  const accounts = ['--user', '100:pw100', '--user', '101:pw101', '--domain', pbxParties.domain];
  const process = new WatchedProcess('pbx/main.ts', [
    ...['serve', '--data', join(folder, 'pbx'), '--tls-port', '0', '--port', '0', ...accounts],
  ]);
  const ready = await process.line('ready').catch(async (error: unknown) => {
    await process.stop();
    throw error;
  });
  const place = (protocol: Protocol): Place => placeOf(ready[protocol]);
  return {
    process,
    probe: target => probeSip(place(target.split('-')[1] as Protocol), target.split('-')[1] as Protocol),
    play: (_, plan) => play(plan, place(plan.protocol), telephone(pbxParties, plan.protocol).learn),
    close: () => process.stop(),
  };
}
