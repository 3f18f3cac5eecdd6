// The list of stored files.
import { UserError } from '../../errors.ts';
import type { StoredFile } from '../../fleet/files/stored-file.ts';
import { isVisible } from '../../fleet/files/visible.ts';
import type { Fleet } from '../../fleet/fleet.ts';
import { type RecordFields, recordTest } from '../../query/record-filter.ts';
import { cursorText, readCursor } from '../../store/paging.ts';
import type { CallContext } from '../operation.ts';
import { fileView } from '../views/core.ts';
import { isFieldOf } from './fields.ts';
import type { List } from './list.ts';

const columns = ['name', 'type', 'version', 'productClass', 'size', 'sha256', 'time', 'usedBy'] as const;

/** The mark of its cursors. */
const SORT = 'file';

const chosen = ['type', 'version', 'productClass'] as const;

type FileSort = 'name' | '-name' | 'time' | '-time' | 'size' | '-size';

export interface FileListQuery {
  type?: StoredFile['type'];
  version?: string;
  productClass?: string;
  filter?: string;
  sort?: FileSort;
}

/** The fields of `filter`. */
const filterFields: RecordFields<StoredFile> = {
  name: { kind: 'text', of: ({ name }) => name },
  type: { kind: 'text', of: ({ type }) => type },
  version: { kind: 'version', of: ({ version }) => version },
  productClass: { kind: 'text', of: ({ productClass }) => productClass },
  size: { kind: 'number', of: ({ size }) => size },
  sha256: { kind: 'text', of: ({ sha256 }) => sha256 },
  time: { kind: 'time', of: ({ time }) => time },
};

interface ListedFile extends StoredFile {
  usedBy: { presets: string[]; rollouts: string[] };
}

/** @throws UserError 400 `bad-filter` */
export function fileList(query: FileListQuery, { fleet, caller, clock }: CallContext): List<ListedFile> {
  const { sort = 'name', filter } = query;
  const isFitting = filter === undefined ? () => true : recordTest(filter, filterFields);
  const all = async (): Promise<StoredFile[]> => {
    const files = (await fleet.files.list()).filter(
      file =>
        isVisible(file, caller) &&
        chosen.every(name => query[name] === undefined || file[name] === query[name]) &&
        isFitting(file, clock.now()),
    );
    return files.sort(orderBy(sort));
  };
  return {
    name: 'files',
    columns,
    limit: 1000,
    isField: isFieldOf(columns),
    page: async ({ limit, cursor }) => {
      const files = await all();
      const from = cursor === undefined ? 0 : placeAfter(files, cursor);
      const items = await Promise.all(files.slice(from, from + limit).map(file => withUsers(file, fleet)));
      const last = items.at(-1);
      return last && from + limit < files.length ? { items, next: cursorText(SORT, '', last.name) } : { items };
    },
    count: async () => ({ total: (await all()).length, exact: true, countedAt: clock.now() }),
    view: ({ usedBy, ...file }) => ({ ...fileView(file), usedBy }),
  };
}

async function withUsers(file: StoredFile, fleet: Fleet): Promise<ListedFile> {
  const [presets, rollouts] = await Promise.all([fleet.presets.usersOf(file.name), fleet.rollouts.usersOf(file.name)]);
  return { ...file, usedBy: { presets, rollouts } };
}

function orderBy(sort: FileSort): (a: StoredFile, b: StoredFile) => number {
  const side = sort.startsWith('-') ? -1 : 1;
  const name = sort.replace('-', '') as 'name' | 'time' | 'size';
  const order = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0);
  return (a, b) => side * order(a[name], b[name]) || order(a.name, b.name);
}

/** The place after the file that a cursor names. @throws UserError 400 `bad-cursor` also where it went meanwhile */
function placeAfter(files: readonly StoredFile[], cursor: string): number {
  const { id: name } = readCursor(cursor, SORT);
  const at = files.findIndex(file => file.name === name);
  if (at < 0) throw new UserError(400, 'bad-cursor', 'the cursor is not one of this list, or its file was deleted');
  return at + 1;
}
