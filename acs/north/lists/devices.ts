// The list of devices: fields by the names of filters and of the view, and parameters by their paths.

import { UserError } from '../../errors.ts';
import { assertField } from '../../fleet/access/caller.ts';
import { shownText } from '../../fleet/common/secrets.ts';
import type { DeviceSearch, ListedDevice } from '../../fleet/devices/device-list.ts';
import { type ViewName, viewNames } from '../../fleet/devices/device-view.ts';
import { listedFact, listedPaths, type ShownText } from '../../fleet/devices/facts.ts';
import { presetFilters } from '../../fleet/presets/preset-filters.ts';
import { factNamed } from '../../query/facts.ts';
import type { Field, Filter } from '../../query/filter.ts';
import { parseSort } from '../../query/sort.ts';
import type { CallContext } from '../operation.ts';
import { deviceView } from '../views/core.ts';
import { pick } from './fields.ts';
import type { List } from './list.ts';

/** Names of filters for what has another place in the view. */
const places: ReadonlyMap<string, string> = new Map([
  ['tag', 'tags'],
  ['tasks', 'openTasks'],
  ['fault', 'faults.cause'],
  ['faultCode', 'faults.code'],
  ['rolloutState', 'rollout.state'],
]);

const known: ReadonlySet<string> = new Set(viewNames);
const placeOf = (name: string): string => places.get(name) ?? name;
const viewName = (name: string): ViewName | undefined => {
  const first = placeOf(name).split('.', 1)[0] ?? '';
  return known.has(first) ? (first as ViewName) : undefined;
};
const isPath = (name: string): boolean => viewName(name) === undefined && /^\w+(\.\w+)+$/.test(name);

const columns = [
  ...['id', 'manufacturer', 'productClass', 'serial', 'firmware', 'hardware', 'state', 'liveness', 'lastInform'],
  ...['address', 'provisioningCode', 'username', 'tags', 'site', 'openTasks', 'faultCode'],
];

/** The query as it is written. */
export type DeviceListQuery = Pick<DeviceSearch, 'sort' | 'offset' | 'at'> & { filter?: string };

/** The filter of a search for devices. @throws UserError 400 for a bad one, 403 for what the caller may not read */
export async function deviceFilter(
  text: string | undefined,
  { fleet, store, caller }: Pick<CallContext, 'fleet' | 'store' | 'caller'>,
): Promise<{ filter?: Filter }> {
  if (!text) return {};
  const filter = caller.readable(text, await presetFilters({ store }, text));
  return { filter: await fleet.jobs.reads.withDevices(filter, caller) };
}

/** @throws UserError 400 for a bad filter or order, 403 for parameters in them that the caller may not read */
export async function deviceList(
  { filter: text, sort, offset, at }: DeviceListQuery,
  context: CallContext,
): Promise<List<ListedDevice>> {
  const { fleet, clock, caller, show } = context;
  const filter = await deviceFilter(text, context);
  if (sort) assertTells(parseSort(sort).field, { caller, show });
  const search = { ...filter, ...(sort ? { sort } : {}), within: caller.within };
  const start = { ...(offset ? { offset } : {}), ...(at === undefined ? {} : { at }) };
  return {
    name: 'devices',
    columns,
    isField: name => {
      if (isFact(name)) return true;
      if (!isPath(name)) return viewName(name) !== undefined && !/\.(\.|$)/.test(name);
      caller.assertReads([name]);
      return true;
    },
    page: async ({ fields, ...page }) => {
      const from = page.cursor === undefined ? start : {};
      const found = await fleet.devices.list({ ...search, ...from, ...page, ...(fields ? partsOf(fields) : {}) });
      const isWhole = page.cursor === undefined && !offset && at === undefined && found.next === null;
      return { ...found, isWhole };
    },
    count: async known => ({
      total: known ?? (await fleet.devices.count(search)),
      exact: true,
      countedAt: clock.now(),
    }),
    view: ({ view, values }, fields = []) => {
      const made = deviceView(view, show);
      for (const name of fields) {
        if (isFact(name)) made[name] = listedFact(name, values, factText(show));
        else if (isPath(name)) made[name] = textShown(name, values[name] ?? null, show);
        else if (places.has(name)) made[name] = pick(made, placeOf(name));
      }
      return made;
    },
  };
}

const isFact = (name: string): boolean => factNamed(name) !== undefined;

const textShown = (path: string, text: string | null, { secrets }: CallContext['show']): string | null =>
  text === null ? null : shownText(secrets, path, text);

/** The texts that facts are made from, as the caller sees them. */
export const factText =
  ({ secrets, caller }: CallContext['show']): ShownText =>
  (path, text) =>
    caller.mayRead(path) ? shownText(secrets, path, text) : undefined;

/** Refuses a field whose order tells of a secret, or of what the caller may not read. @throws UserError 400 `secret-field`, 403 */
export function assertTells(field: Field, { caller, show }: Pick<CallContext, 'caller' | 'show'>): void {
  assertField(caller, field);
  const { kind, name } = field;
  if ((kind === 'path' || kind === 'site') && show.secrets.names.has(name))
    throw new UserError(400, 'secret-field', `${name} holds a secret: devices are neither sorted nor counted by it`);
}

const partsOf = (fields: readonly string[]): { names: ViewName[]; paths: string[] } => ({
  names: [...new Set(fields.flatMap(name => viewName(name) ?? []))],
  paths: [...new Set([...fields.filter(isPath), ...fields.flatMap(listedPaths)])],
});
