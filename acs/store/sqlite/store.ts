// The store on SQLite: a writer thread with group commit, indexed reads on this thread's own connection, searches on a third.
// In-thread (virtual time, tests, `:memory:`) one connection does all, and a group is what was asked in one turn.
import type { Clock } from '../../../shared/clock.ts';
import { UserError } from '../../../shared/errors.ts';
import type { DeviceOperation, DeviceOperations, Informed, InformFacts } from '../../device/operation-types.ts';
import type { KnownValue } from '../../device/parameter.ts';
import type { DeviceRow } from '../../device/row.ts';
import type { Filter } from '../../query/filter.ts';
import type { Delivery, DocumentKind, StoredDocument } from '../records.ts';
import type { DeviceQuery, Groups, Member, Store } from '../store.ts';
import { createContents } from './contents.ts';
import { writePacking } from './packing.ts';
import {
  createReading,
  type KnownAnswer,
  type PartsAnswer,
  type Reading,
  rowsOf,
  type SearchRequest,
} from './queries.ts';
import { openReader, openWriter, type StoreFile } from './schema.ts';
import { type StoreThread, startThread } from './thread.ts';
import { createWriting, PRUNE_BATCH, type WriteOutcome, type WriteRequest } from './writes.ts';

export interface SqliteOptions extends StoreFile {
  /** Dates documents. */
  clock: Clock;
  /** The writer runs on the calling thread. Always so for `:memory:`. */
  inThread?: boolean;
}

/** What only the process that owns the file can do; plain data, so that it can be asked from another one. */
export interface Owner {
  write(request: WriteRequest): Promise<unknown>;
  beat: Store['beat'];
  leave: Store['leave'];
}

/** The three ways a request goes: changes, searches, quick reads. */
interface Connections {
  write(request: WriteRequest): Promise<unknown>;
  search(request: SearchRequest): Promise<unknown>;
  reading: Reading;
  close(): Promise<void>;
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
  // The file belongs to one process: whoever else serves the store does so through it, and ends with it.
  const members = createMembers();
  return { store: createStore(connections, clock, members), owner: { write: connections.write, ...members } };
}

