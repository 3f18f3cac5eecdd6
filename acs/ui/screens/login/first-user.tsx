// The first page of a new server: makes the first user by the link of its log.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { type Problem, problemOf } from '../../api/problem.ts';
import { createFirstUser } from '../../api/session.ts';
import { Field } from '../../components/field.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { go, hrefOf } from '../../state/location.ts';
import { loadSession } from '../../state/session.ts';
import { login } from '../../words/en/login.ts';
import { textsOf } from '../../words/texts.ts';
import { Entry } from './entry.tsx';

const words = textsOf('login', login);
const SHORTEST_PASSWORD = 12;

export function FirstUserScreen(): JSX.Element {
  // The code stands in the fragment, which browsers send to no server.
  const [code] = useState(() => globalThis.location.hash.slice(1));
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const [isBusy, setBusy] = useState(false);
  const submit = async (): Promise<void> => {
    setBusy(true);
    try {
      await createFirstUser(code, { name, password });
      await loadSession();
      go(hrefOf('/connect'), { replaces: true });
    } catch (error) {
      setProblem(problemOf(error));
      setBusy(false);
    }
  };
  return (
    <Entry title={words().first.title} onSubmit={() => void submit()}>
      <p>{words().first.text}</p>
      {problem && <ProblemNote problem={problem} />}
      <Field label={words().name}>
        {control => (
          <input
            class="input"
            autocomplete="username"
            required
            maxLength={64}
            value={name}
            onInput={event => setName(event.currentTarget.value)}
            {...control}
          />
        )}
      </Field>
      <Field label={words().password} help={words().first.passwordHelp}>
        {control => (
          <input
            class="input"
            type="password"
            autocomplete="new-password"
            required
            minLength={SHORTEST_PASSWORD}
            maxLength={256}
            value={password}
            onInput={event => setPassword(event.currentTarget.value)}
            {...control}
          />
        )}
      </Field>
      <button class="btn primary" type="submit" disabled={isBusy}>
        {words().first.submit}
      </button>
    </Entry>
  );
}
