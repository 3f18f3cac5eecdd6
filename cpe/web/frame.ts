// The frame around the parts of a page: menu, tabs, the note of waiting restarts, help, and the button of the settings.
import type { Unit } from '../services/service.ts';
import { menus, type Page } from './pages/page.ts';
import { hasEditable } from './render/cells.ts';
import { SETTINGS, tip } from './render/field.ts';
import { html, type Markup, none } from './render/markup.ts';
import { renderPart } from './render/parts.ts';
import { addressOf, linkTo, type View } from './render/view.ts';

const nameOf = ({ identity: { manufacturer, productClass, serialNumber } }: Unit): string =>
  `${manufacturer} ${productClass} ${serialNumber}`;

/** @param pages those of this unit, in the order of the menu */
export function renderPage(view: View, page: Page, pages: readonly Page[]): string {
  const title = `${page.menu}/${page.tab}`;
  const warning = page.warning?.(view);
  const body = html`<a class="skip" href="#content">To the content</a>
<header><p class="unit">${nameOf(view.unit)}</p><p>${view.account.name}</p>${helpLink(view)}<form method="post" action="/logout"><input type="hidden" name="token" value="${view.token}"><button class="link">Log out</button></form></header>
${menuOf(view, page, pages)}
<main id="content">${waitingNote(view)}<h1>${title}</h1>${saidOf(view)}${warning !== undefined && html`<p><strong>${warning}</strong></p>`}
${view.account.rights === 'Observer' ? none : settings(view, page)}${page.parts.map(part => renderPart(view, part))}${applyButton(view, page)}</main>`;
  return documentOf(`${title} - ${nameOf(view.unit)}`, body, page.refresh?.(view));
}

/** @param refresh seconds after which the page is loaded again */
export const documentOf = (title: string, body: Markup, refresh?: number): string =>
  html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">${refresh !== undefined && html`<meta http-equiv="refresh" content="${refresh}">`}<title>${title}</title><link rel="icon" href="/icon.svg" type="image/svg+xml"><link rel="stylesheet" href="/style.css"></head><body>${body}</body></html>`
    .markup;

function helpLink(view: View): Markup {
  return html`<a href="${addressOf(view, !view.hasHelp)}">${view.hasHelp ? 'Hide' : 'Show'} Help</a>`;
}

function menuOf(view: View, page: Page, pages: readonly Page[]): Markup {
  const current = (isIt: boolean): Markup | false => isIt && html` aria-current="page"`;
  const firsts = menus.flatMap(menu => pages.find(each => each.menu === menu) ?? []);
  const tabs = pages.filter(each => each.menu === page.menu);
  return html`<nav class="menu" aria-label="Menu"><ul>${firsts.map(
    ({ menu, path }) => html`<li><a href="${linkTo(view, path)}"${current(menu === page.menu)}>${menu}</a></li>`,
  )}</ul></nav>
<nav aria-label="${page.menu}"><ul>${tabs.map(
    ({ tab, path }) =>
      html`<li><a href="${linkTo(view, path)}"${current(path === page.path || page.path.startsWith(`${path}/`))}>${tab}</a></li>`,
  )}</ul></nav>`;
}

/** The vendor's sentence and link at the top of each page; the names of the services are ours. */
function waitingNote(view: View): Markup {
  const services = [...view.unit.config.pending.services()];
  if (services.length === 0) return none;
  return html`<p class="banner">Some changes require to restart a service to apply new configuration. Please click this link to access the <a href="/system/services">services table</a>. (${services.join(', ')})</p>`;
}

const saidOf = ({ said }: View): Markup =>
  said
    ? html`<p class="said${said.isError && ' bad'}" role="${said.isError ? 'alert' : 'status'}">${said.text}</p>`
    : none;

/** The form that all fields of the page belong to. Its first button is the one that the Enter key presses. */
const settings = (view: View, page: Page): Markup =>
  html`<form id="${SETTINGS}" method="post" action="${addressOf(view)}"><input type="hidden" name="token" value="${view.token}"><button class="unseen" name="do" value="apply" tabindex="-1" aria-hidden="true">${page.button ?? 'Apply'}</button></form>`;

function applyButton(view: View, page: Page): Markup {
  if (!hasEditable(view, page.parts)) return none;
  const help = 'Saves all changes of this page at once, or none of them where one is wrong.';
  return html`<p class="apply"><span${view.hasHelp && html` class="helped"`}><button name="do" value="apply" form="${SETTINGS}"${view.hasHelp && html` aria-describedby="help-apply"`}>${page.button ?? 'Apply'}</button>${tip(view, 'apply', help)}</span></p>`;
}

/** @param said problem of the last try. @param token of the form. @param to page to go to afterwards */
export function loginPage(unit: Unit, token: string, to: string, said?: string): string {
  const name = nameOf(unit);
  return documentOf(
    `Login - ${name}`,
    html`<main class="login"><h1>${name}</h1>${said !== undefined && html`<p class="said bad" role="alert">${said}</p>`}<form method="post" action="/login"><input type="hidden" name="token" value="${token}"><input type="hidden" name="to" value="${to}"><label for="user">User Name</label><input id="user" name="user" autocomplete="username" autocapitalize="none" spellcheck="false"><label for="password">Password</label><input id="password" name="password" type="password" autocomplete="current-password"><button>Login</button></form></main>`,
  );
}
