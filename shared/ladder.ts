// Ladder diagrams in text: two sides, and an arrow for each message between them.

/** Characters between the uprights. */
const LADDER_WIDTH = 62;

export interface Rung {
  /** The side that sends: `left` or `right`. */
  from: 'left' | 'right';
  label: string;
  /** Milliseconds since the first message. */
  after: number;
  notes: readonly string[];
}

export const rails = (left: string, right: string): string =>
  `${left}${' '.repeat(Math.max(1, LADDER_WIDTH - left.length - 1))}${right}`;

export function rungText({ from, label, after, notes }: Rung): string {
  const shown = printable(label).slice(0, LADDER_WIDTH - 12);
  const line = '-'.repeat(Math.max(2, LADDER_WIDTH - 9 - shown.length));
  const arrow = from === 'left' ? `|-- ${shown} ${line}>|` : `|<-- ${shown} ${line}|`;
  return ` ${arrow}  +${after} ms${notes.map(note => `  ${printable(note)}`).join('')}`;
}

/** Replaces control characters, because foreign texts may hold any and a terminal must not get them. */
const printable = (text: string): string => text.replace(/[^\x20-\x7e\u00a0-\uffff]/g, '?');
