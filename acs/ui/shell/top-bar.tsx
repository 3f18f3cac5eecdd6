// The top bar: where you are, the palette, the state of the live line, theme and user.
import type { JSX } from 'preact';
import { Icon } from '../components/icon.tsx';
import { now } from '../state/clock.ts';
import { theme, themes } from '../state/preferences.ts';
import { session } from '../state/session.ts';
import { line } from '../state/summary.ts';
import { frame } from '../words/en/frame.ts';
import { timeOfDay } from '../words/format.ts';
import { textsOf } from '../words/texts.ts';
import type { PageName } from './routes.ts';

const words = textsOf('frame', frame);

export const TopBar = ({ page }: { page: PageName | undefined }): JSX.Element => (
  <header class="top">
    <nav class="crumbs" aria-label={words().whereYouAre}>
      <span aria-current="page">{page ? words().pages[page] : ''}</span>
    </nav>
    <button class="jump" type="button" title={words().jumpTitle}>
      <Icon name="search" />
      <span class="t">{words().jump}</span>
      <kbd>Ctrl K</kbd>
    </button>
    <Line />
    <span class="live notphone">{timeOfDay(now.value)}</span>
    <button
      class="btn quiet square notphone"
      type="button"
      aria-label={words().theme(words().themes[theme.value])}
      onClick={() => {
        theme.value = themes[(themes.indexOf(theme.value) + 1) % themes.length] ?? 'auto';
      }}
    >
      <Icon name="moon" />
    </button>
    <button
      class="btn quiet square"
      type="button"
      aria-label={words().signedInAs(session.value?.user ?? '', session.value?.role ?? '')}
    >
      <Icon name="user" />
    </button>
  </header>
);

const tones = { live: 'ok', connecting: 'busy', lost: 'bad' } as const;

function Line(): JSX.Element {
  const state = line.value;
  const text = { live: words().live, connecting: words().connecting, lost: words().notLive }[state];
  return (
    <span class="live">
      <span class={`st ${tones[state]}`}>
        <span class="t">{text}</span>
      </span>
    </span>
  );
}
