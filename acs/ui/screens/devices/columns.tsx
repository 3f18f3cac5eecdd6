// The columns of the list of devices: the known ones, and any field or parameter by its name.
import type { ComponentChildren, JSX } from 'preact';
import type { DeviceEntry } from '../../api/devices.ts';
import { Age } from '../../components/age.tsx';
import type { GridColumn } from '../../components/grid/grid-props.ts';
import { Liveness } from '../../components/liveness.tsx';
import { hrefOf } from '../../state/location.ts';
import { devices } from '../../words/en/devices.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('devices', devices);

export const defaultColumns = [
  ...['serial', 'liveness', 'firmware', 'site.name', 'address', 'lastInform', 'fault', 'drift', 'rollout', 'tags'],
] as const;

interface Known {
  width: number;
  /** Fields that its cells are made from; default: its name. */
  fields?: readonly string[];
  /** The field that sorts it, where it has another name. */
  sort?: string;
  /** The field that its values are compared by, where it has another name. */
  field?: string;
  phone?: 'p2' | 'p3' | 'p4';
  isNumber?: boolean;
  cell?: (entry: DeviceEntry) => ComponentChildren;
  /** The values of a cell, for the filter; null for none. */
  values?: (entry: DeviceEntry) => readonly string[];
}

const textsIn = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter(each => typeof each === 'string') : [];

/** The codes of faults where they have some, else their causes. */
const faultsOf = (entry: DeviceEntry): string[] => {
  const codes = Array.isArray(entry['faults.code']) ? entry['faults.code'].map(String) : [];
  return [...new Set(codes.length > 0 ? codes : textsIn(entry['faults.cause']))];
};

const rolloutTones: Readonly<Record<string, string>> = { done: 'ok', failed: 'fail', soaking: 'busy', running: 'busy' };

function RolloutState({ state }: { state: string }): JSX.Element {
  const { rolloutStates } = words();
  const text = rolloutStates[state as keyof typeof rolloutStates] ?? state;
  const tone = rolloutTones[state];
  return tone ? <span class={`st ${tone}`}>{text}</span> : <span class="ink-3">{text}</span>;
}

const deviceHref = (id: string): string => hrefOf(`/devices/${encodeURIComponent(id)}/summary`);

const ageCell = (name: string) => (entry: DeviceEntry) => {
  const at = entry[name];
  return typeof at === 'string' ? <Age at={at} /> : null;
};

const mono = (name: string) => (entry: DeviceEntry) => <span class="mono">{textOf(entry[name])}</span>;

const known: Readonly<Record<string, Known>> = {
  serial: {
    width: 148,
    cell: ({ id = '', serial }) => (
      <a class="mono" href={deviceHref(id)} tabIndex={-1}>
        {serial || id}
      </a>
    ),
  },
  liveness: { width: 104, phone: 'p2', cell: ({ liveness }) => <Liveness of={liveness} /> },
  firmware: {
    width: 186,
    phone: 'p3',
    fields: ['productClass', 'firmware', 'site.name'],
    cell: entry => (
      <>
        {entry.productClass} <span class="mono ink-2">{entry.firmware}</span>
        {typeof entry['site.name'] === 'string' && (
          <span class="onlyphone ink-3">
            {'\u00a0· '}
            {entry['site.name']}
          </span>
        )}
      </>
    ),
  },
  'site.name': { width: 146 },
  address: { width: 132, cell: mono('address') },
  lastInform: { width: 104, phone: 'p4', isNumber: true, cell: ageCell('lastInform') },
  fault: {
    width: 144,
    fields: ['faults.code', 'faults.cause'],
    cell: entry => <span class="bad">{faultsOf(entry).join(', ')}</span>,
    values: faultsOf,
  },
  drift: {
    width: 82,
    fields: ['drift.path'],
    cell: entry => {
      const count = textsIn(entry['drift.path']).length;
      return count > 0 ? <span class="warn">{words().drifted(count)}</span> : null;
    },
    values: entry => [String(textsIn(entry['drift.path']).length)],
  },
  rollout: {
    width: 112,
    fields: ['rollout.state'],
    sort: 'rolloutState',
    field: 'rolloutState',
    cell: entry =>
      typeof entry['rollout.state'] === 'string' ? <RolloutState state={entry['rollout.state']} /> : null,
    values: entry => (typeof entry['rollout.state'] === 'string' ? [entry['rollout.state']] : []),
  },
  tags: {
    width: 190,
    sort: 'tag',
    field: 'tag',
    cell: ({ tags = [] }) => tags.map(tag => <Tag key={tag} text={tag} />),
    values: ({ tags = [] }) => tags,
  },
  created: { width: 104, isNumber: true, cell: ageCell('created') },
  lastBoot: { width: 104, isNumber: true, cell: ageCell('lastBoot') },
  tasks: { width: 90, isNumber: true },
  id: { width: 210, cell: mono('id') },
  oui: { width: 90, cell: mono('oui') },
  hardware: { width: 110, cell: mono('hardware') },
};

const Tag = ({ text }: { text: string }): JSX.Element => (
  <>
    <span class="tag">{text}</span>{' '}
  </>
);

/** A value as text: of a list its entries, of an object nothing. */
const textOf = (value: unknown): string => {
  if (Array.isArray(value)) return value.map(textOf).filter(Boolean).join(', ');
  return value === null || value === undefined || typeof value === 'object' ? '' : String(value);
};

const isPath = (name: string): boolean => /^\w+(\.\w+)+$/.test(name) && !name.startsWith('site.');

export function titleOf(name: string): string {
  const { columns } = words();
  const title = (columns as Readonly<Record<string, string | undefined>>)[name];
  if (title !== undefined) return title;
  if (name.startsWith('site.')) return name.slice(5);
  return isPath(name) ? name.split('.').slice(-2).join('.') : name;
}

export const columnOf = (name: string): GridColumn<DeviceEntry> => {
  const { width = isPath(name) ? 190 : 130, phone, isNumber = false, cell } = known[name] ?? {};
  return {
    name,
    title: titleOf(name),
    width,
    isNumber,
    isSortable: true,
    ...(phone ? { phone } : {}),
    cell: cell ?? (entry => textOf(entry[name])),
  };
};

export const fieldsOfColumn = (name: string): readonly string[] => known[name]?.fields ?? [name];

/** The fields of the API that the columns are made from. */
export const fieldsOf = (columns: readonly string[]): string =>
  [...new Set(['id', 'serial', 'liveness', ...columns.flatMap(fieldsOfColumn)])].join(',');

/** The field that a column is sorted by. */
export const sortFieldOf = (name: string): string => known[name]?.sort ?? name;
export const filterFieldOf = (name: string): string => known[name]?.field ?? name;

/** The column that a field sorts. */
export const columnSortedBy = (field: string): string =>
  Object.entries(known).find(([, { sort }]) => sort === field)?.[0] ?? field;

/** The first value of a cell, as a filter compares it; null for none. */
export function cellValueOf(entry: DeviceEntry, name: string): string | null {
  const { values } = known[name] ?? {};
  if (values) return values(entry)[0] ?? null;
  return textOf(entry[name]) || null;
}
