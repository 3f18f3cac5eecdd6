// The store on SQLite: a writer thread with group commit, indexed reads on the calling thread's own connection, searches on a third.
// In-thread (virtual time, tests, `:memory:`) one connection does all, and a group is what was asked in one turn.
import type { Clock } from '../../../shared/clock.ts';
import { UserError } from '../../errors.ts';
import type { Member, Store } from '../store.ts';
import { type Connections, connectHere, connectReads, connectThreads } from './connections.ts';
import { createContents, type SqliteContents } from './contents.ts';
import { jobStore } from './job-store.ts';
import type { StoreFile } from './schema.ts';
import { deliveryStore, deviceStore, documentStore, historyStore, workStore } from './store-parts.ts';
import type { WriteRequest } from './writes/write-request.ts';
import { PRUNE_BATCH } from './writes/writes.ts';

export interface SqliteOptions extends StoreFile {
  /** Dates documents. */
  clock: Clock;
  /** The writer runs on the calling thread. Always so for `:memory:`. */
  inThread?: boolean;
}

/** Calls that only the process which owns the file can carry out; with plain data, so that other processes can forward theirs. */
export interface Owner {
  write(request: WriteRequest): Promise<unknown>;
  beat: Store['beat'];
  leave: Store['leave'];
}

/** @throws UserError 503 when the file cannot serve: of a newer version, of another program, held by another process, … */
export async function openSqlite(options: SqliteOptions): Promise<Store> {
  return (await openOwned(options)).store;
}

/** The same store, and how other processes change it through this one. @throws as openSqlite */
export async function openOwned(options: SqliteOptions): Promise<{ store: Store; owner: Owner }> {
  const { file, maxBytes, clock } = options;
  const place: StoreFile = maxBytes === undefined ? { file } : { file, maxBytes };
  const inThread = options.inThread || file === ':memory:';
  const connections = inThread ? connectHere(place) : await connectThreads(place);
  await sweepAtStart(connections, clock);
  // The file belongs to one process: every other member serves the store through it, and ends with it.
  const members = createMembers();
  return { store: createStore(connections, clock, members), owner: { write: connections.write, ...members } };
}

/** A store that another process of this machine owns: read here, changed there. @throws UserError 503 when the file cannot be read */
export async function openBeside({ file, clock }: SqliteOptions, owner: Owner): Promise<Store> {
  const { close, ...reads } = connectReads({ file });
  const store = createStore({ ...reads, write: owner.write, close }, clock, owner);
  // Read each time: a change through another process must count for the next session here.
  let known: Map<string, number> | undefined;
  const generations = (): Map<string, number> => {
    // Questions of one moment share an answer.
    if (!known) queueMicrotask(() => (known = undefined));
    known ??= reads.queries.documents.generations();
    return known;
  };
  return { ...store, generation: kind => generations().get(kind) ?? 0 };
}

function createMembers(): Pick<Owner, 'beat' | 'leave'> {
  const members = new Map<string, Member>();
  return {
    beat: async ({ id, address }) => {
      members.set(id, { id, address, beat: (members.get(id)?.beat ?? 0) + 1 });
      return [...members.values()];
    },
    leave: async id => {
      members.delete(id);
    },
  };
}

/** Deletes contents without a name: at the start none is written or read, so a process that ended in the middle left them. */
async function sweepAtStart(connections: Connections, clock: Clock): Promise<void> {
  if (!connections.queries.contents.hasLoose()) return;
  try {
    await createContents(connections, clock).sweep(Number.MAX_SAFE_INTEGER);
  } catch (error) {
    // A full disk keeps them for now: the next pruning tries again. A store that serves nothing else will say so itself.
    if (error instanceof UserError) return;
    await connections.close();
    throw error;
  }
}

function createStore(connections: Connections, clock: Clock, { beat, leave }: Pick<Owner, 'beat' | 'leave'>): Store {
  const { sweep, ...contents } = createContents(connections, clock);
  return {
    ...deviceStore(connections),
    ...workStore(connections),
    ...documentStore(connections, clock),
    ...contents,
    ...deliveryStore(connections),
    ...historyStore(connections),
    ...jobStore(connections),
    ...recordStore(connections, sweep),
    beat,
    leave,
    close: connections.close,
  };
}

const recordStore = (
  { write, queries }: Connections,
  sweep: SqliteContents['sweep'],
): Pick<Store, 'appendAudit' | 'auditHead' | 'audit' | 'prune'> => ({
  appendAudit: async (entries, notices = []) => {
    await write({ do: 'audit', entries, notices });
  },
  auditHead: async () => queries.documents.auditHead(),
  audit: async query => queries.documents.audit(query),
  prune: async retention => {
    await sweep();
    while (((await write({ do: 'prune', retention })) as number) === PRUNE_BATCH);
  },
});
