// Pages made from the model: System/All Settings with its search, and one page for each service with all its variables.
import type { Model, ParameterDef } from '../../../shared/model/definitions.ts';
import { dgwPath } from '../../services/service.ts';
import { html, type Markup } from '../render/markup.ts';
import { form, type Part, table } from '../render/part.ts';
import { linkTo, type View } from '../render/view.ts';
import type { Page } from './page.ts';

const ALL = '/system/all';
/** Variables of one answer to a search. */
const MAX_FOUND = 200;
const MAX_SEARCH = 100;

export const allSettings: Page = {
  path: ALL,
  menu: 'System',
  tab: 'All Settings',
  parts: [
    { kind: 'custom', heading: 'Search', render: renderSearch },
    { kind: 'custom', heading: 'Services', render: renderServices },
  ],
  isShown: ({ model }) => model.services.length > 0,
};

const ofService = ({ model }: { readonly model: Model }, service: string): ParameterDef[] =>
  [...model.parameters.values()].filter(def => def.service === service && def.script !== undefined);

function renderServices(view: View): Markup {
  const items = view.unit.model.services.map(({ name, title }) => {
    const count = ofService(view.unit, name).length;
    return html`<li><a href="${linkTo(view, `${ALL}/${name}`)}">${title} (${name})</a>: ${count}</li>`;
  });
  return html`<ul class="services">${items}</ul>`;
}

function renderSearch(view: View): Markup {
  const text = (view.query.get('q') ?? '').slice(0, MAX_SEARCH);
  return html`<form method="get" action="${ALL}" role="search"><label for="q">Name or description</label> <input type="text" id="q" name="q" value="${text}"> <button>Search</button></form>${text.trim() !== '' && renderFound(view, text)}`;
}

function renderFound(view: View, text: string): Markup {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = [...view.unit.model.parameters.values()].filter(({ script, service, description = '' }) => {
    if (script === undefined || service === undefined) return false;
    const all = `${script} ${description}`.toLowerCase();
    return words.every(word => all.includes(word));
  });
  if (found.length === 0) return html`<p role="status">No variable has these words in its name or description.</p>`;
  const items = found
    .slice(0, MAX_FOUND)
    .map(
      ({ script = '', service = '', description }) =>
        html`<li><a href="${ALL}/${service}">${plainName(script)}</a>${description !== undefined && html` – ${description}`}</li>`,
    );
  return html`<p role="status">${found.length} found${found.length > MAX_FOUND && html`, the first ${MAX_FOUND} of them`}</p><ul>${items}</ul>`;
}

/** `SipEp.Gateway[Name=].Port` → `SipEp.Gateway.Port` */
const plainName = (script: string): string => script.replace(/\[[\w=, ]{0,99}\]/, '');

/** The page of one service; undefined where the address names none. */
export function modelPage({ model }: { readonly model: Model }, path: string): Page | undefined {
  const name = path.startsWith(`${ALL}/`) ? path.slice(ALL.length + 1) : '';
  const service = model.services.find(each => each.name === name);
  if (!service) return undefined;
  return { path, menu: 'System', tab: `All Settings/${service.title}`, parts: modelParts(model, name) };
}

function modelParts(model: Model, name: string): Part[] {
  const root = dgwPath({ model }, `${name}.`);
  const scalars = model.children(root).parameters.flatMap(({ script }) => script ?? []);
  const tables = [...model.objects.values()].filter(each => each.multi && each.path.startsWith(root) && each.script);
  return [
    ...(scalars.length > 0 ? [form('Settings', scalars.map(asField), { hasMarks: true })] : []),
    ...tables.map(def => {
      const columns = model.children(def.path).parameters.map(column => column.name);
      const hasDelete = def.writable || columns.includes('Delete');
      return table(
        def.script ?? '',
        def.script ?? '',
        columns.filter(column => column !== 'Delete'),
        {
          hasMarks: true,
          hasDelete: hasDelete && !def.fixed,
          ...(def.writable && !def.fixed && { add: writableKeys(model, def.path, def.keys) }),
        },
      );
    }),
  ];
}

const asField = (script: string): { name: string; label: string } => ({
  name: script,
  label: script.slice(script.lastIndexOf('.') + 1),
});

const writableKeys = (model: Model, row: string, keys: readonly string[]): string[] =>
  keys.filter(key => model.parameters.get(row + key)?.writable === true);
