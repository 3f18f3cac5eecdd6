// Wrong syntax of a command line: what is wrong, and where.

export class CommandSyntaxError extends Error {
  override readonly name = 'CommandSyntaxError';
  /** Column in the line, from 0. */
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** Columns of a line that are shown before and after the wrong one. */
const BEFORE = 60;
const AFTER = 20;

/** The line with a mark below the column, and the reason. */
export function syntaxErrorText(line: string, { message, at }: CommandSyntaxError): string[] {
  const from = Math.max(0, at - BEFORE);
  const shown = printable(line.slice(from, at + AFTER));
  return [shown, `${' '.repeat(at - from)}^`, `SYNTAX ERROR at column ${at + 1}: ${printable(message)}`];
}

/** The text without characters that would steer a terminal. */
export const printable = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
