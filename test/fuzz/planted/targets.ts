// Targets with a fault on purpose: they show that the fuzz can fail.

import { RawConnection } from '../../support/cpe/raw-cpe.ts';
import type { Lab, Target } from '../lab.ts';
import { whole } from '../plan.ts';
import { play } from '../play.ts';
import { WatchedProcess } from '../watched-process.ts';

const faults = ['end', 'hang', 'leak'] as const;

async function openPlanted(fault: string): Promise<Lab> {
  const process = new WatchedProcess('test/fuzz/planted/server.ts', [fault]);
  const { port } = (await process.line('ready')) as { port: number };
  return {
    process,
    async probe() {
      const connection = await RawConnection.open(`http://127.0.0.1:${port}`);
      connection.write('hello\n');
      await new Promise((resolve, reject) => connection.socket.once('data', resolve).once('close', reject));
      connection.close();
    },
    play: (_, plan) => play(plan, { host: '127.0.0.1', port }, () => undefined),
    close: () => process.stop(),
  };
}

export const plantedTargets: readonly Target[] = faults.map(fault => ({
  name: `planted-${fault}`,
  about: `a server that shall ${fault}`,
  conversations: [{ name: 'lines', protocol: 'tcp', messages: [whole('hello: 1\r\n'), whole('again: 2\r\n')] }],
  lanes: 2,
  maxRss: 250 * 1024 * 1024,
  open: () => openPlanted(fault),
}));
