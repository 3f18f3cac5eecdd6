// The application: the sign-in for who is not signed in, the frame with a screen for all others.
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { ProblemNote } from '../components/problem-note.tsx';
import { LoginScreen } from '../screens/login/login.tsx';
import { go, hrefOf, place } from '../state/location.ts';
import { isKnown, loadSession, session, sessionProblem } from '../state/session.ts';
import { Shell } from './shell.tsx';

export function App(): JSX.Element | null {
  const { path, query } = place.value;
  const isSignedIn = session.value !== undefined;
  const isLogin = path === '/login';
  const then = query.get('then') ?? '';
  useEffect(() => {
    if (!isKnown.value || sessionProblem.value) return;
    if (!isSignedIn && !isLogin) go(loginHref(), { replaces: true });
    if (isSignedIn && isLogin) go(then.startsWith('/ui/') ? then : hrefOf(''), { replaces: true });
  }, [isSignedIn, isLogin, then]);
  if (sessionProblem.value)
    return (
      <main class="main">
        <ProblemNote problem={sessionProblem.value} onRetry={() => void loadSession()} />
      </main>
    );
  if (!isSignedIn) return isLogin ? <LoginScreen /> : null;
  return isLogin ? null : <Shell />;
}

/** The sign-in, which leads back to this place. */
function loginHref(): string {
  const { pathname, search } = globalThis.location;
  return hrefOf('/login') + (place.value.path === '' ? '' : `?then=${encodeURIComponent(pathname + search)}`);
}
