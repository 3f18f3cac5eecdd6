// Pages that the server itself makes: one document each, without anything from elsewhere, under a strict Content-Security-Policy.
import { STATUS_CODES } from 'node:http';
import { escaped, hashSource, pageHeaders } from '../../../shared/web/html-page.ts';
import type { UserError } from '../../errors.ts';

export interface Page {
  title: string;
  /** HTML; texts in it are escaped. */
  body: string;
  script?: string;
}

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 40rem; margin: 3rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; }
label { display: block; margin: 1rem 0; }
input { display: block; width: 100%; box-sizing: border-box; font: inherit; padding: 0.4rem; }
button { font: inherit; padding: 0.4rem 1rem; }
code { font-family: ui-monospace, monospace; }
`;

/** A document, and the headers that it is sent with. */
export interface Rendered {
  html: string;
  headers: Record<string, string>;
}

export function htmlOf({ title, body, script }: Page): Rendered {
  const scripts = script === undefined ? '' : `<script>${script}</script>`;
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title>
<style>${STYLE}</style></head><body><h1>${escaped(title)}</h1>
${body}
${scripts}</body></html>
`;
  const allowed = [
    `style-src ${hashSource(STYLE)}`,
    ...(script === undefined ? [] : [`script-src ${hashSource(script)}`, "connect-src 'self'"]),
    "form-action 'none'",
  ];
  return { html, headers: { ...pageHeaders(allowed.join('; ')), 'cache-control': 'no-store' } };
}

/** A page that is made by a script of this server. @param start runs once that is loaded */
export function scriptPage({
  title,
  style,
  script,
  body,
  start,
}: Page & { style: string; script: string; start: string }): Rendered {
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title>
<link rel="stylesheet" href="${style}"><link rel="icon" href="data:,"></head><body>${body}
<script src="${script}"></script><script>${start}</script></body></html>
`;
  const allowed = [
    `script-src 'self' ${hashSource(start)}`,
    // Swagger UI sets styles of elements.
    "style-src 'self' 'unsafe-inline'",
    'img-src data:',
    "connect-src 'self'",
    "form-action 'none'",
  ];
  return { html, headers: { ...pageHeaders(allowed.join('; ')), 'cache-control': 'no-cache' } };
}

/** The page for a sign-in that has failed. */
export const problemPage = ({ status, code, message }: UserError, again: string): Rendered =>
  htmlOf({
    title: 'The sign-in has failed',
    body: `<p>${escaped(message)}</p>
<p><code>${status} ${escaped(STATUS_CODES[status] ?? '')}, ${escaped(code)}</code></p>
<p><a href="${escaped(again)}">Sign in again</a></p>`,
  });
