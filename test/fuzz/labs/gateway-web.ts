// The pages of a gateway under test: a process with them open, and a session of an Admin whose cookie and token the cases use.
import { fieldsOf, PagesClient } from '../../support/cpe/web/client.ts';
import type { Lab } from '../lab.ts';
import { play } from '../play.ts';
import { WatchedProcess } from '../watched-process.ts';

const learnNothing = (): void => undefined;

export async function openGatewayWebLab(): Promise<Lab> {
  const process = new WatchedProcess('cpe/main.ts', ['run', '--acs', 'http://127.0.0.1:9/', '--web', '127.0.0.1:0']);
  const ready = await process.line('ready').catch(async (error: unknown) => {
    await process.stop();
    throw error;
  });
  const url = new URL(String(ready.web));
  const admin = new PagesClient(url.href);
  await admin.signIn('admin', 'administrator');
  const { token = '' } = fieldsOf(await admin.page('/sip/gateways'));
  const marks = new Map([
    ['cookie', admin.cookie],
    ['token', token],
  ]);
  return {
    process,
    probe: async () => {
      const { status } = await admin.request('/sip/gateways');
      if (status !== 200) throw new Error(`answered ${status}`);
    },
    play: (_target, plan) => play(plan, { host: url.hostname, port: Number(url.port) }, learnNothing, new Map(marks)),
    close: () => process.stop(),
  };
}
