// The side navigation, with the counts that need someone.
import type { JSX } from 'preact';
import type { Summary } from '../api/shapes.ts';
import { Brand } from '../components/brand.tsx';
import { Icon } from '../components/icon.tsx';
import { hrefOf } from '../state/location.ts';
import { navigation } from '../state/preferences.ts';
import { summary } from '../state/summary.ts';
import { frame } from '../words/en/frame.ts';
import { number } from '../words/format.ts';
import { textsOf } from '../words/texts.ts';
import type { PageName } from './routes.ts';

const words = textsOf('frame', frame);

interface Count {
  value: number;
  tone?: 'bad' | 'odd';
}

interface Entry {
  page: PageName;
  path: string;
  count?: (counts: Summary) => Count;
  /** Behind "more" on a phone. */
  isRest?: boolean;
}

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((all, each) => all + each, 0);

const entries: readonly Entry[] = [
  { page: 'overview', path: '' },
  { page: 'devices', path: '/devices', count: ({ states }) => ({ value: sum(states) }) },
  { page: 'faults', path: '/faults', count: ({ faults }) => ({ value: faults.open, tone: 'bad' }) },
  { page: 'rollouts', path: '/rollouts', count: ({ rollouts, jobs }) => ({ value: sum(rollouts) + sum(jobs) }) },
  { page: 'presets', path: '/presets', isRest: true },
  {
    page: 'enrolment',
    path: '/enrolment',
    isRest: true,
    count: ({ states }) => ({ value: (states.quarantine ?? 0) + (states.held ?? 0), tone: 'odd' }),
  },
  { page: 'files', path: '/files', isRest: true },
  { page: 'alerts', path: '/alerts', isRest: true, count: ({ alerts }) => ({ value: sum(alerts ?? {}), tone: 'bad' }) },
];
const lower: readonly Entry[] = [
  { page: 'audit', path: '/audit', isRest: true },
  { page: 'admin', path: '/admin', isRest: true },
];

export const Navigation = ({ page }: { page: PageName | undefined }): JSX.Element => (
  <nav class="nav" aria-label={words().mainNavigation}>
    <a class="brand" href={hrefOf('')} title={words().toOverview}>
      <Brand />
      <span class="label">Tandem</span>
    </a>
    {entries.map(entry => (
      <NavigationLink key={entry.page} entry={entry} isCurrent={entry.page === page} />
    ))}
    <hr />
    {lower.map(entry => (
      <NavigationLink key={entry.page} entry={entry} isCurrent={entry.page === page} />
    ))}
    <button class="more" type="button">
      <Icon name="more" />
      <span class="label">{words().more}</span>
    </button>
    <button
      class="fold"
      type="button"
      aria-expanded={navigation.value === 'wide'}
      title={navigation.value === 'wide' ? words().collapse : words().expand}
      onClick={() => {
        navigation.value = navigation.value === 'wide' ? 'thin' : 'wide';
      }}
    >
      <Icon name="fold" />
      <span class="label">{navigation.value === 'wide' ? words().collapse : words().expand}</span>
    </button>
  </nav>
);

function NavigationLink({
  entry: { page, path, count, isRest },
  isCurrent,
}: {
  entry: Entry;
  isCurrent: boolean;
}): JSX.Element {
  const counts = summary.value;
  const found = counts && count?.(counts);
  const name = words().pages[page];
  return (
    <a
      href={hrefOf(path)}
      title={name}
      {...(isCurrent ? { 'aria-current': 'page' as const } : {})}
      {...(isRest ? { 'data-rest': true } : {})}
    >
      <Icon name={page} />
      <span class="label">{name}</span>
      {found !== undefined && found.value > 0 && <span class={`count ${found.tone ?? ''}`}>{number(found.value)}</span>}
    </a>
  );
}
