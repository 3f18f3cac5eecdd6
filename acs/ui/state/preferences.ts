// The reader's own settings, kept in this browser: theme, density, language, a folded navigation.
import { effect, type Signal, signal } from '@preact/signals';
import { language, languages, preferred } from '../words/spoken.ts';
import { speak } from '../words/texts.ts';

export const themes = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];
export const densities = ['compact', 'cosy'] as const;
export type Density = (typeof densities)[number];

/** A signal whose value this browser keeps. */
function kept<T extends string>(name: string, allowed: readonly T[], first: T): Signal<T> {
  const key = `tandem.${name}`;
  const stored = localStorage.getItem(key);
  const value = signal<T>(allowed.find(each => each === stored) ?? first);
  effect(() => localStorage.setItem(key, value.value));
  return value;
}

export const theme = kept<Theme>('theme', themes, 'auto');
export const density = kept<Density>('density', densities, 'compact');
export const navigation = kept('navigation', ['wide', 'thin'] as const, 'wide');
export const spoken = kept('language', languages, preferred(navigator.languages));

/** Brings the settings into force, now and whenever they change. @returns once the texts are there */
export async function applyPreferences(): Promise<void> {
  effect(() => {
    const { dataset } = document.documentElement;
    if (theme.value === 'auto') delete dataset.theme;
    else dataset.theme = theme.value;
    dataset.density = density.value;
  });
  await speak(spoken.value);
  effect(() => {
    if (spoken.value !== language.peek()) void speak(spoken.value);
  });
}
