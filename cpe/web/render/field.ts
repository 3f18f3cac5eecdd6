// One cell of a page: as text where it is only read, as a field with its problem and its help where it may be changed.
import type { ParameterDef } from '../../../shared/model/definitions.ts';
import { withoutUrlSecrets } from '../../../shared/model/secret-names.ts';
import type { Cell } from './cells.ts';
import { helpOf } from './help.ts';
import { html, type Markup, none } from './markup.ts';
import { mayChange, type View } from './view.ts';

/** The form that holds the settings of a page: fields and buttons anywhere on the page belong to it. */
export const SETTINGS = 'settings';
/** Longest list of one page's selection. */
const MAX_OPTIONS = 200;

/** Name of the field of a parameter, of what it showed at first, and of the wish to make a secret empty. */
export const fieldName = { typed: 'v:', shown: 'o:', empty: 'e:' } as const;

/** The help of a cell: a description that appears over the field, and when the field has the focus. */
export function tip(view: View, id: string, text: string): Markup {
  if (!view.hasHelp || text === '') return none;
  return html`<span class="tip" role="tooltip" id="help-${id}">${text}</span>`;
}

export const helpClass = (view: View, text: string): Markup =>
  view.hasHelp && text !== '' ? html` class="helped"` : none;

/** Text of a value for people. */
export function shownText({ value, field, def }: Cell): string {
  if (def?.hidden) return '';
  return withoutUrlSecrets(field.texts?.[value] ?? value);
}

/** The content of the table cell. @param accessible name of the field where no label stands beside it */
export function cellContent(view: View, cell: Cell, accessible?: string): Markup {
  const { def } = cell;
  if (!def || !cell.isEditable) return def?.rowCommand ? commands(view, cell, def) : html`${shownText(cell)}`;
  const problem = view.errors.get(cell.path);
  const help = helpOf(def);
  const described = [
    ...(problem === undefined ? [] : [`wrong-${cell.path}`]),
    ...(view.hasHelp && help !== '' ? [`help-${cell.path}`] : []),
  ].join(' ');
  const attributes = html` id="${cell.path}" name="${fieldName.typed}${cell.path}" form="${SETTINGS}"${
    accessible !== undefined && html` aria-label="${accessible}"`
  }${described !== '' && html` aria-describedby="${described}"`}${problem !== undefined && html` aria-invalid="true"`}`;
  const wrong = problem === undefined ? none : html`<span class="wrong" id="wrong-${cell.path}">${problem}</span>`;
  return html`<span${helpClass(view, help)}>${control(view, cell, def, attributes)}${tip(view, cell.path, help)}</span>${wrong}`;
}

function control(view: View, cell: Cell, def: ParameterDef, attributes: Markup): Markup {
  const typed = view.typed.get(cell.path) ?? cell.value;
  if (def.hidden) return password(cell, attributes, view.typed.get(cell.path) ?? '');
  const shown = html`<input type="hidden" name="${fieldName.shown}${cell.path}" form="${SETTINGS}" value="${cell.value}">`;
  const values = optionsOf(view, cell, def);
  if (values === undefined) {
    const kind = /int|long/i.test(def.type) && !def.list ? html` inputmode="numeric"` : none;
    return html`${shown}<input type="text"${attributes}${kind} value="${typed}" autocomplete="off" spellcheck="false">`;
  }
  const options = values.includes(typed) ? values : [typed, ...values];
  const text = (value: string): string => cell.field.texts?.[value] ?? value;
  return html`${shown}<select${attributes}>${options.map(
    value => html`<option value="${value}"${value === typed && html` selected`}>${text(value)}</option>`,
  )}</select>`;
}

/** Secrets are never shown: an empty field keeps what is stored. */
function password(cell: Cell, attributes: Markup, typed: string): Markup {
  return html`<input type="password"${attributes} value="${typed}" autocomplete="new-password"> <label class="empty"><input type="checkbox" name="${fieldName.empty}${cell.path}" form="${SETTINGS}" value="1"> none</label>`;
}

function optionsOf(view: View, { field }: Cell, def: ParameterDef): readonly string[] | undefined {
  if (def.list) return undefined;
  if (def.type === 'boolean') return ['0', '1'];
  if (def.enumeration) return def.enumeration.slice(0, MAX_OPTIONS).map(({ label }) => label);
  return field.choices?.(view).slice(0, MAX_OPTIONS);
}

/** A column of commands: a button for each. */
function commands(view: View, { path, of }: Cell, def: ParameterDef): Markup {
  if (!def.writable || !mayChange(view, def.service)) return none;
  const idle = def.default ?? def.enumeration?.[0]?.label;
  const labels = (def.enumeration ?? []).map(({ label }) => label).filter(label => label !== idle);
  return html`${labels.map(label => doButton(`command:${path}=${label}`, label, `${label} ${of}`))}`;
}

/** A button of the form of settings. @param accessible name where the text is too short to say what it does */
export const doButton = (what: string, text: string, accessible?: string): Markup =>
  html`<button name="do" value="${what}" form="${SETTINGS}"${accessible !== undefined && html` aria-label="${accessible}"`}>${text}</button>`;
