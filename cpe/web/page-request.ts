// Requests of one page by someone who has signed in: the page, its settings, and the actions of its forms.
import { CwmpFault } from '../../shared/cwmp/faults.ts';
import { UserError } from '../../shared/errors.ts';
import { isToken } from './access/sessions.ts';
import { redirect, sendFile, sendPage } from './answers.ts';
import type { ActionResult } from './forms/action.ts';
import { type Body, readBody } from './forms/body.ts';
import { submit } from './forms/submit.ts';
import { renderPage } from './frame.ts';
import type { Page } from './pages/page.ts';
import { pageAt, pagesOf } from './pages/pages.ts';
import { addressOf, linkTo } from './render/view.ts';
import { forged, type Known, viewOf } from './visit.ts';

const CANNOT = 'Your access rights do not allow this change.';

/** @throws UserError 404, and those of the body */
export async function answerPage(visit: Known): Promise<void> {
  const { site, request, response, session } = visit;
  const pages = pagesOf(site.unit);
  const page = pageAt(site.unit, visit.path);
  if (!page) throw new UserError(404, 'no-page', 'There is no such page.');
  if (request.method === 'POST') return takeForm(visit, page, pages);
  sendPage(response, 200, renderPage(viewOf(visit, { said: session.said }), page, pages));
  if (request.method === 'GET') session.said = undefined;
}

async function takeForm(visit: Known, page: Page, pages: readonly Page[]): Promise<void> {
  const body = await readBody(visit.request, page.maxUpload);
  if (!isToken(body.fields.get('token'), visit.session.token)) throw forged();
  const action = body.fields.get('action');
  if (action !== null) return act(visit, page, action, body);
  const outcome = await submit(viewOf(visit), page.parts, body.fields);
  if (outcome.kind === 'saved') return goOn(visit, { text: outcome.text, isError: false });
  const errors = outcome.kind === 'refused' ? outcome.errors : new Map<string, string>();
  const said = { text: outcome.text, isError: outcome.kind === 'refused' };
  const view = viewOf(visit, { typed: outcome.typed, errors, said });
  sendPage(visit.response, said.isError ? 422 : 200, renderPage(view, page, pages));
}

async function act(visit: Known, page: Page, name: string, body: Body): Promise<void> {
  const result = await carryOut(visit, page, name, body);
  switch (result.kind) {
    case 'said':
      return goOn(visit, result);
    case 'go':
      return redirect(visit.response, linkTo(viewOf(visit), result.path));
    case 'file':
      return sendFile(visit.response, result);
  }
}

async function carryOut(visit: Known, { actions }: Page, name: string, { fields, files }: Body): Promise<ActionResult> {
  const action = actions && Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (!action) throw new UserError(400, 'no-action', 'This page has no such form.');
  if (visit.account.rights === 'Observer') return { kind: 'said', text: CANNOT, isError: true };
  try {
    return await action({ view: viewOf(visit), fields, files });
  } catch (error) {
    if (!(error instanceof UserError || error instanceof CwmpFault)) throw error;
    return { kind: 'said', text: error.message, isError: true };
  }
}

/** Leads to the page, so that a reload of it does not repeat the form. */
function goOn(visit: Known, said: { text: string; isError: boolean }): void {
  visit.session.said = said;
  redirect(visit.response, addressOf(viewOf(visit)));
}
