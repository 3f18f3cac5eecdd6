// Bytes that a transfer under way has moved; a restart of the unit forgets them, as it begins the transfer again.
import type { Transfer } from '../../state/facts.ts';

export interface Progress {
  done: number;
  /** Bytes of the file, where the server says so. */
  total: number | undefined;
}

const known = new WeakMap<Transfer, Progress>();

export function noteProgress(transfer: Transfer, done: number, total: number | undefined): void {
  known.set(transfer, { done, total });
}

export const progressOf = (transfer: Transfer): Progress | undefined => known.get(transfer);
