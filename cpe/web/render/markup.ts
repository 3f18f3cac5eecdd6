// HTML as a value: what is put into a template is text and is escaped, unless it is markup itself.
import { escaped } from '../../../shared/web/html-page.ts';

export interface Markup {
  readonly markup: string;
}

type Content = string | number | false | Markup | readonly Markup[] | undefined;

function textOf(content: Content): string {
  if (content === undefined || content === false) return '';
  if (typeof content === 'string' || typeof content === 'number') return escaped(String(content));
  return 'markup' in content ? content.markup : content.map(({ markup }) => markup).join('');
}

/** A template literal of HTML. */
export const html = (parts: TemplateStringsArray, ...contents: readonly Content[]): Markup => ({
  markup: parts.map((part, at) => part + textOf(contents[at])).join(''),
});

/** Nothing. */
export const none: Markup = { markup: '' };
