// The ACS with a bug planted in its store, to see that a crash run finds it. PLANTED_BUG in the environment names one of the table
// below; the options are those of the ACS that a crash run gives.

import { startAcs } from '../../../acs/app.ts';
import { acsOptions } from '../../../acs/config.ts';
import type { DeviceOperation, DeviceOperations } from '../../../acs/device/operation-types.ts';
import type { Task } from '../../../acs/device/task.ts';
import { openData } from '../../../acs/server/data-directory.ts';
import { openSqlite } from '../../../acs/store/sqlite/store.ts';
import type { Store } from '../../../acs/store/store.ts';
import { type Clock, systemClock, systemRandom } from '../../../shared/clock.ts';
import { readOptions } from '../../../shared/config.ts';
import { createLog } from '../../../shared/log.ts';

type Apply = Store['apply'];

/** Time by which an early acknowledgement precedes its commit. */
const LATE_MS = 40;

const bugs: Readonly<Record<string, (store: Store, clock: Clock) => Store>> = {
  /** A task is acknowledged, and written afterwards. Whoever looks for it waits for that, so that only a crash can show it. */
  early: (store, clock) => {
    const late = new Set<Promise<unknown>>();
    const settled = async (): Promise<unknown> => await Promise.allSettled([...late]);
    const apply = async (id: string, name: DeviceOperation, args: never): Promise<unknown> => {
      if (name !== 'taskAdded') {
        await settled();
        return await store.apply(id, name, args);
      }
      const written = clock.sleep(LATE_MS).then(() => store.apply(id, name, args));
      late.add(written);
      void written.catch(() => undefined).finally(() => late.delete(written));
      const { task } = args as DeviceOperations['taskAdded']['args'];
      return { ...task, device: id };
    };
    return {
      ...store,
      apply: apply as Apply,
      task: async id => {
        await settled();
        return await store.task(id);
      },
    };
  },
  /** That an RPC leaves is written after it has left. All else waits for that, so that only a crash can show it. */
  late: (store, clock) => {
    const late = new Set<Promise<unknown>>();
    const apply = async (id: string, name: DeviceOperation, args: never): Promise<unknown> => {
      await Promise.allSettled([...late]);
      if (name !== 'taskSent') return await store.apply(id, name, args);
      const sent = args as DeviceOperations['taskSent']['args'];
      const task = await store.task(sent.id);
      if (!task) return 'gone';
      const written = clock.sleep(LATE_MS).then(() => store.apply(id, name, args));
      late.add(written);
      void written.catch(() => undefined).finally(() => late.delete(written));
      return { ...task, state: 'sent', sentBy: sent.token } satisfies Task;
    };
    return { ...store, apply: apply as Apply };
  },
  /** That an RPC leaves is said to be written, and is not. */
  twice: store => {
    const apply = async (id: string, name: DeviceOperation, args: never): Promise<unknown> => {
      if (name !== 'taskSent') return await store.apply(id, name, args);
      const task = await store.task((args as DeviceOperations['taskSent']['args']).id);
      return task ? ({ ...task, state: 'sent' } satisfies Task) : 'gone';
    };
    return { ...store, apply: apply as Apply };
  },
  /** The end of a transfer is acknowledged and not written. */
  forgets: store => {
    const apply = async (id: string, name: DeviceOperation, args: never): Promise<unknown> =>
      name === 'transferCompleted' ? undefined : await store.apply(id, name, args);
    return { ...store, apply: apply as Apply };
  },
};

const { values } = readOptions(acsOptions, { argv: process.argv.slice(2), env: {}, envPrefix: 'TANDEM_' });
const clock = systemClock();
const random = systemRandom();
const log = createLog({ clock, level: 'info', write: line => process.stdout.write(`${line}\n`), pretty: false });
const data = await openData(values.data, clock, random);
const plant = bugs[process.env.PLANTED_BUG ?? ''];
if (!plant) throw new Error(`PLANTED_BUG must be one of ${Object.keys(bugs).join(', ')}`);

const acs = await startAcs({
  clock,
  random,
  log,
  store: plant(await openSqlite({ file: `${values.data}/tandem.db`, clock }), clock),
  serverKey: data.serverKey,
  adminToken: (await data.adminToken()).token,
  cwmp: values.cwmp.map(url => ({ url: new URL(url) })),
  api: new URL(values.api),
  tls: { certificates: [], minVersion: 'TLSv1.2' },
  cpeAuth: 'none',
  enrol: 'auto',
  trustedProxies: [],
  connectionRequestAllow: [],
});
log.info('ready', { cwmp: acs.cwmp, api: acs.api });
