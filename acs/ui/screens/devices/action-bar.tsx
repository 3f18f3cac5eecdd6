// The actions on all devices that match, below the list.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { csvUrl } from '../../api/devices.ts';
import type { BulkDialogProps } from '../../components/bulk/bulk-dialog.tsx';
import { type BulkAction, bulkActions, isDangerous, needs } from '../../components/bulk/steps.ts';
import { Icon, type IconName } from '../../components/icon.tsx';
import { Menu, type MenuEntry } from '../../components/menu.tsx';
import { useActions } from '../../state/actions.ts';
import { useShortcuts } from '../../state/keys.ts';
import { type Lazy, useLazy } from '../../state/lazy.ts';
import { go, hrefOf } from '../../state/location.ts';
import { may } from '../../state/session.ts';
import { bulk } from '../../words/en/bulk.ts';
import { devices } from '../../words/en/devices.ts';
import { textsOf } from '../../words/texts.ts';
import type { Search } from './search.ts';

const words = textsOf('devices', devices);
const bulkWords = textsOf('bulk', bulk);

const icons: Readonly<Record<BulkAction, IconName>> = {
  tag: 'tag',
  wake: 'pulse',
  set: 'edit',
  file: 'files',
  reboot: 'reload',
  hold: 'pause',
  approve: 'check',
  forget: 'trash',
};
/** The actions with a button of their own. */
const first = ['tag', 'wake', 'set', 'file'] as const satisfies readonly BulkAction[];
const dialog: Lazy<BulkDialogProps> = {
  load: async () => (await import('../../components/bulk/bulk-dialog.tsx')).BulkDialog,
};

const mayDo = (action: BulkAction): boolean => may('createJob') && may(needs[action]);

/** Other screens that begin with this filter. */
function linksOf({ text, filter }: Search): MenuEntry[] {
  const { rollOut, makePreset, makeAlert } = words();
  const to = (path: string, query: Record<string, string>) => () => go(hrefOf(path, query));
  return [
    ...(may('createRollout')
      ? [{ text: rollOut, icon: 'rollouts' as const, run: to('/rollouts/new', { q: filter }) }]
      : []),
    ...(may('putPreset') ? [{ text: makePreset, icon: 'presets' as const, run: to('/presets', { new: filter }) }] : []),
    ...(may('putAlert')
      ? [{ text: makeAlert, icon: 'alerts' as const, run: to('/alerts', { new: filter || text }) }]
      : []),
  ];
}

export interface ActionBarProps {
  search: Search;
  total: number;
}

export function ActionBar({ search, total }: ActionBarProps): JSX.Element {
  const [action, setAction] = useState<BulkAction | undefined>(undefined);
  const { Component } = useLazy(action && dialog);
  const doable = bulkActions.filter(mayDo);
  const entries = doable.map(name => ({
    text: bulkWords().button[name],
    icon: icons[name],
    isDangerous: isDangerous(name),
    run: () => setAction(name),
  }));
  const links = linksOf(search);
  const isShown = (name: BulkAction): boolean => (first as readonly BulkAction[]).includes(name);
  useActions(
    words().toolbar,
    [...entries, ...links].map(({ text, run }) => ({ text, run })),
  );
  useShortcuts([
    {
      keys: 'a',
      label: words().keys.act,
      run: () => document.querySelector<HTMLElement>('.selbar [aria-haspopup]')?.click(),
    },
  ]);
  return (
    <div class="selbar" role="toolbar" aria-label={words().toolbar}>
      <span>
        <strong>{words().allThatMatch(total)}</strong> <span class="ink-2">{words().thatMatch}</span>
      </span>
      <span class="row push">
        {doable.filter(isShown).map(name => (
          <button class="btn tiny notphone" type="button" key={name} onClick={() => setAction(name)}>
            <Icon name={icons[name]} />
            {bulkWords().button[name]}
          </button>
        ))}
        {links.slice(0, 1).map(({ text, icon, run }) => (
          <button class="btn tiny notphone" type="button" key={text} onClick={run}>
            {icon && <Icon name={icon} />}
            {text}
          </button>
        ))}
        <a class="btn tiny notphone" href={csvUrl(csvOf(search))} download="devices.csv">
          <Icon name="download" />
          {words().csv}
        </a>
        <Menu label={words().moreActions} entries={[...entries, ...links]} class="btn quiet tiny square" align="end">
          <Icon name="ellipsis" />
        </Menu>
      </span>
      {action && Component && (
        <Component action={action} filter={search.filter} total={total} onClose={() => setAction(undefined)} />
      )}
    </div>
  );
}

const csvOf = ({ filter, sort, fields }: Search): { filter?: string | undefined; sort: string; fields: string } => ({
  filter: filter || undefined,
  sort,
  fields,
});
