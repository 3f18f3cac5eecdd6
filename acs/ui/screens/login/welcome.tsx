// The page of a link that signs in once: shows the overview, or the reason why not.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type Problem, problemOf } from '../../api/problem.ts';
import { signInByLink } from '../../api/session.ts';
import { ProblemNote } from '../../components/problem-note.tsx';
import { go, hrefOf } from '../../state/location.ts';
import { loadSession } from '../../state/session.ts';
import { login } from '../../words/en/login.ts';
import { textsOf } from '../../words/texts.ts';
import { Entry } from './entry.tsx';

const words = textsOf('login', login);

export function WelcomeScreen(): JSX.Element {
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  useEffect(() => {
    const enter = async (): Promise<void> => {
      try {
        await signInByLink(globalThis.location.hash.slice(1));
        await loadSession();
        go(hrefOf(''), { replaces: true });
      } catch (error) {
        setProblem(problemOf(error));
      }
    };
    void enter();
  }, []);
  return (
    <Entry title={words().welcome} onSubmit={() => go(hrefOf('/login'))}>
      {problem && <ProblemNote problem={problem} />}
      {problem && (
        <button class="btn primary" type="submit">
          {words().title}
        </button>
      )}
    </Entry>
  );
}
