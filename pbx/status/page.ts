// The status page in HTML: without script, under a strict Content-Security-Policy; what a device says is text alone.
import { clip } from '../../shared/clip.ts';
import { hashSource, pageHeaders } from '../../shared/web/html-page.ts';
import { html, type Markup } from './markup.ts';
import { type Facts, factNames } from './overview.ts';
import {
  type Cell,
  type Part,
  type Row,
  type Section,
  type SectionName,
  sectionNames,
  sections,
  type Wanted,
} from './views.ts';

export interface Shown {
  domain: string;
  now: number;
  /** Seconds after which the browser loads the page again; off unless the reader asks for it (WCAG 2.2.2). */
  refresh: number | undefined;
  query: Wanted;
}

export interface Rendered {
  html: string;
  headers: Record<string, string>;
}

const REFRESH_SECONDS = 10;
/** Characters of one cell. */
const MAX_CELL = 200;

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; padding: 1rem; background: Canvas; color: CanvasText; }
header p { margin: 0; font-weight: 600; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; list-style: none; margin: 0.5rem 0 1rem; padding: 0; }
nav a, .more a { display: inline-block; padding: 0.25rem 0; }
a { color: #0b4fb3; }
nav a[aria-current] { font-weight: 600; text-decoration: none; border-bottom: 2px solid; }
h1 { font-size: 1.5rem; margin: 0.5rem 0; }
.scroll { overflow-x: auto; position: relative; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: start; vertical-align: top; padding: 0.35rem 0.75rem 0.35rem 0; border-bottom: 1px solid GrayText; }
td { unicode-bidi: isolate; overflow-wrap: anywhere; min-width: 4rem; }
form { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: end; margin: 0.5rem 0; }
input, button { font: inherit; padding: 0.25rem 0.5rem; max-width: 12rem; }
a:focus-visible, input:focus-visible, button:focus-visible, .scroll:focus-visible { outline: 3px solid Highlight; outline-offset: 2px; }
@media (prefers-color-scheme: dark) { a { color: #9cc3ff; } }
@media (max-width: 60rem) {
  thead { position: absolute; clip-path: inset(50%); height: 1px; overflow: hidden; }
  table, tbody { display: block; }
  tbody tr { display: block; border-bottom: 2px solid GrayText; padding: 0.5rem 0; }
  td { display: grid; grid-template-columns: 8.5rem 1fr; border: 0; padding: 0.1rem 0; }
  td::before { content: attr(data-label); font-weight: 600; }
}
`;

const POLICY = `style-src ${hashSource(STYLE)}; img-src data:; form-action 'self'`;

function cellText(value: Cell): string {
  if (value === undefined || value === '') return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return clip(String(value), MAX_CELL);
}

/** Roles are written out: a table that is shown as blocks on a narrow screen stays one for a screen reader. */
function table({ title, columns }: Pick<Section, 'title' | 'columns'>, rows: readonly Row[]): Markup {
  const names = Object.entries(columns);
  return html`<div class="scroll" role="region" aria-label="${title}" tabindex="0"><table role="table"><thead role="rowgroup"><tr role="row">${names.map(
    ([, heading]) => html`<th role="columnheader" scope="col">${heading}</th>`,
  )}</tr></thead><tbody role="rowgroup">
${rows.map(
  row =>
    html`<tr role="row">${names.map(([field, heading]) => html`<td role="cell" data-label="${heading}">${cellText(row[field])}</td>`)}</tr>\n`,
)}</tbody></table></div>`;
}

function address(
  path: string,
  { query, refresh }: Shown,
  change: Partial<Record<'offset' | 'dir' | 'refresh', string>>,
): string {
  const all = {
    dir: query.dir,
    offset: query.offset > 0 ? String(query.offset) : '',
    refresh: refresh === undefined ? '' : String(refresh),
    ...change,
  };
  const text = new URLSearchParams(Object.entries(all).filter(([, value]) => value !== '')).toString();
  return text === '' ? path : `${path}?${text}`;
}

function numberForm(path: string, { query, refresh }: Shown): Markup {
  return html`<form method="get" action="${path}"><label for="dir">Number</label>
<input id="dir" name="dir" value="${query.dir}" maxlength="64" autocomplete="off">
${refresh === undefined ? undefined : html`<input type="hidden" name="refresh" value="${refresh}">`}<button>Show</button></form>`;
}

/** The page of one section. */
export function sectionPage(name: SectionName, { rows, offset, total, previous, next }: Part, shown: Shown): Rendered {
  const section = sections[name];
  const path = `/${name}`;
  const more = [
    ...(previous === undefined
      ? []
      : [html`<a href="${address(path, shown, { offset: previous > 0 ? String(previous) : '' })}">Earlier rows</a> `]),
    ...(next === undefined ? [] : [html`<a href="${address(path, shown, { offset: String(next) })}">More rows</a>`]),
  ];
  const body = html`${section.hasNumbers ? numberForm(path, shown) : undefined}
${rows.length === 0 ? html`<p>${section.empty}</p>` : table(section, rows)}
${more.length === 0 ? undefined : html`<p class="more">Rows ${offset + 1} to ${offset + rows.length} of ${total}. ${more}</p>`}`;
  return document(section.title, path, body, shown);
}

/** The page at `/`. */
export function overviewPage(facts: Facts, shown: Shown): Rendered {
  const rows = Object.entries(factNames).map(([key, name]) => ({ name, value: facts[key as keyof Facts] }));
  const columns = { name: 'Fact', value: 'Value' };
  return document('Overview', '/', table({ title: 'Overview', columns }, rows), shown);
}

function document(title: string, path: string, body: Markup, shown: Shown): Rendered {
  const { domain, now, refresh } = shown;
  const isOn = refresh !== undefined;
  const links = [['/', 'Overview'] as const, ...sectionNames.map(name => [`/${name}`, sections[name].title] as const)];
  const time = new Date(now).toISOString();
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}, ${domain}</title><link rel="icon" href="data:,">
${isOn ? html`<meta http-equiv="refresh" content="${refresh}">` : undefined}<style>${{ markup: STYLE }}</style></head>
<body><header><p>Exchange ${domain}</p><nav aria-label="Sections"><ul>
${links.map(
  ([to, text]) =>
    html`<li><a href="${isOn ? `${to}?refresh=${refresh}` : to}"${to === path ? html` aria-current="page"` : undefined}>${text}</a></li>\n`,
)}</ul></nav></header>
<main><h1>${title}</h1>
<p>As of <time datetime="${time}">${time.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')}</time>.
<a href="${address(path, shown, { refresh: isOn ? '' : String(REFRESH_SECONDS) })}">${isOn ? 'Stop refreshing' : `Refresh every ${REFRESH_SECONDS} seconds`}</a></p>
${body}</main></body></html>
`;
  return { html: page.markup, headers: { ...pageHeaders(POLICY), 'cache-control': 'no-store', vary: 'accept' } };
}
