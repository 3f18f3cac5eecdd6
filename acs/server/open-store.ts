// Opens the store, and finds the place of this process: alone, one of several on a MongoDB, the primary of workers, or a worker.
import { join } from 'node:path';
import type { Clock, Random } from '../../shared/clock.ts';
import { UsageError } from '../../shared/config.ts';
import type { Log } from '../../shared/log.ts';
import { tightenFiles } from '../../shared/private-files.ts';
import { listening } from '../app/listening.ts';
import type { AcsOptions } from '../config.ts';
import { memberId } from '../fleet/common/members.ts';
import { createSecrets } from '../fleet/common/secrets.ts';
import type { ClusterPlace } from '../relay/join.ts';
import { openRelay, type Relay } from '../relay/relay.ts';
import { ownerAt, serveStore } from '../relay/remote-store.ts';
import { openBeside, openOwned, openSqlite } from '../store/sqlite/store.ts';
import type { Store } from '../store/store.ts';
import type { DataDirectory } from './data-directory.ts';
import type { Assignment } from './workers.ts';

export interface OpenedStore {
  store: Store;
  /** Absent for the only process on a store. */
  cluster?: ClusterPlace;
  /** To be called after the ACS and the store are closed. */
  close(): Promise<void>;
}

interface OpenContext {
  clock: Clock;
  random: Random;
  log: Log;
  assignment?: Assignment | undefined;
}

export const hostPortOf = (text: string): { host: string; port: number } => {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
};

const isMongo = (options: AcsOptions): options is AcsOptions & { store: string } =>
  options.store?.startsWith('mongodb') ?? false;

/** @throws UsageError for options that need other processes, where there are none */
export function checkStoreOptions(options: AcsOptions): void {
  const { relay, workers, wire } = options;
  if (workers > 0 && wire) throw new UsageError('--wire: not possible with --workers');
  if (relay === undefined) return;
  if (!isMongo(options)) throw new UsageError('--relay: needs --store mongodb://…');
  if (/^(0\.0\.0\.0|::|)$/.test(hostPortOf(relay).host))
    throw new UsageError(`--relay: ${relay}: must be an address at which the other servers reach this one`);
}

/** @throws UserError when the store, the directory or an address cannot be used; then nothing stays open */
export async function openStore(options: AcsOptions, data: DataDirectory, context: OpenContext): Promise<OpenedStore> {
  if (!isMongo(options) && !context.assignment) await tightenStore(fileOf(options, context.clock).file, context.log);
  if (!isMongo(options) && options.workers === 0)
    return { store: await openSqlite(fileOf(options, context.clock)), close: async () => undefined };
  const unlock = isMongo(options) && !context.assignment ? data.lock() : undefined;
  let relay: Relay | undefined;
  try {
    relay = await relayOf(options, data, context);
    const store = await sharedStore(options, relay, context);
    const close = async (): Promise<void> => {
      await relay?.close();
      unlock?.();
    };
    return { store, cluster: { relay, ...primaryOf(context) }, close };
  } catch (error) {
    await relay?.close();
    unlock?.();
    throw error;
  }
}

/** A store of an earlier version may be readable by all. */
const tightenStore = (file: string, log: Log): Promise<void> =>
  tightenFiles(
    ['', '-wal', '-shm', '-lock'].map(end => file + end),
    log,
  );

const primaryOf = ({ assignment }: OpenContext): Pick<ClusterPlace, 'primary'> =>
  assignment ? { primary: assignment.primary.member } : {};

const fileOf = ({ store, data }: AcsOptions, clock: Clock): { file: string; clock: Clock } => ({
  file: store?.slice('sqlite:'.length) ?? join(data, 'tandem.db'),
  clock,
});

async function relayOf(options: AcsOptions, data: DataDirectory, context: OpenContext): Promise<Relay> {
  const { clock, random, log, assignment } = context;
  const given = options.relay === undefined ? undefined : hostPortOf(options.relay);
  // Each worker has its own port, counted up from that of the primary.
  const listen = given && { host: given.host, port: given.port === 0 ? 0 : given.port + (assignment?.number ?? 0) };
  const self = assignment?.self ?? memberId(await data.node(), random);
  const key = createSecrets(data.serverKey, random).keyFor('relay');
  const known = assignment ? { known: assignment.primary } : {};
  const opening = openRelay({ ...{ self, key, clock, random, log }, ...(listen ? { listen } : {}), ...known });
  return await listening('--relay', listen ?? { host: '127.0.0.1', port: 0 }, opening);
}

async function sharedStore(
  options: AcsOptions,
  relay: Relay,
  { clock, random, assignment }: OpenContext,
): Promise<Store> {
  if (isMongo(options)) {
    // Loaded on use, since SQLite does not need the driver.
    const { openMongo } = await import('../store/mongo/store.ts');
    return await openMongo({ url: options.store, clock, random });
  }
  const place = fileOf(options, clock);
  if (assignment) return await openBeside(place, ownerAt(relay, assignment.primary.member));
  const { store, owner } = await openOwned(place);
  serveStore(relay, owner);
  return store;
}
