// The top bar: where you are, the palette, the state of the live line, theme and user.
import type { JSX } from 'preact';
import { readSeries } from '../api/series.ts';
import { Icon } from '../components/icon.tsx';
import { now } from '../state/clock.ts';
import { hrefOf } from '../state/location.ts';
import { theme, themes } from '../state/preferences.ts';
import { useResource } from '../state/resource.ts';
import { may } from '../state/session.ts';
import { line } from '../state/summary.ts';
import { trail } from '../state/trail.ts';
import { frame } from '../words/en/frame.ts';
import { number, timeOfDay } from '../words/format.ts';
import { textsOf } from '../words/texts.ts';
import { pages } from './pages.ts';
import type { PageName } from './routes.ts';
import { UserMenu } from './user-menu.tsx';

const words = textsOf('frame', frame);

export interface TopBarProps {
  page: PageName | undefined;
  onJump: () => void;
}

export const TopBar = ({ page, onJump }: TopBarProps): JSX.Element => (
  <header class="top">
    <Crumbs page={page} />
    <button class="jump" type="button" title={words().jumpTitle} onClick={onJump}>
      <Icon name="search" />
      <span class="t">{words().jump}</span>
      <kbd>{words().jumpKey}</kbd>
    </button>
    <Line />
    <span class="live notphone">{timeOfDay(now.value)}</span>
    <button
      class="btn quiet square notphone"
      type="button"
      aria-label={words().theme(words().themes[theme.value])}
      title={words().theme(words().themes[theme.value])}
      onClick={() => {
        theme.value = themes[(themes.indexOf(theme.value) + 1) % themes.length] ?? 'auto';
      }}
    >
      <Icon name={theme.value === 'light' ? 'sun' : 'moon'} />
    </button>
    <UserMenu />
  </header>
);

function Crumbs({ page }: { page: PageName | undefined }): JSX.Element {
  const entry = pages.find(({ name }) => name === page);
  const first = entry ? [{ text: words().pages[entry.name], href: hrefOf(entry.path), isId: false }] : [];
  const steps = [...first, ...trail.value];
  return (
    <nav class="crumbs" aria-label={words().whereYouAre}>
      {steps.map(({ text, href, isId }, at) =>
        at === steps.length - 1 || href === undefined ? (
          <span
            key={text}
            class={isId ? 'mono' : ''}
            {...(at === steps.length - 1 ? { 'aria-current': 'page' as const } : {})}
          >
            {text}
          </span>
        ) : (
          <a key={text} href={href}>
            {text}
          </a>
        ),
      )}
    </nav>
  );
}

const tones = { live: 'ok', connecting: 'busy', lost: 'bad' } as const;
const RATE_MS = 10_000;

function Line(): JSX.Element {
  const state = line.value;
  const rates = useResource(
    may('getSeries') ? 'rate' : undefined,
    async signal => await readSeries(['informs'], { from: '-2m', points: 4 }, signal),
    { everyMs: RATE_MS },
  );
  const rate = rates.value?.series[0]?.points.at(-1)?.avg;
  const live =
    rate === undefined || rate === null ? words().live : words().liveRate(number(Math.round(rate * 10) / 10));
  const text = { live, connecting: words().connecting, lost: words().notLive }[state];
  return (
    <span class="live" title={text}>
      <span class={`st ${tones[state]}`}>
        <span class="t">{text}</span>
        <span class="sr">{text}</span>
      </span>
    </span>
  );
}
