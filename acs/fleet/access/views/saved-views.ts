// Saved views of lists: a filter with columns and order under a name, for the principal that saves it, or shared with all.
import { readAt } from '../../../../shared/errors.ts';
import { UserError } from '../../../errors.ts';
import { parseFilter } from '../../../query/parser.ts';
import type { Edit } from '../../../store/edit.ts';
import type { StoredDocument } from '../../../store/records.ts';
import { type Documents, documentName, documents } from '../../common/documents.ts';
import type { Author } from '../principal.ts';
import type { AccessContext } from '../roles.ts';

export interface SavedView {
  /** A filter; '' for all entries. */
  q: string;
  /** Columns, in order. */
  cols: string[];
  sort: string;
  /** All callers may read it. */
  shared: boolean;
}

interface StoredView extends SavedView {
  author: Author;
  name: string;
}

export interface ViewOfCaller extends SavedView {
  name: string;
  author: string;
  /** It is of the caller. */
  mine: boolean;
}

const MAX_OF_ONE = 100;
const MAX_VIEWS = 5000;
/** Kinds of authors in the order in which a name is looked up. */
const kinds = ['user', 'token', 'admin-token'] as const;

/** The name of the document: each principal has names of its own. */
export const viewKey = ({ kind, name: author }: Author, name: string): string => `${kind}/${author}/${name}`;

const isSame = (a: Author, b: Author): boolean => a.kind === b.kind && a.name === b.name;

export class SavedViews {
  readonly #documents: Documents<StoredView>;

  constructor(context: AccessContext) {
    this.#documents = documents<StoredView>(context, 'view', {
      missing: key => missing(key.split('/').at(-1) ?? ''),
      // The name within the key is checked before the key is made.
      checkName: () => undefined,
      validate: ({ q }) => q === '' || readAt('body.q', () => parseFilter(q)),
      limit: { most: MAX_VIEWS, reached: tooMany },
      changeEvent: false,
    });
  }

  /** The views of a caller, and those that others share. */
  async list(caller: Author): Promise<ViewOfCaller[]> {
    const found = (await this.#documents.list()).filter(({ body }) => body.shared || isSame(body.author, caller));
    return found.map(({ body }) => viewOf(body, caller)).sort((a, b) => Number(b.mine) - Number(a.mine));
  }

  /** @param author whose view it is; by default the caller's @throws UserError 404 */
  async get(caller: Author, name: string, author?: string): Promise<ViewOfCaller> {
    return viewOf((await this.#find(caller, name, author)).body, caller);
  }

  /** @returns whether the name is new @throws UserError 400, 409, 412 */
  async put(caller: Author, name: string, { q, cols, sort, shared }: SavedView, edit?: Edit): Promise<boolean> {
    const key = viewKey(caller, documentName(name));
    const own = (await this.#documents.list()).filter(({ body }) => isSame(body.author, caller));
    if (own.length >= MAX_OF_ONE && !own.some(view => view.name === key)) throw tooMany(own.length);
    const { kind, name: author } = caller;
    return await this.#documents.put(key, { q, cols, sort, shared, name, author: { kind, name: author } }, edit);
  }

  /** Removes a view of the caller. @throws UserError 404, 412 */
  async remove(caller: Author, name: string, edit?: Edit): Promise<void> {
    await this.#documents.remove(viewKey(caller, name), false, edit);
  }

  /** Removes all views of a principal that is deleted. */
  async removeOf(author: Author): Promise<void> {
    for (const { name, body } of await this.#documents.list())
      if (isSame(body.author, author)) await this.#documents.remove(name, true);
  }

  async #find(caller: Author, name: string, author: string | undefined): Promise<StoredDocument<StoredView>> {
    const own = await this.#documents.find(viewKey(caller, name));
    if (own && (author === undefined || author === caller.name)) return own;
    for (const kind of author === undefined ? [] : kinds) {
      const found = await this.#documents.find(viewKey({ kind, name: author ?? '' }, name));
      if (found?.body.shared) return found;
    }
    throw missing(name);
  }
}

const missing = (name: string): UserError => new UserError(404, 'no-such-view', `no view '${name}'`);
const tooMany = (count: number): UserError => new UserError(409, 'too-many-views', `there are ${count} views already`);

const viewOf = ({ name, author, ...view }: StoredView, caller: Author): ViewOfCaller => ({
  name,
  author: author.name,
  ...view,
  mine: isSame(author, caller),
});
