// The size of plain data as JSON, counted only as far as a limit.

/** @returns whether the JSON of the value takes more than that many bytes; characters that JSON escapes count once */
export function isLarger(value: unknown, most: number): boolean {
  let left = most;
  const open: unknown[] = [value];
  while (open.length > 0 && left >= 0) {
    const next = open.pop();
    if (typeof next === 'string') left -= Buffer.byteLength(next) + 2;
    else if (typeof next !== 'object' || next === null) left -= String(next).length;
    else if (Array.isArray(next)) {
      left -= next.length + 1;
      for (const entry of next) open.push(entry);
    } else {
      for (const [name, entry] of Object.entries(next)) {
        left -= name.length + 4;
        open.push(entry);
      }
      left -= 1;
    }
  }
  return left < 0;
}
