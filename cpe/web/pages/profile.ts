// The page Management/Profile: the customer profile that this unit's settings would make, and its export.

import { packProfile, profileText } from '../../services/common/unit-profile.ts';
import type { Unit } from '../../services/service.ts';
import { type Action, refused } from '../forms/action.ts';
import { html } from '../render/markup.ts';
import { actionForm } from '../render/parts.ts';
import { mayChange } from '../render/view.ts';
import type { Page } from './page.ts';

const CANNOT = 'Only an administrator exports a profile.';

const exportProfile: Action = async ({ view }) => {
  if (!mayChange(view, 'Conf')) return refused(CANNOT);
  const { unit } = view;
  const name = `${unit.identity.serialNumber}-profile.json`;
  return { kind: 'file', name, type: 'application/json', bytes: Buffer.from(profileText(unit)) };
};

/** A password reads empty in the model. */
function shownValue({ config }: Unit, name: string, value: string): string {
  const isSecret = value !== '' && config.read(config.pathOf(name) ?? name)[0]?.Value === '';
  return isSecret ? '••••' : value;
}

export const profilePage: Page = {
  path: '/management/profile',
  menu: 'Management',
  tab: 'Profile',
  actions: { export: exportProfile },
  parts: [
    {
      kind: 'facts',
      heading: 'Customer Profile',
      head: ['Setting', 'Value'],
      facts: ({ unit }) =>
        Object.entries(packProfile(unit).parameters)
          .slice(0, 500)
          .map(([name, value]) => [name, shownValue(unit, name, value)]),
    },
    {
      kind: 'custom',
      heading: 'Export',
      render: view =>
        mayChange(view, 'Conf')
          ? actionForm(view, 'export', html`<p><button>Export Profile</button></p>`)
          : html`<p>${CANNOT}</p>`,
    },
  ],
};
