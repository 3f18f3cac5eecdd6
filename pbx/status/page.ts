// The status page in HTML: without script, under a strict Content-Security-Policy; what a device says is text alone.
import { hashSource, pageHeaders } from '../../shared/web/html-page.ts';
import { html, type Markup } from '../web/markup.ts';
import { STYLE } from '../web/style.ts';
import { table } from '../web/table.ts';
import { type Facts, pageFacts } from './overview.ts';
import { type Part, type SectionName, sectionNames, sections, type Wanted } from './views.ts';

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
const POLICY = `style-src ${hashSource(STYLE)}; img-src data:; form-action 'self'`;

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
  const columns = { name: 'Fact', value: 'Value' };
  return document('Overview', '/', table({ title: 'Overview', columns }, pageFacts(facts)), shown);
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
