// Answers as JSON: a list is written entry by entry, with breaks, so that other requests and sessions get their turn.
import { Turns } from '../../shared/turns.ts';

/** @param turns counts the characters written */
export async function jsonOf(body: unknown, turns = new Turns()): Promise<string> {
  if (typeof body !== 'object' || body === null || !('items' in body)) return JSON.stringify(body);
  const { items, ...rest } = body;
  if (!Array.isArray(items)) return JSON.stringify(body);
  const texts: string[] = [];
  for (const item of items as unknown[]) {
    const text = JSON.stringify(item) ?? 'null';
    texts.push(text);
    await turns.spent(text.length);
  }
  const others = JSON.stringify(rest).slice(1);
  return `{"items":[${texts.join(',')}]${others === '}' ? '' : ','}${others}`;
}
