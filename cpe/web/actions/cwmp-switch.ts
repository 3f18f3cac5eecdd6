// The switch of TR-069 on its page: the service Cwmp stops or starts, now and at each start of the unit.
import { type Action, done, refused } from '../forms/action.ts';
import { html, type Markup } from '../render/markup.ts';
import { actionForm } from '../render/parts.ts';
import { mayChange, type View } from '../render/view.ts';

const CANNOT = 'Your access rights do not allow this change.';

const isOn = ({ unit }: View): boolean => unit.services.started('Cwmp');

export const switchCwmp: Action = async ({ view, fields }) => {
  if (!mayChange(view, 'Cwmp')) return refused(CANNOT);
  const on = fields.get('to') === 'on';
  const { config } = view.unit;
  const command = on ? 'Start' : 'Stop';
  const values = {
    'Scm.ServicesConfig[Name=Cwmp].StartupType': on ? 'Auto' : 'Manual',
    [`Scm.ServiceCommands[Name=Cwmp].${command}`]: command,
  };
  const items = Object.entries(values).map(([name, value]) => ({ name: config.pathOf(name) ?? name, value }));
  await config.set(items, 'web');
  return done(`TR-069 is switched ${on ? 'on' : 'off'}.`);
};

export function renderSwitch(view: View): Markup {
  const on = isOn(view);
  const state = html`<p>TR-069 is ${on ? 'on' : 'off'}.</p>`;
  if (!mayChange(view, 'Cwmp')) return state;
  const [to, text] = on ? (['off', 'Switch TR-069 off'] as const) : (['on', 'Switch TR-069 on'] as const);
  return html`${state}${actionForm(view, 'switch', html`<input type="hidden" name="to" value="${to}"><button>${text}</button>`)}`;
}
