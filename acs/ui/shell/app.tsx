// The application: the pages before the sign-in without a session, the frame with a screen otherwise.
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { ProblemNote } from '../components/problem-note.tsx';
import { type Lazy, useLazy } from '../state/lazy.ts';
import { go, hrefOf, place } from '../state/location.ts';
import { isKnown, loadSession, rightsKey, session, sessionProblem } from '../state/session.ts';
import { Shell } from './shell.tsx';

/** Pages that need no session, by their paths. */
const entries: Readonly<Record<string, Lazy<object>>> = {
  '/login': { load: async () => (await import('../screens/login/login.tsx')).LoginScreen },
  '/first': { load: async () => (await import('../screens/login/first-user.tsx')).FirstUserScreen },
  '/welcome': { load: async () => (await import('../screens/login/welcome.tsx')).WelcomeScreen },
};

export function App(): JSX.Element | null {
  const { path, query } = place.value;
  const isSignedIn = session.value !== undefined;
  const entry = entries[path];
  const then = query.get('then') ?? '';
  // A link that signs in replaces a session that is open.
  const isEntry = entry !== undefined && (!isSignedIn || path === '/welcome');
  useEffect(() => {
    // The place may have changed since this was shown.
    if (!isKnown.value || sessionProblem.value || place.peek().path !== path) return;
    if (!isSignedIn && !entry) go(loginHref(), { replaces: true });
    if (isSignedIn && entry && !isEntry) go(then.startsWith('/ui/') ? then : hrefOf(''), { replaces: true });
  }, [path, isSignedIn, entry, isEntry, then]);
  if (sessionProblem.value)
    return (
      <main class="main">
        <ProblemNote problem={sessionProblem.value} onRetry={() => void loadSession()} />
      </main>
    );
  if (isEntry) return <EntryPage entry={entry} key={path} />;
  return session.value && !entry ? <Shell key={rightsKey(session.value)} /> : null;
}

function EntryPage({ entry }: { entry: Lazy<object> }): JSX.Element | null {
  const { Component, problem } = useLazy(entry);
  if (Component) return <Component />;
  return problem ? <ProblemNote problem={problem} onRetry={() => globalThis.location.reload()} /> : null;
}

/** The sign-in, which leads back to this place. */
function loginHref(): string {
  const { pathname, search } = globalThis.location;
  return hrefOf('/login') + (place.value.path === '' ? '' : `?then=${encodeURIComponent(pathname + search)}`);
}
