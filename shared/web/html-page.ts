// Parts of HTML pages that a server makes itself: escaped text, and the headers of a strict Content-Security-Policy.
import { createHash } from 'node:crypto';

/** Foreign text as data, in content and in quoted attributes. */
export const escaped = (text: string): string => text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`);

/** Source expression of a style or script that stands in the page. */
export const hashSource = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Headers of every page. @param policy directives of its Content-Security-Policy besides those that all have */
export const pageHeaders = (policy: string): Record<string, string> => ({
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; base-uri 'none'; frame-ancestors 'none'; ${policy}`,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
});
