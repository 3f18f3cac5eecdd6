// The side navigation, with the counts that need someone; a bar at the thumb on a phone.
import type { JSX } from 'preact';
import type { Summary } from '../api/shapes.ts';
import { Brand } from '../components/brand.tsx';
import { Icon } from '../components/icon.tsx';
import { hrefOf } from '../state/location.ts';
import { navigation } from '../state/preferences.ts';
import { may } from '../state/session.ts';
import { summary } from '../state/summary.ts';
import { frame } from '../words/en/frame.ts';
import { number } from '../words/format.ts';
import { textsOf } from '../words/texts.ts';
import { type PageEntry, pages } from './pages.ts';
import type { PageName } from './routes.ts';

const words = textsOf('frame', frame);

interface Count {
  value: number;
  tone?: 'bad' | 'odd';
}

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((all, each) => all + each, 0);

const counts: Partial<Record<PageName, (of: Summary) => Count>> = {
  devices: ({ states }) => ({ value: sum(states) }),
  faults: ({ faults }) => ({ value: faults.open, tone: 'bad' }),
  rollouts: ({ rollouts, jobs }) => ({ value: sum(rollouts) + sum(jobs) }),
  enrolment: ({ states }) => ({ value: (states.quarantine ?? 0) + (states.held ?? 0), tone: 'odd' }),
  alerts: ({ alerts }) => ({ value: sum(alerts ?? {}), tone: 'bad' }),
};

export interface NavigationProps {
  page: PageName | undefined;
  /** Opens the pages that a phone has no place for. */
  onMore: () => void;
}

export function Navigation({ page, onMore }: NavigationProps): JSX.Element {
  const shown = pages.filter(({ needs }) => may(needs));
  const isWide = navigation.value === 'wide';
  return (
    <nav class="nav" aria-label={words().mainNavigation}>
      <a class="brand" href={hrefOf('')} title={words().toOverview}>
        <Brand />
        <span class="label">Tandem</span>
      </a>
      {shown
        .filter(({ isLower }) => !isLower)
        .map(entry => (
          <NavigationLink key={entry.name} entry={entry} isCurrent={entry.name === page} />
        ))}
      <hr />
      {shown
        .filter(({ isLower }) => isLower)
        .map(entry => (
          <NavigationLink key={entry.name} entry={entry} isCurrent={entry.name === page} />
        ))}
      <button class="more" type="button" onClick={onMore}>
        <Icon name="more" />
        <span class="label">{words().more}</span>
      </button>
      <button
        class="fold"
        type="button"
        aria-expanded={isWide}
        title={isWide ? words().collapse : words().expand}
        onClick={() => {
          navigation.value = isWide ? 'thin' : 'wide';
        }}
      >
        <Icon name="fold" />
        <span class="label">{isWide ? words().collapse : words().expand}</span>
      </button>
    </nav>
  );
}

export interface NavigationLinkProps {
  entry: PageEntry;
  isCurrent: boolean;
}

export function NavigationLink({ entry: { name, path, isRest }, isCurrent }: NavigationLinkProps): JSX.Element {
  const found = summary.value && counts[name]?.(summary.value);
  const text = words().pages[name];
  return (
    <a
      href={hrefOf(path)}
      title={text}
      {...(isCurrent ? { 'aria-current': 'page' as const } : {})}
      {...(isRest ? { 'data-rest': true } : {})}
    >
      <Icon name={name} />
      <span class="label">{text}</span>
      {found !== undefined && found.value > 0 && <span class={`count ${found.tone ?? ''}`}>{number(found.value)}</span>}
    </a>
  );
}
