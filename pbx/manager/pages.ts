// The manager's pages: login, security, extensions, licences, backups. Codes are not shown.
import { type Extension, encryptionTypes } from '../exchange/data.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { RegisteredTerminal } from '../exchange/terminals.ts';
import { codeOf } from '../policy/codes.ts';
import { policyNames } from '../policy/tables.ts';
import { html, type Markup } from '../web/markup.ts';
import { table } from '../web/table.ts';
import { document, form, type Rendered } from './document.ts';
import type { Session } from './sessions.ts';

export interface Shown {
  domain: string;
  exchange: Exchange;
  /** Registered terminals of a number. */
  terminals(dir?: string): readonly RegisteredTerminal[];
  session: Session;
}

/** Extensions of a part of the list. */
const PART = 100;

const option = (value: string, text: string, isChosen: boolean): Markup =>
  html`<option value="${value}"${isChosen ? html` selected` : undefined}>${text}</option>`;

/** The name that a password manager keeps a password by. */
const userName = (name: string): Markup =>
  html`<input name="user" autocomplete="username" value="${name}" readonly hidden>`;

export function loginPage(domain: string, problem?: string): Rendered {
  const body = html`${problem === undefined ? undefined : html`<p role="alert">${problem}</p>`}
<form method="post" action="/login">${userName('manager')}<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required maxlength="256"><button>Log in</button></form>`;
  return document({ title: 'Log in', domain }, body);
}

const encryptionNames = { extension: 'extensions', route: 'routes', intermgw: 'connections between media gateways' };

export function securityPage({ domain, session, exchange }: Shown): Rendered {
  const { policy, mediaEncryption } = exchange.settings;
  const choices = Object.entries(policyNames).map(([number, name]) =>
    option(number, `${number === '0' ? 'none' : number}: ${name}`, Number(number) === policy),
  );
  const chosen = html`<label for="policy">Policy</label><select id="policy" name="policy">${choices}</select><button>Set policy</button>`;
  const switches = encryptionTypes.map(type => {
    const [now, state] = mediaEncryption[type] ? ['enabled', 'disable'] : ['disabled', 'enable'];
    const verb = state === 'enable' ? 'Enable' : 'Disable';
    const name = encryptionNames[type];
    return html`<p>Media of ${name}: encryption ${now}.</p>${form(session, 'switch-media-encryption', { type, state }, html`<button>${verb} for ${name}</button>`)}`;
  });
  const body = html`<h2>Security policy</h2><p>Security policy ${policy}: ${policyNames[policy]}.</p>
${form(session, 'set-policy', {}, chosen)}<h2>Media encryption</h2>${switches}`;
  return document({ title: 'Security', path: '/', domain, session }, body);
}

const columns = {
  number: 'Number',
  csp: 'CSP',
  securityException: 'Security exception',
  thirdPartyClient: 'Third party client',
  pin: 'PIN',
  terminalType: 'Terminal type',
  registered: 'Registered',
};

export function extensionsPage(shown: Shown, wanted: { dir: string; offset: number }): Rendered {
  const { domain, session, exchange, terminals } = shown;
  const all = exchange.all('extensions').filter(({ dir }) => dir.startsWith(wanted.dir));
  const offset = Math.min(wanted.offset, Math.max(0, all.length - 1));
  const rows = all.slice(offset, offset + PART).map(({ dir, csp, securityException, thirdPartyClient }) => ({
    number: html`<a href="/extensions/${dir}">${dir}</a>`,
    ...{ csp, securityException, thirdPartyClient },
    pin: codeOf(exchange, dir) === undefined ? 'none' : 'set',
    terminalType: exchange.get('ipExtensions', dir)?.protocol,
    registered: terminals(dir).length,
  }));
  const link = (to: number, text: string): Markup =>
    html`<a href="/extensions?${new URLSearchParams({ dir: wanted.dir, offset: String(to) }).toString()}">${text}</a> `;
  const links = [
    ...(offset > 0 ? [link(Math.max(0, offset - PART), 'Earlier rows')] : []),
    ...(offset + PART < all.length ? [link(offset + PART, 'More rows')] : []),
  ];
  const body = html`<form method="get" action="/extensions"><label for="dir">Number begins with</label>
<input id="dir" name="dir" value="${wanted.dir}" maxlength="20" inputmode="numeric" autocomplete="off"><button>Show</button></form>
${all.length === 0 ? html`<p>There is no such extension.</p>` : table({ title: 'Extensions', columns }, rows)}
${links.length === 0 ? undefined : html`<p class="more">Rows ${offset + 1} to ${offset + rows.length} of ${all.length}. ${links}</p>`}
<h2>All terminals</h2>${form(session, 'unregister-all', {}, html`<button>Unregister all</button>`)}`;
  return document({ title: 'Extensions', path: '/extensions', domain, session }, body);
}