/** A store that another process of this machine owns: read here, changed there. @throws UserError 503 when the file cannot be read */
export async function openBeside({ file, clock }: SqliteOptions, owner: Owner): Promise<Store> {
  const { close, ...reads } = openReads({ file });
  const store = createStore({ ...reads, write: owner.write, close }, clock, owner);
  // What another process changed is seen at once: what an operator has changed holds for the session that he asks for next.
  return { ...store, generation: kind => reads.reading.generations().get(kind) ?? 0 };
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

/** Nobody writes or reads yet: what has no name was left by a process that ended in the middle. */
async function sweepAtStart(connections: Connections, clock: Clock): Promise<void> {
  if (!connections.reading.hasLooseContent()) return;
  try {
    await createContents(connections, clock).sweep(Number.MAX_SAFE_INTEGER);
  } catch (error) {
    // A full disk keeps it for now: the next pruning tries again. A store that serves nothing else will say so itself.
    if (error instanceof UserError) return;
    await connections.close();
    throw error;
  }
}

const closed = (): UserError => new UserError(503, 'store-closed', 'the store is closed');

function connectHere(place: StoreFile): Connections {
  const { db, close } = openWriter(place);
  const writing = createWriting(db);
  const reading = createReading(db);
  let queue: { request: WriteRequest; settle: (outcome: WriteOutcome) => void }[] = [];
  let open = true;

  const flush = (): void => {
    const group = queue;
    queue = [];
    if (group.length === 0) return;
    const outcomes = writing.commit(group.map(({ request }) => request));
    for (const [index, { settle }] of group.entries()) settle(copied(outcomes[index]!));
  };
  return {
    reading,
    write: request =>
      new Promise((resolve, reject) => {
        if (!open) return reject(closed());
        const settle = (outcome: WriteOutcome): void => (outcome.ok ? resolve(outcome.value) : reject(outcome.error));
        // A copy, as a thread would get: what the caller changes later is not what it asked for.
        if (queue.push({ request: structuredClone(request), settle }) === 1) queueMicrotask(flush);
      }),
    search: async request => JSON.parse(reading.search(request)) as unknown,
    close: async () => {
      if (!open) return;
      open = false;
      flush();
      close();
    },
  };
}

/** What was answered is the caller's own, as from a thread. */
const copied = (outcome: WriteOutcome): WriteOutcome =>
  outcome.ok ? { ok: true, value: structuredClone(outcome.value) } : outcome;

/** The writer does not send back what it was sent. */
function withTold(informed: Informed, { report }: InformFacts): void {
  if (informed.outcome === 'claimed') informed.row.told ??= report.values;
}

async function connectThreads(place: StoreFile): Promise<Connections> {
  const writer = await startThread<WriteRequest>('writer', place, writePacking);
  const { close, ...reads } = openReads(place);
  return {
    ...reads,
    write: request => writer.call(request),
    close: async () => {
      await close();
      // Last, so that the final checkpoint finds no other connection.
      await writer.close();
    },
  };
}

function openReads(place: StoreFile): Omit<Connections, 'write'> {
  const db = openReader(place.file);
  let reader: Promise<StoreThread<SearchRequest>> | undefined;
  let open = true;
  return {
    reading: createReading(db),
    search: async request => {
      if (!open) throw closed();
      reader ??= startThread<SearchRequest>('reader', place);
      return (await reader).call(request);
    },
    close: async () => {
      if (!open) return;
      open = false;
      await (await reader)?.close();
      db.close();
    },
  };
}

function createStore(
  { write, search, reading, close }: Connections,
  clock: Clock,
  { beat, leave }: Pick<Owner, 'beat' | 'leave'>,
): Store {
  const generations = reading.generations();
  const files = createContents({ write, reading }, clock);
  return {
    device: async id => reading.device(id),
    deviceByUsername: async username => reading.deviceByUsername(username),
    apply: async <N extends DeviceOperation>(id: string, name: N, args: DeviceOperations[N]['args']) => {
      const result = (await write({ do: 'apply', id, name, args })) as DeviceOperations[N]['result'];
      if (name === 'informed') withTold(result as Informed, args as InformFacts);
      return result;
    },
    // Without a filter an index gives the page at once; a filter may have to look at every device.
    devices: async query => {
      if (query.only) {
        const { parts, ...rest } = (await search({ do: 'devices', query })) as PartsAnswer;
        return { items: rowsOf(parts, query.only), ...rest };
      }
      return query.filter || !indexedSort(query)
        ? ((await search({ do: 'devices', query })) as { items: DeviceRow[]; next?: string })
        : reading.devices(query);
    },
    countDevices: async (filter: Filter | undefined, now: number) =>
      (await search(filter ? { do: 'countDevices', filter, now } : { do: 'countDevices', now })) as number,

    groups: async query => (await search({ do: 'groups', query })) as Groups,
    overdue: async query => (await search({ do: 'overdue', query })) as string[],

    parameters: async (device, path) => reading.parameters(device, path),
    knownValues: async (devices, paths) => {
      const { texts, of } = (await search({ do: 'knownValues', devices, paths })) as KnownAnswer;
      return new Map(of.map(([device, at]) => [device, texts[at]!]));
    },
    putParameters: async (device: string, values: KnownValue[], replaceBelow?: string) => {
      await write({
        do: 'putParameters',
        device,
        values,
        ...(replaceBelow === undefined ? undefined : { replaceBelow }),
      });
    },

    tasks: async query => reading.tasks(query),
    task: async id => reading.task(id),
    faults: async limit => reading.faults(limit),

    documents: async <T>(kind: DocumentKind) => reading.documents(kind) as StoredDocument<T>[],
    document: async <T>(kind: DocumentKind, name: string) =>
      reading.document(kind, name) as StoredDocument<T> | undefined,
    putDocument: async (kind, name, body, expected, notices) => {
      const request: WriteRequest = { do: 'putDocument', kind, name, body, now: clock.now() };
      if (expected !== undefined) request.expected = expected;
      if (notices?.length) request.notices = notices;
      const generation = (await write(request)) as number;
      generations.set(kind, Math.max(generation, generations.get(kind) ?? 0));
      return generation;
    },
    deleteDocument: async (kind, name) => {
      const generation = (await write({ do: 'deleteDocument', kind, name })) as number | undefined;
      if (generation === undefined) return false;
      generations.set(kind, Math.max(generation, generations.get(kind) ?? 0));
      return true;
    },
    generation: kind => generations.get(kind) ?? 0,

    putContent: files.putContent,
    content: files.content,
    deleteContent: files.deleteContent,
    contents: files.contents,

    beat,
    leave,

    appendHistory: async entries => {
      await write({ do: 'appendHistory', entries });
    },
    series: async query => reading.series(query),
    seriesPaths: async device => reading.seriesPaths(device),
    deviceEvents: async (device, limit) => reading.deviceEvents(device, limit),

    takeDeliveries: async query => (await write({ do: 'takeDeliveries', query })) as Delivery[],
    settleDelivery: async (id, outcome) => {
      await write({ do: 'settleDelivery', id, outcome });
    },
    deliveries: async query => reading.deliveries(query),
    deliveryCounts: async () => reading.deliveryCounts(),
    reviveDeliveries: async (webhook, now) => (await write({ do: 'reviveDeliveries', webhook, now })) as number,
    dropDeliveries: async webhook => {
      await write({ do: 'dropDeliveries', webhook });
    },
    boundDeliveries: async before => {
      await write({ do: 'boundDeliveries', before });
    },

    appendAudit: async entry => {
      await write({ do: 'audit', entry });
    },
    audit: async query => reading.audit(query),

    prune: async retention => {
      await files.sweep();
      while (((await write({ do: 'prune', retention })) as number) === PRUNE_BATCH);
    },
    close,
  };
}

const unindexed: ReadonlySet<string> = new Set(
  'manufacturer hardware address lastBoot online rolloutState rolloutZone rolloutWave rolloutDue'.split(' '),
);
const indexedSort = ({ sort }: DeviceQuery): boolean => !unindexed.has(sort?.replace(/^-/, '') ?? 'id');
