// Answers as JSON: long lists are written entry by entry, with breaks, so that other requests and sessions get their turn.
import { Turns } from '../../shared/turns.ts';

/** Levels at which lists are looked for: `items`, or the lists in the result of a task. */
const MAX_DEPTH = 2;
/** Entries of a list that is written at once. */
const FEW = 16;

/** @param turns counts the characters written */
export async function jsonOf(body: unknown, turns = new Turns()): Promise<string> {
  return (await textOf(body, turns, 0)) ?? JSON.stringify(body);
}

/** @returns undefined for what JSON leaves out */
async function textOf(value: unknown, turns: Turns, depth: number): Promise<string | undefined> {
  if (Array.isArray(value) && value.length > FEW) return await listText(value, turns);
  const isParted = typeof value === 'object' && value !== null && !Array.isArray(value) && !('toJSON' in value);
  if (!isParted || depth > MAX_DEPTH) return JSON.stringify(value);
  const parts: string[] = [];
  for (const [name, part] of Object.entries(value)) {
    const text = await textOf(part, turns, depth + 1);
    if (text !== undefined) parts.push(`${JSON.stringify(name)}:${text}`);
  }
  return `{${parts.join(',')}}`;
}

async function listText(list: readonly unknown[], turns: Turns): Promise<string> {
  const texts: string[] = [];
  for (const entry of list) {
    const text = JSON.stringify(entry) ?? 'null';
    texts.push(text);
    await turns.spent(text.length);
  }
  return `[${texts.join(',')}]`;
}
