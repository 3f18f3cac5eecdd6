// Groups of faults that the reader does not want to see for a while, kept in this browser.
import { signal } from '@preact/signals';
import { now, nowMs } from './clock.ts';

const KEY = 'tandem.mutes';
const MAX_KEPT = 500;

/** The end of each mute by the key of its group, in milliseconds. */
type Mutes = Readonly<Record<string, number>>;

function stored(): Mutes {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    const entries = Object.entries((value ?? {}) as Record<string, unknown>);
    return Object.fromEntries(entries.filter((entry): entry is [string, number] => typeof entry[1] === 'number'));
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

const mutes = signal<Mutes>(stored());

function keep(next: Mutes): void {
  const live = Object.entries(next).filter(([, until]) => until > nowMs());
  mutes.value = Object.fromEntries(live.slice(-MAX_KEPT));
  localStorage.setItem(KEY, JSON.stringify(mutes.value));
}

/** @returns the end of the mute; undefined for a group that is not muted */
export function mutedUntil(group: string): number | undefined {
  const until = mutes.value[group];
  return until !== undefined && until > now.value ? until : undefined;
}

export const mute = (group: string, until: number): void => keep({ ...mutes.value, [group]: until });

export const unmute = (group: string): void =>
  keep(Object.fromEntries(Object.entries(mutes.value).filter(([key]) => key !== group)));
