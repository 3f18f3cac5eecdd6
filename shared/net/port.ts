// Ports that come from outside, checked once where they are read.

declare const checked: unique symbol;

/** A port that a peer can be reached at: 1 to 65535. */
export type Port = number & { readonly [checked]: true };

/** Undefined for a number that is no port; 0 stands for none. */
export function portOf(value: number): Port | undefined {
  return Number.isInteger(value) && value >= 1 && value <= 65_535 ? (value as Port) : undefined;
}

/** A port as text has it: digits alone. */
export function readPort(text: string | undefined): Port | undefined {
  return text !== undefined && /^\d{1,5}$/.test(text) ? portOf(Number(text)) : undefined;
}
