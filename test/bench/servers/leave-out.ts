// The ACS without one of its layers, which TANDEM_BENCH_WITHOUT names: what it costs then, the layer does not cost. For the waterfall alone.
import { register } from 'node:module';
import { type AcsOptions, acsOptions } from '../../../acs/config.ts';
import { openData } from '../../../acs/server/data-directory.ts';
import { openSqlite } from '../../../acs/store/sqlite/store.ts';
import type { Store } from '../../../acs/store/store.ts';
import { type Clock, systemClock, systemRandom } from '../../../shared/clock.ts';
import { readOptions } from '../../../shared/config.ts';
import { createLog, silentLog } from '../../../shared/log.ts';

const layer = process.env.TANDEM_BENCH_WITHOUT ?? '';
/** Timers of at least this are those of idle sessions. */
const IDLE_MS = 5000;
const LOG_MS = 10;

/** The store whose Inform or release is not carried out. */
function storeWithout(store: Store): Store {
  const known = new Map<string, unknown>();
  const apply = async (id: string, name: string, args: unknown): Promise<unknown> => {
    if (name === 'released' && layer === 'release') return undefined;
    const carryOut = store.apply as (...words: unknown[]) => Promise<unknown>;
    if (name !== 'informed' || layer !== 'inform') return await carryOut(id, name, args);
    // The first Inform of a device is carried out; the next ones are answered as it was.
    const answer = known.get(id) ?? (await carryOut(id, name, args));
    known.set(id, answer);
    return answer;
  };
  return layer === 'release' || layer === 'inform' ? { ...store, apply: apply as Store['apply'] } : store;
}

function clockWithout(clock: Clock): Clock {
  if (layer !== 'timers') return clock;
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
    after: (ms, run) => (ms >= IDLE_MS ? { cancel: () => undefined } : clock.after(ms, run)),
  };
}

/** Lines that come close together are written in one call, as the ACS does. */
function writeInBatches(): (line: string) => void {
  let held = '';
  return line => {
    if (held === '')
      setTimeout(() => {
        process.stdout.write(held);
        held = '';
      }, LOG_MS);
    held += `${line}\n`;
  };
}

async function start({ data, cwmp, api, enrol, cpeAuth }: AcsOptions): Promise<void> {
  const clock = clockWithout(systemClock());
  const random = systemRandom();
  const { serverKey } = await openData(data, clock, random);
  const { startAcs } = await import('../../../acs/app.ts');
  const log = createLog({ clock, level: 'info', write: writeInBatches() });
  const acs = await startAcs({
    ...{ clock, random, serverKey, cpeAuth, enrol },
    log: layer === 'log' ? silentLog : log,
    store: storeWithout(await openSqlite({ file: `${data}/tandem.db`, clock, inThread: layer === 'thread' })),
    adminToken: process.env.TANDEM_ADMIN_TOKEN ?? '',
    cwmp: cwmp.map(url => ({ url: new URL(url) })),
    api: new URL(api),
    tls: { certificates: [], minVersion: 'TLSv1.2' },
    trustedProxies: [],
    connectionRequestAllow: [],
  });
  process.once('SIGTERM', () => void acs.close().then(() => process.exit(0)));
  process.stdout.write(`${JSON.stringify({ msg: 'ready', cwmp: acs.cwmp, api: acs.api })}\n`);
}

if (layer === 'xml' || layer === 'cookie') register(new URL('./leave-out-hooks.js', import.meta.url), { data: layer });
await start(readOptions(acsOptions, { argv: process.argv.slice(2) }).values);
