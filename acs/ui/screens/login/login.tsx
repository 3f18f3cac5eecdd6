// The sign-in: by name and password, or at the identity provider.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { type Problem, problemOf } from '../../api/problem.ts';
import { hasProvider, providerHref, signIn } from '../../api/session.ts';
import { Note } from '../../components/note.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { place } from '../../state/location.ts';
import { useResource } from '../../state/resource.ts';
import { hasEnded, loadSession } from '../../state/session.ts';
import { login } from '../../words/en/login.ts';
import { textsOf } from '../../words/texts.ts';
import { Entry } from './entry.tsx';

const words = textsOf('login', login);

export function LoginScreen(): JSX.Element {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const [isBusy, setBusy] = useState(false);
  const provider = useResource('ways', hasProvider);
  const submit = async (): Promise<void> => {
    setBusy(true);
    try {
      await signIn(name, password);
      await loadSession();
    } catch (error) {
      setProblem(problemOf(error));
    }
    setBusy(false);
  };
  return (
    <Entry title={words().title} onSubmit={() => void submit()}>
      {hasEnded.value && !problem && <Note tone="busy">{words().ended}</Note>}
      {problem && <ProblemNote problem={problem} />}
      <label class="field">
        <span>{words().name}</span>
        <input
          class="input"
          autocomplete="username"
          required
          value={name}
          onInput={event => setName(event.currentTarget.value)}
        />
      </label>
      <label class="field">
        <span>{words().password}</span>
        <input
          class="input"
          type="password"
          autocomplete="current-password"
          required
          aria-invalid={problem?.code === 'sign-in-failed'}
          value={password}
          onInput={event => setPassword(event.currentTarget.value)}
        />
      </label>
      <button class="btn primary" type="submit" disabled={isBusy}>
        {words().submit}
      </button>
      {provider.value && (
        <a class="btn" href={providerHref(place.value.query.get('then') ?? '/ui/')}>
          {words().otherWay}
        </a>
      )}
    </Entry>
  );
}
