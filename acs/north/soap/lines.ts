// XML as indented lines: for documents that are read by people, too.
import { escapeAttribute, escapeText } from '../../../shared/xml/write.ts';

/** One line each, without the indentation of what is around them. */
export type Lines = readonly string[];
export type Given = Readonly<Record<string, string | undefined>>;

const attributes = (given: Given): string =>
  Object.entries(given)
    .map(([name, value]) => (value === undefined ? '' : ` ${name}="${escapeAttribute(value)}"`))
    .join('');

export function element(name: string, given: Given, children: Lines = []): string[] {
  if (children.length === 0) return [`<${name}${attributes(given)}/>`];
  return [`<${name}${attributes(given)}>`, ...children.map(line => `  ${line}`), `</${name}>`];
}

export const documentation = (text: string | undefined): string[] =>
  text === undefined ? [] : element('xs:annotation', {}, [`<xs:documentation>${escapeText(text)}</xs:documentation>`]);

/** The name with a capital letter, as a part of another name. */
export const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);
