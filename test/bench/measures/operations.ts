// Store operations of an Inform-only session: counted at the store's contract, in an ACS whose store notes each call.
import { startAcs } from '../../../acs/app.ts';
import { openSqlite } from '../../../acs/store/sqlite/store.ts';
import type { Store } from '../../../acs/store/store.ts';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import { silentLog } from '../../../shared/log.ts';
import { makeRow, type Row } from '../figures.ts';
import { answersOf, informTemplate } from '../load/envelopes.ts';
import type { LoadRequest } from '../load/requests.ts';
import { type Bench, informedBy, loaded, type Setting } from '../measure.ts';
import type { BenchServers } from '../servers/servers.ts';

/** Methods that change something; the others read. What a process keeps in memory (`generation`) is no operation. */
const writes: ReadonlySet<string> = new Set([
  'apply',
  'putParameters',
  'putDocument',
  'deleteDocument',
  'putContent',
  'deleteContent',
  'appendAudit',
  'prune',
]);
const free: ReadonlySet<string> = new Set(['generation', 'beat', 'leave', 'close']);
/** Handed over for many sessions at once: told by name, and charged to none. */
const bulk: ReadonlySet<string> = new Set(['appendHistory']);

export interface Counts {
  reads: number;
  writes: number;
  /** By method, and by operation for `apply`. */
  names: Map<string, number>;
}

/** The store with each call of it counted. */
export function counting(store: Store, counts: Counts): Store {
  return new Proxy(store, {
    get: (target, name: keyof Store) => {
      const method = target[name] as (...args: unknown[]) => unknown;
      if (free.has(name)) return method;
      return (...args: unknown[]) => {
        const called = name === 'apply' ? `apply ${String(args[1])}` : name;
        counts.names.set(called, (counts.names.get(called) ?? 0) + 1);
        if (writes.has(name)) counts.writes++;
        else if (!bulk.has(name)) counts.reads++;
        return method(...args);
      };
    },
  });
}

const SESSIONS = 100;

async function count(servers: BenchServers, cpeAuth: 'none' | 'required'): Promise<Counts> {
  const counts: Counts = { reads: 0, writes: 0, names: new Map() };
  const { directory, serverKey } = await servers.stores.copy({ devices: SESSIONS });
  const clock = systemClock();
  const acs = await startAcs({
    clock,
    random: systemRandom(),
    log: silentLog,
    store: counting(await openSqlite({ file: `${directory}/tandem.db`, clock }), counts),
    serverKey,
    adminToken: 'bench-token',
    cwmp: [{ url: new URL('http://127.0.0.1:0') }],
    api: new URL('http://127.0.0.1:0'),
    tls: { certificates: [], minVersion: 'TLSv1.2' },
    cpeAuth,
    enrol: 'auto',
    trustedProxies: [],
    connectionRequestAllow: [],
  });
  try {
    const request: LoadRequest = {
      kind: 'closed',
      sessions: SESSIONS,
      concurrency: 1,
      devices: { count: SESSIONS, stored: SESSIONS },
      settings: {
        port: Number(new URL(acs.cwmp[0] ?? '').port),
        path: '/',
        inform: informTemplate(),
        answers: answersOf(),
        ...(cpeAuth === 'required' ? { login: 'challenged' } : {}),
      },
    };
    await loaded(servers, request);
    counts.names.clear();
    Object.assign(counts, { reads: 0, writes: 0 });
    await informedBy(servers, request);
  } finally {
    // Waits for the releases too.
    await acs.close();
  }
  return counts;
}

function rowsOf(what: string, { reads, writes: changes, names }: Counts): Row[] {
  const note = [...names].map(([name, times]) => `${name} ${times / SESSIONS}`).join(', ');
  const unit = 'calls / session';
  return [
    makeRow({
      name: `store reads, ${what}`,
      unit,
      ours: [reads / SESSIONS],
      goal: { limit: 1, of: 'ours' },
      incumbent: '7 operations, 5 in sequence',
      note,
    }),
    makeRow({ name: `store writes, ${what}`, unit, ours: [changes / SESSIONS], goal: { limit: 2, of: 'ours' }, note }),
  ];
}

export const operations: Bench = {
  about: 'store operations of an Inform-only session, counted',
  run: async ({ servers }: Setting) => [
    ...rowsOf('Inform-only session, no authentication', await count(servers, 'none')),
    ...rowsOf('Inform-only session, digest with its 401 round', await count(servers, 'required')),
  ],
};