function yesNoForm(session: Session, dir: string, name: string, { title, isYes }: YesNo): Markup {
  const states = [option('yes', 'yes', isYes), option('no', 'no', !isYes)];
  const body = html`<label for="${name}">${title}</label><select id="${name}" name="state">${states}</select><button>Change ${title.toLowerCase()}</button>`;
  return form(session, 'change-extension', { dir, option: name }, body);
}

interface YesNo {
  title: string;
  isYes: boolean;
}

const terminalColumns = {
  kind: 'Kind',
  transport: 'Transport',
  product: 'Product',
  contact: 'Contact',
  row: 'Row of the policy',
};

export function extensionPage(shown: Shown, { dir, securityException, thirdPartyClient }: Extension): Rendered {
  const { domain, session, exchange, terminals } = shown;
  const rows = terminals(dir).map(({ kind, protocol: transport, product, contact, row }) => ({
    ...{ kind, transport, product, contact, row },
  }));
  const pin = html`${userName(dir)}<label for="pin">New PIN</label><input id="pin" name="pin" type="password" autocomplete="new-password" required
pattern="[!-~]{2,64}" title="2 to 64 printable characters without blanks"><button>Set PIN</button>`;
  const hasPin = codeOf(exchange, dir) !== undefined;
  const body = html`${yesNoForm(session, dir, 'security-exception', { title: 'Security exception', isYes: securityException })}
${yesNoForm(session, dir, 'third-party-client', { title: 'Third party client', isYes: thirdPartyClient })}
<h2>PIN</h2><p>${hasPin ? 'A PIN is set.' : 'No PIN is set.'}</p>${form(session, 'set-pin', { dir }, pin)}
${hasPin ? form(session, 'remove-pin', { dir }, html`<button>Remove PIN</button>`) : undefined}
<h2>Registered terminals</h2>
${rows.length === 0 ? html`<p>No terminal is registered.</p>` : table({ title: 'Registered terminals', columns: terminalColumns }, rows)}
${form(session, 'unregister', { dir }, html`<button>Unregister</button>`)}`;
  return document({ title: `Extension ${dir}`, path: '/extensions', domain, session }, body);
}

export function licensesPage({ domain, session, exchange }: Shown): Rendered {
  const rows = exchange.all('licenses').map(({ tag, count = 'without bound' }) => ({ tag, count }));
  const head = { title: 'Licences', columns: { tag: 'Licence', count: 'Uses' } };
  const body = rows.length === 0 ? html`<p>No licence is installed.</p>` : table(head, rows);
  return document({ title: 'Licences', path: '/licenses', domain, session }, body);
}

/** @param backups as the shell prints them */
export function backupsPage({ domain, session }: Shown, backups: readonly string[]): Rendered {
  const body = html`<pre>${backups.join('\n')}</pre>${form(session, 'back-up', {}, html`<button>Back up now</button>`)}`;
  return document({ title: 'Backups', path: '/backups', domain, session }, body);
}
