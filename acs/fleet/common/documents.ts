// Documents that operators write by name (presets, alerts, webhooks, files, …): one name rule, limit, revision check and change event.
import { isConflict } from '../../../shared/errors.ts';
import { UserError } from '../../errors.ts';
import { documentVersion, Edit } from '../../store/edit.ts';
import type { DocumentKind, Notice, StoredDocument } from '../../store/records.ts';
import type { FleetContext } from './context.ts';

/** The differences between the documents of one kind and those of the others. */
export interface DocumentRules<T> {
  /** Makes the 404 for a name that no document has. */
  missing(name: string): UserError;
  /** Replaces `documentName` as the rule for names. @throws UserError 400 */
  checkName?(name: string): unknown;
  /** Checks what `put` was given. @throws UserError 400 that names the place */
  validate?(body: T, name: string): unknown;
  /** Bounds the number of documents; `reached` makes the 409 for one more. */
  limit?: { most: number; reached(count: number): UserError };
  /** The version by which an edit names a document; its generation by default. */
  versionOf?(document: StoredDocument<T> | undefined): string;
  /** The word `by` of change events: `written` and `deleted` by default. `false` emits none. */
  changeEvent?: false | { put: (body: T) => string; remove: string };
}

export interface Documents<T> {
  list(): Promise<StoredDocument<T>[]>;
  find(name: string): Promise<StoredDocument<T> | undefined>;
  /** @throws UserError 404 */
  get(name: string): Promise<StoredDocument<T>>;
  /**
   * Writes a document over whatever the name holds now, if the edit allows it.
   * @param given the body, or how it is made from the one before; a body is validated before anything is read
   * @returns whether the name is new
   * @throws UserError 400 for the name or the body, 409 beyond the limit, 412
   */
  put(name: string, given: T | ((before: T | undefined) => T), edit?: Edit): Promise<boolean>;
  /**
   * Writes a document that was made from `before`, without validation.
   * @param before as it was read; undefined where the name must be free
   * @param notices for webhooks, in the same commit
   * @throws UserError 409 for which `isConflict` holds when the document has changed since, 412
   */
  replace(
    name: string,
    body: T,
    before: StoredDocument<T> | undefined,
    notices?: readonly Notice[],
    edit?: Edit,
  ): Promise<StoredDocument<T>>;
  /** @param mayBeMissing a name without a document is no error @throws UserError 404, 412 */
  remove(name: string, mayBeMissing?: boolean, edit?: Edit): Promise<void>;
}

/** The rule for names of documents. @returns the name @throws UserError 400 `bad-name` */
export function documentName(name: string): string {
  if (/^[\w.-]{1,64}$/.test(name)) return name;
  throw new UserError(400, 'bad-name', `'${name}': a name is 1 to 64 letters, digits and . _ -`);
}

/** Repeats `work`, which reads a document and replaces it, as long as other writers are faster. */
export async function retryConflicts<R>(work: () => Promise<R>): Promise<R> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
}

const writtenOrDeleted = { put: (): string => 'written', remove: 'deleted' };

/** The documents of one kind in the store. */
export function documents<T>(
  { store, clock, events }: Pick<FleetContext, 'store' | 'clock' | 'events'>,
  kind: DocumentKind,
  rules: DocumentRules<T>,
): Documents<T> {
  const {
    missing,
    checkName = documentName,
    validate,
    limit,
    changeEvent = writtenOrDeleted,
    versionOf = documentVersion,
  } = rules;
  const announce = (name: string, by: (words: Exclude<typeof changeEvent, false>) => string): void => {
    if (changeEvent) events.emit('change', { what: kind, name, by: by(changeEvent) });
  };
  const find = (name: string): Promise<StoredDocument<T> | undefined> => store.document<T>(kind, name);
  const isMaker = (given: T | ((before: T | undefined) => T)): given is (before: T | undefined) => T =>
    typeof given === 'function';

  /** The document under the name. @throws UserError 409 where one more would be too many */
  const current = async (name: string): Promise<StoredDocument<T> | undefined> => {
    if (!limit) return await find(name);
    const all = await store.documents<T>(kind);
    const found = all.find(document => document.name === name);
    if (!found && all.length >= limit.most) throw limit.reached(all.length);
    return found;
  };

  return {
    find,
    list: () => store.documents<T>(kind),
    get: async name => {
      const found = await find(name);
      if (!found) throw missing(name);
      return found;
    },
    put: async (name, given, edit = new Edit()) => {
      checkName(name);
      if (!isMaker(given)) await validate?.(given, name);
      return await repeatedly(edit, async () => {
        const before = await current(name);
        edit.assertAllows(versionOf(before));
        const body = isMaker(given) ? given(before?.body) : given;
        if (isMaker(given)) await validate?.(body, name);
        const expected = edit.isConditional ? (before?.generation ?? 0) : undefined;
        const generation = await store.putDocument(kind, name, body, expected, undefined, edit.note);
        edit.wrote(versionOf({ name, generation, changed: clock.now(), body }));
        announce(name, words => words.put(body));
        return !before;
      });
    },
    replace: async (name, body, before, notices, edit = new Edit()) => {
      edit.assertAllows(versionOf(before));
      const generation = await store.putDocument(kind, name, body, before?.generation ?? 0, notices, edit.note);
      announce(name, words => words.put(body));
      const written = { name, generation, changed: clock.now(), body };
      edit.wrote(versionOf(written));
      return written;
    },
    remove: async (name, mayBeMissing = false, edit = new Edit()) => {
      await repeatedly(edit, async () => {
        const before = edit.isConditional ? await find(name) : undefined;
        edit.assertAllows(versionOf(before));
        if (!(await store.deleteDocument(kind, name, before?.generation, edit.note)) && !mayBeMissing)
          throw missing(name);
      });
      announce(name, words => words.remove);
    },
  };
}

/** Repeats an edit under a condition when another writer was faster: the condition is judged again. */
const repeatedly = async <R>({ isConditional }: Edit, work: () => Promise<R>): Promise<R> =>
  isConditional ? await retryConflicts(work) : await work();
