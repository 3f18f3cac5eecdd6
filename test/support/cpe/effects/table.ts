// The table of live, stored and status parameters in docs/gateway.md, made of the marks in the model.
import { builtinModel } from '../../../../shared/model/datamodel.ts';
import { type Effect, effects } from '../../../../shared/model/definitions.ts';

const START = '<!-- effects: npm run generate -->';
const END = '<!-- end of effects -->';

/** The page with a new table between its marks. */
export async function withEffects(page: string): Promise<string> {
  const start = page.indexOf(START) + START.length;
  const end = page.indexOf(END);
  if (start < START.length || end < start) throw new Error('docs/gateway.md has no marks for the table of effects');
  return `${page.slice(0, start)}\n\n${await table()}\n\n${page.slice(end)}`;
}

async function table(): Promise<string> {
  const counts = new Map<string, Record<Effect, number>>();
  const all = { live: 0, stored: 0, status: 0 };
  for (const { effect, script, service } of (await builtinModel('dgw')).parameters.values()) {
    if (effect === undefined) continue;
    const name = script === undefined ? 'standard objects' : (service ?? '');
    const row = counts.get(name) ?? { live: 0, stored: 0, status: 0 };
    row[effect]++;
    all[effect]++;
    counts.set(name, row);
  }
  const line = (name: string, row: Record<Effect, number>): string =>
    `| ${name} | ${effects.map(effect => row[effect]).join(' | ')} |`;
  const rows = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, row]) => line(name, row));
  return [`| service | ${effects.join(' | ')} |`, '|---|---|---|---|', ...rows, line('all', all)].join('\n');
}
