// Clipping of foreign text: what peers and users send is shown in logs, events and error texts only up to these lengths.

/** Characters of one text. */
export const MAX_TEXT = 1000;
/** Characters of all texts in one value, and of an error's stack. */
export const MAX_VALUE = 8000;
/** Members of one list or object, and levels of nesting. */
const MAX_MEMBERS = 100;
const MAX_DEPTH = 6;

/** The text, or its beginning and the number of characters left out. */
export function clip(text: string, most: number = MAX_TEXT): string {
  if (text.length <= most) return text;
  // A pair of surrogates is kept together.
  const end = most - Number(/[\ud800-\udbff]/.test(text[most - 1] ?? ''));
  return `${text.slice(0, end)}… (${text.length - end} more characters)`;
}

/** A value with all its texts, lists and objects clipped; the very same one where nothing is too long. */
export function clippedValue(value: unknown): unknown {
  if (typeof value === 'string') return clip(value);
  if (typeof value !== 'object' || value === null) return value;
  return sizeOf(value, 0, MAX_VALUE) < 0 ? copyOf(value, 0, { left: MAX_VALUE }) : value;
}

/** @returns the characters that are left; negative where the value is too large in any way */
function sizeOf(value: unknown, depth: number, left: number): number {
  if (typeof value === 'string') return value.length > MAX_TEXT ? -1 : left - value.length;
  if (typeof value !== 'object' || value === null) return left - 8;
  if (depth >= MAX_DEPTH || ArrayBuffer.isView(value)) return -1;
  let rest = left;
  let members = 0;
  for (const name in value) {
    if (++members > MAX_MEMBERS || name.length > MAX_TEXT) return -1;
    rest = sizeOf((value as Record<string, unknown>)[name], depth + 1, rest - name.length);
    if (rest < 0) return -1;
  }
  return rest;
}

function copyOf(value: unknown, depth: number, budget: { left: number }): unknown {
  if (typeof value === 'string') {
    const text = clip(value, Math.max(0, Math.min(MAX_TEXT, budget.left)));
    budget.left -= text.length;
    return text;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (ArrayBuffer.isView(value)) return `(${value.byteLength} bytes)`;
  if (depth >= MAX_DEPTH || budget.left <= 0) return '…';
  const entries: [string, unknown][] = [];
  let more = 0;
  for (const [name, part] of Object.entries(value)) {
    if (entries.length >= MAX_MEMBERS || budget.left <= 0) more++;
    else {
      budget.left -= name.length + 8;
      entries.push([clip(name, 100), copyOf(part, depth + 1, budget)]);
    }
  }
  if (!Array.isArray(value)) return Object.fromEntries(more > 0 ? [...entries, ['…', `${more} more`]] : entries);
  const members = entries.map(([, part]) => part);
  return more > 0 ? [...members, `… ${more} more`] : members;
}
