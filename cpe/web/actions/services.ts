// The page System/Services: the services by their titles, and the commands on them.
import { messageOf, UserError } from '../../../shared/errors.ts';
import { commentOn } from '../../services/common/service-rules.ts';
import type { Unit } from '../../services/service.ts';
import { type Action, type ActionResult, done, refused } from '../forms/action.ts';
import { html, type Markup } from '../render/markup.ts';
import { actionForm, factsTable } from '../render/parts.ts';
import { mayChange, type View } from '../render/view.ts';

const actions = ['Start', 'Stop', 'Restart'] as const;
type ServiceAction = (typeof actions)[number];

/** Milliseconds that an answer waits for a service; the page then shows on which way it is. */
const PATIENCE = 3000;

const servicesOf = ({ model }: Unit, kind: 'System' | 'User'): Unit['model']['services'] =>
  [...model.services].filter(service => service.class === kind).sort((a, b) => a.title.localeCompare(b.title));

const titled = ({ title, name }: Unit['model']['services'][number]): string => `${title} (${name.toUpperCase()})`;

export const systemServices = ({ unit }: View): string[][] =>
  servicesOf(unit, 'System').map(service => [
    titled(service),
    unit.services.stateOf(service.name),
    commentOn(unit, service.name),
  ]);

export function userServices(view: View): Markup {
  const { unit } = view;
  const rows = servicesOf(unit, 'User').map(service => {
    const { name } = service;
    return [
      titled(service),
      unit.services.stateOf(name),
      mayChange(view, 'Scm') ? choice(view, name) : '',
      commentOn(unit, name),
    ];
  });
  return factsTable('User Service', ['User Service', 'Status', 'Action', 'Comment'], rows);
}

/** A list of actions with a button; a service with settings that wait has a button of its own. */
function choice(view: View, name: string): Markup {
  const { services, config } = view.unit;
  const fitting = actions.filter(action => (action === 'Start') !== services.started(name));
  const first = config.pending.services().has(name)
    ? html`<button name="now" value="Restart" aria-label="Restart ${name}">Restart</button> `
    : html``;
  const options = fitting.map(action => html`<option value="${action}">${action}</option>`);
  return actionForm(
    view,
    'service',
    html`<input type="hidden" name="service" value="${name}">${first}<select name="choice" aria-label="Action for ${name}"><option value="">-</option>${options}</select> <button name="now" value="" aria-label="Go, action for ${name}">Go</button>`,
  );
}

export function restartRequired(view: View): Markup {
  const waiting = [...view.unit.config.pending.services()].sort();
  if (!mayChange(view, 'Scm')) return html`<p>${waiting.join(', ') || 'None.'}</p>`;
  const button = html`<button${waiting.length === 0 && html` disabled`}>Restart Required Services</button>`;
  return html`<p>${waiting.length === 0 ? 'No service has to be restarted.' : waiting.join(', ')}</p>${actionForm(view, 'required', button)}`;
}

/** Waits for a command, but not for long: a registrar that is away delays a stop, and the page may close its own service. */
async function carriedOut(unit: Unit, work: Promise<void>, what: string): Promise<ActionResult> {
  const failed = (error: unknown): ActionResult => {
    unit.log.warn('service command of a page failed', { reason: messageOf(error) });
    return refused(messageOf(error));
  };
  const outcome = work.then(() => done(what), failed);
  const enough = new AbortController();
  const late = unit.clock.sleep(PATIENCE, enough.signal).then(
    () => done(`${what} This takes longer; the table shows the present state.`),
    () => done(what),
  );
  const result = await Promise.race([outcome, late]);
  enough.abort();
  return result;
}

export const serviceAction: Action = async ({ view, fields }) => {
  const { unit } = view;
  if (!mayChange(view, 'Scm')) throw new UserError(403, 'forbidden', 'This needs the rights of an administrator.');
  const name = fields.get('service') ?? '';
  const wanted = fields.get('now') || fields.get('choice');
  const action: ServiceAction | undefined = actions.find(one => one === wanted);
  if (!action) return refused('An action has to be chosen.');
  const work = unit.services.command(name, action);
  // The answer leaves before the pages close.
  if (name === 'Web') {
    work.catch((error: unknown) => unit.log.warn('page service command failed', { reason: messageOf(error) }));
    return done(`${action} of ${name} was ordered.`);
  }
  return carriedOut(unit, work, `${action} of ${name} was ordered.`);
};

export const requiredAction: Action = async ({ view }) => {
  const { unit } = view;
  if (!mayChange(view, 'Scm')) throw new UserError(403, 'forbidden', 'This needs the rights of an administrator.');
  return carriedOut(unit, unit.services.restartRequired(), 'The required services were restarted.');
};
