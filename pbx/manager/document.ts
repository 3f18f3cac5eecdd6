// The frame of the manager's pages: without script, under a strict Content-Security-Policy; all that is shown is data.
import { hashSource, pageHeaders } from '../../shared/web/html-page.ts';
import { html, type Markup } from '../web/markup.ts';
import { STYLE } from '../web/style.ts';
import type { LastCommand, Session } from './sessions.ts';

export interface Rendered {
  html: string;
  headers: Record<string, string>;
}

export interface Frame {
  title: string;
  /** The page in the navigation; undefined where it is none of these. */
  path?: string;
  domain: string;
  /** Undefined before the login. */
  session?: Session;
}

const OWN_STYLE = `${STYLE}
h2 { font-size: 1.2rem; margin: 1.25rem 0 0.25rem; }
select { font: inherit; padding: 0.25rem 0.5rem; max-width: 100%; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0.25rem 0; }
.command { border-inline-start: 4px solid; padding-inline-start: 0.75rem; }
.command p { margin: 0.25rem 0; overflow-wrap: anywhere; }
select:focus-visible { outline: 3px solid Highlight; outline-offset: 2px; }
button { max-width: 100%; }
header form { margin: 0; }
`;

const POLICY = `style-src ${hashSource(OWN_STYLE)}; img-src data:; form-action 'self'`;

const pages = { '/': 'Security', '/extensions': 'Extensions', '/licenses': 'Licences', '/backups': 'Backups' };

/** A form that is sent to a path, with the session's token. @param fields values that are not seen */
export function form(
  { formToken }: Session,
  path: string,
  fields: Readonly<Record<string, string>>,
  body: Markup,
): Markup {
  const hidden = Object.entries({ token: formToken, ...fields });
  return html`<form method="post" action="/${path}">${hidden.map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )}${body}</form>\n`;
}

function outcome({ lines, exit, question }: LastCommand): string {
  if (question) return question.text;
  return exit === undefined ? 'The exchange is carrying it out.' : lines.join('\n');
}

function lastCommand(session: Session, last: LastCommand): Markup {
  const { shown, question } = last;
  const answers = html`<button name="answer" value="yes">Yes</button><button name="answer" value="no">No</button>`;
  return html`<section class="command" aria-labelledby="last"><h2 id="last">Last command</h2>
<p><code>${shown}</code></p><pre role="status">${outcome(last)}</pre>
${question ? form(session, 'answer', { shown }, answers) : undefined}</section>`;
}

function navigation(session: Session, path: string | undefined): Markup {
  const links = Object.entries(pages).map(
    ([to, text]) => html`<li><a href="${to}"${to === path ? html` aria-current="page"` : undefined}>${text}</a></li>\n`,
  );
  return html`<nav aria-label="Pages"><ul>${links}</ul></nav>${form(session, 'logout', {}, html`<button>Log out</button>`)}`;
}

export function document({ title, path, domain, session }: Frame, body: Markup): Rendered {
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}, ${domain}</title><link rel="icon" href="data:,"><style>${{ markup: OWN_STYLE }}</style></head>
<body><header><p>Manager of exchange ${domain}</p>${session && navigation(session, path)}</header>
<main><h1>${title}</h1>
${session?.last && lastCommand(session, session.last)}
${body}</main></body></html>
`;
  return { html: page.markup, headers: { ...pageHeaders(POLICY), 'cache-control': 'no-store' } };
}
