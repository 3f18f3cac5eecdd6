// The query of the event stream.
import { UserError } from '../../errors.ts';
import { type EventName, eventNames } from '../../events.ts';
import type { Filter } from '../../query/filter.ts';

/** The types that a stream can be asked for; `summary` comes only where it is named. */
const streamTypes = [...eventNames, 'summary'] as const;

export interface StreamQuery {
  types: ReadonlySet<EventName>;
  summary: boolean;
  /** Only events of these devices; undefined for all. */
  devices?: readonly string[];
  filter?: Filter;
  /** Milliseconds in which events are summed up. */
  sumMs?: number;
  /** The query as text: equal for equal queries. */
  text: string;
}

const known = ['device', 'devices', 'filter', 'types', 'rate'] as const;
const MAX_DEVICES = 200;
const MAX_RATE = 20;

const bad = (reason: string): UserError => new UserError(400, 'bad-input', reason);

/**
 * @param read reads a filter for the caller
 * @throws UserError 400; 403 for a filter over parameters out of the rights
 */
export async function readStreamQuery(
  query: Readonly<Record<string, unknown>>,
  read: (text: string) => Promise<{ filter?: Filter }>,
): Promise<StreamQuery> {
  for (const [name, value] of Object.entries(query)) {
    if (!(known as readonly string[]).includes(name))
      throw bad(`query: unknown field '${name}' (known: ${known.join(', ')})`);
    if (typeof value !== 'string') throw bad(`query.${name}: is given more than once`);
  }
  const { device, devices, filter, types, rate } = query as Partial<Record<(typeof known)[number], string>>;
  const asked: readonly string[] = types === undefined ? eventNames : types.split(',');
  const unknown = asked.find(type => !(streamTypes as readonly string[]).includes(type));
  if (unknown !== undefined) throw bad(`query.types: '${unknown}' is not one of ${streamTypes.join(', ')}`);
  const ids = [...(device === undefined ? [] : [device]), ...(devices === undefined ? [] : devices.split(','))];
  if (ids.length > MAX_DEVICES)
    throw bad(`query.devices: names ${ids.length} devices, at most ${MAX_DEVICES} are allowed`);
  return {
    types: new Set(eventNames.filter(name => asked.includes(name))),
    summary: types !== undefined && asked.includes('summary'),
    ...(ids.length > 0 ? { devices: [...new Set(ids)] } : {}),
    ...(filter === undefined ? {} : await read(filter)),
    ...(rate === undefined ? {} : { sumMs: sumMsOf(rate) }),
    text: JSON.stringify([ids, filter, types, rate]),
  };
}

function sumMsOf(rate: string): number {
  const number = Number(rate);
  if (!(number >= 0.1 && number <= MAX_RATE))
    throw bad(`query.rate: '${rate}' is not a number of 0.1 to ${MAX_RATE}, the times a second`);
  return 1000 / number;
}
