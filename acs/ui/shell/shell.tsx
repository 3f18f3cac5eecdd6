// The frame: navigation, top bar, the screen of the address, palette and messages.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Empty } from '../components/empty.tsx';
import { ProblemNote } from '../components/problem-note.tsx';
import { Skeleton } from '../components/skeleton.tsx';
import { Toasts } from '../components/toasts.tsx';
import { type Shortcut, shortcuts, useShortcuts } from '../state/keys.ts';
import { type Lazy, useLazy } from '../state/lazy.ts';
import { place } from '../state/location.ts';
import { navigation } from '../state/preferences.ts';
import { followSummary } from '../state/summary.ts';
import { trail } from '../state/trail.ts';
import { frame } from '../words/en/frame.ts';
import { textsOf } from '../words/texts.ts';
import type { LayerProps } from './layer.ts';
import { Navigation } from './navigation.tsx';
import { type Match, matchOf, type PageName } from './routes.ts';
import { TopBar } from './top-bar.tsx';

const words = textsOf('frame', frame);

/** Layers over the page, loaded when one is first opened. */
const layers: Readonly<Record<'palette' | 'keys' | 'more', Lazy<LayerProps>>> = {
  palette: { load: async () => (await import('./layers.ts')).Palette },
  keys: { load: async () => (await import('./layers.ts')).KeysHelp },
  more: { load: async () => (await import('./layers.ts')).MoreSheet },
};

interface Over {
  layer: Lazy<LayerProps>;
  list: readonly Shortcut[];
}

export function Shell(): JSX.Element {
  const match = matchOf(place.value.path);
  const page = match?.route.page;
  const [over, setOver] = useState<Over | undefined>(undefined);
  const open = (name: keyof typeof layers): void => setOver({ layer: layers[name], list: shortcuts() });
  useEffect(followSummary, []);
  useTitle(page);
  useShortcuts([
    { keys: 'Ctrl+k', label: words().jump, run: () => open('palette') },
    { keys: '?', label: words().keys, run: () => open('keys') },
  ]);
  return (
    <>
      <a class="skip" href="#main">
        {words().skip}
      </a>
      <div class="shell" data-nav={navigation.value}>
        <Navigation page={page} onMore={() => open('more')} />
        <TopBar page={page} onJump={() => open('palette')} />
        <main class="main" id="main" tabIndex={-1}>
          {match ? <Screen match={match} /> : <Empty title={words().noSuchPage} text={words().noSuchPageHint} isPage />}
        </main>
      </div>
      {over && <Layer over={over} onClose={() => setOver(undefined)} />}
      <Toasts />
    </>
  );
}

function useTitle(page: PageName | undefined): void {
  const parts = [...trail.value].reverse().map(({ text }) => text);
  const title = [...parts, ...(page ? [words().pages[page]] : []), 'Tandem'].join(' · ');
  useEffect(() => {
    document.title = title;
  }, [title]);
}

function Layer({ over: { layer, list }, onClose }: { over: Over; onClose: () => void }): JSX.Element | null {
  const { Component, problem } = useLazy(layer);
  if (Component) return <Component onClose={onClose} list={list} />;
  return problem ? <ProblemNote problem={problem} onRetry={onClose} /> : null;
}

function Screen({ match: { route, params } }: { match: Match }): JSX.Element {
  const { Component, problem } = useLazy(route);
  if (Component) return <Component params={params} />;
  return problem ? (
    <ProblemNote problem={problem} onRetry={() => globalThis.location.reload()} />
  ) : (
    <Skeleton rows={8} />
  );
}
