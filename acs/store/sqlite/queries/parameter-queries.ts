// Reads of known parameters, of one device or of many.
import type { KnownValue } from '../../../device/parameter.ts';
import { pageOf, parameterCursor, pathBefore } from '../../paging.ts';
import type { ParameterQuery } from '../../store.ts';
import { below } from '../filter.ts';
import type { Statements } from '../statements.ts';

/** Known texts as they travel between threads: each different answer once, and for each device its place among them. */
export interface KnownAnswer {
  texts: (string | null)[][];
  of: [device: string, at: number][];
}

interface ParameterRow {
  path: string;
  value: string;
  type: string;
  writable: number | null;
  notification: number | null;
  time: number;
}

const SELECT = `SELECT d.path, p.value, p.type, p.writable, p.notification,
      coalesce(r.time, p.time) AS time
      FROM parameters p CROSS JOIN paths d ON d.pk = p.path LEFT JOIN reads r ON r.pk = p.read WHERE p.device = `;
/** After every path. */
const END = '\u{10ffff}';

export class ParameterQueries {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  /** @param path one parameter, or a partial path that ends with a dot; '' is all */
  ofDevice(id: string, path: string): KnownValue[] {
    const pk = this.#statements.one<{ pk: number }>('SELECT pk FROM devices WHERE id = ?', id)?.pk;
    if (pk === undefined) return [];
    const [where, ...params] =
      path !== '' && !path.endsWith('.')
        ? [' AND p.path = (SELECT pk FROM paths WHERE path = ?)', path]
        : path === ''
          ? [' ORDER BY d.path']
          : [' AND d.path >= ? AND d.path < ? ORDER BY d.path', ...below(path)];
    return this.#statements.all<ParameterRow>(`${SELECT}?${where}`, pk, ...params).map(knownValue);
  }

  /** The known values at or below a path, in pages by path. */
  page(query: ParameterQuery): { items: KnownValue[]; next?: string } {
    const { device, path } = query;
    const limit = pageOf(query.limit);
    const after = pathBefore(query);
    if (path !== '' && !path.endsWith('.')) return { items: path > after ? this.ofDevice(device, path) : [] };
    const [from, to] = path === '' ? ['', END] : below(path);
    const found = this.#statements.all<ParameterRow>(
      `${SELECT}(SELECT pk FROM devices WHERE id = ?) AND d.path >= ? AND d.path < ? AND d.path > ? ORDER BY d.path LIMIT ?`,
      ...[device, from, to, after, limit + 1],
    );
    const items = found.slice(0, limit).map(knownValue);
    const last = items.at(-1);
    return found.length > limit && last ? { items, next: parameterCursor(last.path) } : { items };
  }

  /** The known values of some paths in many devices. */
  ofDevices(devices: readonly string[], paths: readonly string[]): KnownAnswer {
    const places = new Map(
      this.#statements
        .all<{ pk: number; path: string }>(
          'SELECT pk, path FROM paths WHERE path IN (SELECT value FROM json_each(?))',
          JSON.stringify(paths),
        )
        .map(({ pk, path }) => [pk, paths.indexOf(path)]),
    );
    // One text a device: most are equal, and equal ones are recognised without being parsed.
    const found = this.#statements.all<{ id: string; known: string }>(
      `SELECT d.id, (SELECT json_group_array(p.path || ' ' || p.value) FROM parameters p
         WHERE p.device = d.pk AND p.path IN (SELECT value FROM json_each(?))) AS known
       FROM json_each(?) j CROSS JOIN devices d ON d.id = j.value`,
      JSON.stringify([...places.keys()]),
      JSON.stringify(devices),
    );
    const answer: KnownAnswer = { texts: [], of: [] };
    const seen = new Map<string, number>();
    for (const { id, known } of found) {
      if (known === '[]') continue;
      let at = seen.get(known);
      if (at === undefined) {
        at = answer.texts.push(textsOf(known, places, paths.length)) - 1;
        seen.set(known, at);
      }
      answer.of.push([id, at]);
    }
    return answer;
  }
}

function knownValue({ path, value, type, writable, notification, time }: ParameterRow): KnownValue {
  const known: KnownValue = { path, value, type, time };
  if (writable !== null) known.writable = writable === 1;
  if (notification !== null) known.notification = notification;
  return known;
}

/** @param known JSON list of texts `NUMBER VALUE`, where NUMBER is that of a path */
function textsOf(known: string, places: ReadonlyMap<number, number>, length: number): (string | null)[] {
  const texts = Array<string | null>(length).fill(null);
  for (const entry of JSON.parse(known) as string[]) {
    const blank = entry.indexOf(' ');
    texts[places.get(Number(entry.slice(0, blank)))!] = entry.slice(blank + 1);
  }
  return texts;
}
