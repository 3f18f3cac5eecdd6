// Documents that are replaced only as a whole, and only if they are the expected ones. Each carries the id of the write that made it and
// those of the writes before: a process that lost an answer reads there whether its write was carried out. So a write can be sent again,
// and none is carried out twice; where the document no longer tells, the outcome is unknown, and nothing more is written.
import type { Collection, Filter, OptionalUnlessRequiredId, UpdateFilter, WithoutId } from 'mongodb';
import type { UserError } from '../../errors.ts';
import { isDuplicate, isPassing, mayBeSent, Unsettled } from './link-errors.ts';

export interface Versioned {
  _id: string;
  /** Id of the write that made it. */
  op: string;
  /** Ids of the writes before, the latest first: a process that lost an answer finds its own here even after other writes. */
  past: string[];
}

const MAX_PAST = 8;

/** The ids that the document after `before` carries. */
export const stamp = (link: { newId(): string }, before: Versioned | undefined): Pick<Versioned, 'op' | 'past'> => ({
  op: link.newId(),
  past: before ? [before.op, ...before.past].slice(0, MAX_PAST) : [],
});

/** Fields that change, and those that go. */
export interface FieldUpdate {
  $set: Record<string, unknown>;
  $unset?: Record<string, ''>;
}

/** One write, as something that can be tried again. */
export interface Write<T extends Versioned> {
  collection: Collection<T>;
  /** Undefined for a document that is inserted. */
  before: Versioned | undefined;
  next: T;
  /** The update that makes `next` of `before`, where less is to be sent than the whole. */
  update?: FieldUpdate | undefined;
  /** An absent document may be inserted again: none of the collection is ever deleted, or its return does no harm. */
  mayReturn: boolean;
  unavailable(error: unknown): UserError;
}

type Marks = Pick<Versioned, 'op' | 'past'>;

async function marksOf<T extends Versioned>(collection: Collection<T>, _id: string): Promise<Marks | undefined> {
  const query = { _id } as Filter<T>;
  return ((await collection.findOne(query, { projection: { op: 1, past: 1 } })) as Marks | null) ?? undefined;
}

/** @returns false when another write came first. @throws UserError 503 when it is unknown whether it was carried out */
export function replacing<T extends Versioned>(write: Write<T>): () => Promise<boolean> {
  const { collection, next } = write;
  return afterLoss(
    async () => outcomeOf(write, await marksOf(collection, next._id)),
    () => writeOnce(write),
  );
}

/** True where a write whose answer was lost was carried out, false where another came first, undefined where it can be sent again. */
function outcomeOf(
  { before, next, mayReturn, unavailable }: Omit<Write<Versioned>, 'collection'>,
  stored: Marks | undefined,
) {
  if (stored && (stored.op === next.op || stored.past.includes(next.op))) return true;
  if (before) {
    if (stored?.op === before.op) return undefined;
    // The write would stand right before it.
    if (stored?.past.includes(before.op)) return false;
  } else if (mayReturn) {
    if (!stored) return undefined;
    if (stored.past.length < MAX_PAST) return false;
  }
  throw unavailable(new Error('the answer to a write was lost'));
}

/**
 * Deletes the document if it is still that one.
 * @returns false when another write came first
 */
export function removing<T extends Versioned>(
  collection: Collection<T>,
  before: Versioned,
  unavailable: Write<T>['unavailable'],
): () => Promise<boolean> {
  const look = async (): Promise<boolean | undefined> => {
    const stored = await marksOf(collection, before._id);
    if (!stored) return true;
    if (stored.op === before.op) return undefined;
    if (stored.past.includes(before.op)) return false;
    // One that remembers all its writes, and not that one, was inserted after a deletion.
    if (stored.past.length < MAX_PAST) return true;
    throw unavailable(new Error('the answer to a deletion was lost'));
  };
  return afterLoss(look, async () => {
    const { deletedCount } = await collection.deleteOne({ _id: before._id, op: before.op } as Filter<T>);
    return deletedCount === 1;
  });
}

/** Sends once; after a lost answer it first looks for the outcome. */
function afterLoss(look: () => Promise<boolean | undefined>, send: () => Promise<boolean>): () => Promise<boolean> {
  let unsure = false;
  return async () => {
    const found = unsure ? await look() : undefined;
    if (found !== undefined) return found;
    try {
      if (await send()) return true;
    } catch (error) {
      unsure ||= isPassing(error) && mayBeSent(error);
      throw error;
    }
    if (!unsure) return false;
    throw new Unsettled('an earlier write is not settled yet');
  };
}

async function writeOnce<T extends Versioned>({ collection, before, next, update }: Write<T>): Promise<boolean> {
  if (before) {
    const filter = { _id: next._id, op: before.op } as Filter<T>;
    const { matchedCount } = update
      ? await collection.updateOne(filter, update as UpdateFilter<T>)
      : await collection.replaceOne(filter, next as WithoutId<T>);
    return matchedCount === 1;
  }
  try {
    await collection.insertOne(next as OptionalUnlessRequiredId<T>);
    return true;
  } catch (error) {
    if (isDuplicate(error)) return false;
    throw error;
  }
}
