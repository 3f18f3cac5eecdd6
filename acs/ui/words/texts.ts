// The catalogue of texts in use. English comes with each screen; another language is one file, loaded whole.
import { signal } from '@preact/signals';
import type { Catalogue } from './catalogue.ts';
import { type Language, language } from './spoken.ts';

const translated = signal<Catalogue | undefined>(undefined);

/** @returns the texts of a part of the pages, in the language in use. Components read them as they render */
export const textsOf =
  <N extends keyof Catalogue>(name: N, english: Catalogue[N]): (() => Catalogue[N]) =>
  () =>
    translated.value?.[name] ?? english;

/** Loads the texts of a language, and shows the page in it. */
export async function speak(wish: Language): Promise<void> {
  const catalogue = wish === 'de' ? (await import('./de/all.ts')).german : undefined;
  translated.value = catalogue;
  language.value = wish;
  document.documentElement.lang = wish;
}
