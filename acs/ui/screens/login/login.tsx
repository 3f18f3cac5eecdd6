// The sign-in by name and password.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { type Problem, problemOf } from '../../api/problem.ts';
import { signIn } from '../../api/session.ts';
import { Brand } from '../../components/brand.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { hrefOf } from '../../state/location.ts';
import { loadSession } from '../../state/session.ts';
import { login } from '../../words/en/login.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('login', login);

export function LoginScreen(): JSX.Element {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const [isBusy, setBusy] = useState(false);
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
    <main class="login">
      <form
        onSubmit={event => {
          event.preventDefault();
          void submit();
        }}
      >
        <a class="brand" href={hrefOf('')}>
          <Brand />
          <span>Tandem</span>
        </a>
        <div class="stack tight">
          <h1>{words().title}</h1>
          <p class="ink-2">{globalThis.location.host}</p>
        </div>
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
            value={password}
            onInput={event => setPassword(event.currentTarget.value)}
          />
        </label>
        <button class="btn primary" type="submit" disabled={isBusy}>
          {words().submit}
        </button>
      </form>
    </main>
  );
}
