// The list of a device's known parameters.
import { Turns } from '../../../shared/turns.ts';
import type { KnownValue } from '../../device/parameter.ts';
import type { DeviceRow } from '../../device/row.ts';
import { UserError } from '../../errors.ts';
import { shownText } from '../../fleet/common/secrets.ts';
import type { WantedParameter } from '../../fleet/presets/desired.ts';
import { cursorText, parameterCursor, pathBefore, readCursor } from '../../store/paging.ts';
import type { CallContext } from '../operation.ts';
import { parameterView } from '../views/core.ts';
import { isFieldOf } from './fields.ts';
import type { List } from './list.ts';

const columns = ['path', 'value', 'type', 'writable', 'notification', 'time', 'decidedBy'] as const;
const choices = ['writable', 'wanted', 'changed'] as const;
type Choice = (typeof choices)[number];

/** Values that are read and judged without a break. */
const PORTION = 500;

export interface ParameterListQuery {
  path?: string;
  prefix?: string;
  find?: string;
  show?: string;
  sort?: ParameterSort;
}

type ParameterSort = 'path' | '-path' | 'time' | '-time';

interface Entry {
  known: KnownValue;
  /** The preset that decides it, or `override`. */
  decidedBy: string | undefined;
}

/** @throws UserError 400 for an unknown choice, 404 */
export async function parameterList(
  device: string,
  query: ParameterListQuery,
  { fleet, caller, clock, show: shown }: CallContext,
): Promise<List<Entry>> {
  const row = await fleet.devices.row(device);
  const wanted = (await fleet.wantedStates.of(row)).set;
  const fits = judgeOf(row, query, wanted, (path, text) => shownText(shown.secrets, path, text));
  const isPart = query.find !== undefined || query.show !== undefined || query.prefix !== undefined || !caller.readsAll;
  const path = query.path ?? query.prefix?.slice(0, query.prefix.lastIndexOf('.') + 1) ?? '';
  /** Calls for each entry that fits, in the order of paths, until it says that it has enough. */
  const walk = async (after: string, portion: number, visit: (entry: Entry) => boolean): Promise<void> => {
    const turns = new Turns(PORTION);
    for await (const page of fleet.devices.knownPages(row, { path, after, portion }))
      for (const known of page) {
        await turns.spent(1);
        if (!caller.mayRead(known.path) || !fits(known)) continue;
        if (!visit({ known, decidedBy: wanted.get(known.path)?.preset })) return;
      }
  };
  return {
    name: 'parameters',
    columns,
    limit: 1000,
    isField: isFieldOf(columns),
    page: async ({ limit, cursor }) => {
      if (query.sort !== undefined && query.sort !== 'path')
        return await sortedPage(query.sort, { limit, ...(cursor === undefined ? {} : { cursor }) }, async visit => {
          await walk('', 1000, visit);
        });
      const items: Entry[] = [];
      const after = pathBefore({ device, path, limit, ...(cursor === undefined ? {} : { cursor }) });
      await walk(after, isPart ? 1000 : limit + 1, entry => items.push(entry) <= limit);
      const last = items[limit - 1];
      return items.length > limit && last
        ? { items: items.slice(0, limit), next: parameterCursor(last.known.path) }
        : { items };
    },
    count: async () => {
      let total = 0;
      await walk('', 1000, () => ++total > 0);
      return { total, exact: true, countedAt: clock.now() };
    },
    view: ({ known, decidedBy }) => ({
      ...parameterView(known, shown),
      ...(decidedBy === undefined ? {} : { decidedBy }),
    }),
  };
}

/** A page in another order than that of paths. A device has a bounded number of parameters (--max-parameters), which are all looked at. */
async function sortedPage(
  sort: Exclude<ParameterSort, 'path'>,
  { limit, cursor }: { limit: number; cursor?: string },
  walk: (visit: (entry: Entry) => boolean) => Promise<void>,
): Promise<{ items: Entry[]; next?: string }> {
  const side = sort.startsWith('-') ? -1 : 1;
  const mark = `parameter ${sort}`;
  const keyOf = ({ known }: Entry): Place => ({ key: sort.endsWith('time') ? known.time : 0, id: known.path });
  const order = (a: Place, b: Place): number =>
    side * (Number(a.key) - Number(b.key) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const after = cursor === undefined ? undefined : readCursor(cursor, mark);
  const found: Entry[] = [];
  await walk(entry => {
    if (after === undefined || order(keyOf(entry), after) > 0) found.push(entry);
    return true;
  });
  found.sort((a, b) => order(keyOf(a), keyOf(b)));
  const items = found.slice(0, limit);
  const last = found.length > limit ? items.at(-1) : undefined;
  if (!last) return { items };
  const { key, id } = keyOf(last);
  return { items, next: cursorText(mark, key, id) };
}

type Place = ReturnType<typeof readCursor>;

/** @param shown a text as the caller sees it: what is searched tells no secret @throws UserError 400 */
function judgeOf(
  { drift = [] }: DeviceRow,
  { prefix = '', find, show }: ParameterListQuery,
  wanted: ReadonlyMap<string, WantedParameter>,
  shown: (path: string, text: string) => string,
): (known: KnownValue) => boolean {
  const drifted = new Set(drift.map(({ path }) => path));
  const part = find?.toLowerCase();
  const chosen = show === undefined ? [] : choicesOf(show);
  const tests: Record<Choice, (known: KnownValue) => boolean> = {
    writable: ({ writable }) => writable === true,
    wanted: ({ path }) => wanted.has(path),
    changed: ({ path }) => drifted.has(path),
  };
  return known =>
    known.path.startsWith(prefix) &&
    chosen.every(name => tests[name](known)) &&
    (part === undefined || `${known.path}\n${shown(known.path, known.value)}`.toLowerCase().includes(part));
}

function choicesOf(text: string): Choice[] {
  const names = text.split(',').map(name => name.trim());
  const stray = names.find(name => !(choices as readonly string[]).includes(name));
  if (stray !== undefined)
    throw new UserError(400, 'bad-input', `query.show: '${stray.slice(0, 60)}' is none of ${choices.join(', ')}`);
  return names as Choice[];
}
