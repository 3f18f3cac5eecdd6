// The languages of the pages, and the one in use.
import { signal } from '@preact/signals';

export const languages = ['en', 'de'] as const;
export type Language = (typeof languages)[number];

/** The language that texts are shown in: changes once its catalogue is there. */
export const language = signal<Language>('en');

/** The first language of the reader that there are texts in. */
export function preferred(wishes: readonly string[]): Language {
  const known = wishes.map(wish => languages.find(each => wish.toLowerCase().split('-')[0] === each));
  return known.find(each => each !== undefined) ?? 'en';
}
