// Version texts as sortable keys: versions are compared by their numeric parts, whatever separates them.

const MAX_PARTS = 16;

/**
 * A key whose plain byte order is the order of the versions: `49.2` < `49.10`, `49.2` equals `49.02.0`.
 * Each numeric part is its length in two digits, then its digits without leading zeros; trailing zero parts fall away.
 * '' when the text holds no number: such a version is unknown and compares with nothing.
 */
export function versionKey(version: string): string {
  const parts = (version.match(/\d+/g) ?? []).slice(0, MAX_PARTS).map(part => part.replace(/^0+/, '').slice(0, 99));
  if (parts.length === 0) return '';
  while (parts.at(-1) === '') parts.pop();
  return `v${parts.map(part => String(part.length).padStart(2, '0') + part).join('')}`;
}
