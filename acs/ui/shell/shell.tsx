// The frame: navigation, top bar, the screen of the address, messages.
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Empty } from '../components/empty.tsx';
import { ProblemNote } from '../components/problem-note.tsx';
import { Skeleton } from '../components/skeleton.tsx';
import { Toasts } from '../components/toasts.tsx';
import { useLazy } from '../state/lazy.ts';
import { place } from '../state/location.ts';
import { navigation } from '../state/preferences.ts';
import { followSummary } from '../state/summary.ts';
import { frame } from '../words/en/frame.ts';
import { textsOf } from '../words/texts.ts';
import { Navigation } from './navigation.tsx';
import { type Match, matchOf } from './routes.ts';
import { TopBar } from './top-bar.tsx';

const words = textsOf('frame', frame);

export function Shell(): JSX.Element {
  const match = matchOf(place.value.path);
  useEffect(followSummary, []);
  useEffect(() => {
    document.title = match ? `${words().pages[match.route.page]} · Tandem` : 'Tandem';
  }, [match?.route]);
  return (
    <>
      <a class="skip" href="#main">
        {words().skip}
      </a>
      <div class="shell" data-nav={navigation.value}>
        <Navigation page={match?.route.page} />
        <TopBar page={match?.route.page} />
        <main class="main" id="main" tabIndex={-1}>
          {match ? <Screen match={match} /> : <Empty title={words().noSuchPage} text={words().noSuchPageHint} />}
        </main>
      </div>
      <Toasts />
    </>
  );
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
