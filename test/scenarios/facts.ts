// The observable state of the store as lines by key: devices, tasks, faults, drift and rollouts. A block shows what changed in it.
import type { Store } from '../../acs/store/store.ts';

export type Facts = Map<string, string>;

/** The unknown time of TR-069 3.2 says nothing. */
const known = (_name: string, value: unknown): unknown => (value === '0001-01-01T00:00:00Z' ? undefined : value);
const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value, known));
const words = (fields: Record<string, unknown>): string =>
  Object.entries(fields)
    .filter(([, value]) => value !== undefined && value !== '' && value !== false)
    .map(([name, value]) => `${name}=${text(value)}`)
    .join(' ');

export async function factsOf(store: Store, now: number): Promise<Facts> {
  const facts: Facts = new Map();
  const { items } = await store.devices({ limit: 500, now });
  for (const row of items) {
    const { move, restart, rollout, hold } = row;
    const device = {
      key: row.parameterKey,
      tags: row.tags.length > 0 ? row.tags : '',
      applied: Object.keys(row.applied).join(','),
      hold: hold?.reason,
      restart: restart && `${restart.wish}${restart.waits ? ` (${restart.waits})` : ''}`,
      absence: row.absence,
    };
    facts.set(`device ${row.id}`, `${row.state} ${words(device)}`.trim());
    if (move) facts.set(`move ${row.id}`, words({ state: move.state, from: move.from, to: move.url }));
    if (rollout) {
      const { state, wave, attempts, reason } = rollout;
      facts.set(`rollout ${rollout.id} ${row.id}`, `${state} ${words({ wave, attempts, reason })}`);
    }
    for (const { cause, code, parameter, count, message } of row.faults)
      facts.set(`fault ${row.id} ${cause}`, words({ code, parameter, count, message }));
    for (const { path, state, wanted, found, count } of row.drift ?? [])
      facts.set(`drift ${row.id} ${path}`, words({ state, wanted, found, count }));
  }
  for (const { id, method, state, origin, fault, result } of (await store.tasks({ limit: 500 })).items.reverse())
    facts.set(`task ${id}`, `${method} ${state} ${words({ origin, fault, result })}`);
  for (const { name, body } of await store.documents<{ phase?: string; wave?: number; reason?: string }>('rollout'))
    facts.set(`rollout ${name}`, words({ phase: body.phase, wave: body.wave, reason: body.reason }));
  return facts;
}

/** Lines that say how `after` differs from `before`. */
export function changesOf(before: Facts, after: Facts): string[] {
  const lines: string[] = [];
  for (const [key, now] of after) {
    const earlier = before.get(key);
    if (earlier === undefined) lines.push(`+ ${key}: ${now}`);
    else if (earlier !== now) lines.push(`~ ${key}: ${now}`);
  }
  for (const key of before.keys()) if (!after.has(key)) lines.push(`- ${key}`);
  return lines;
}
