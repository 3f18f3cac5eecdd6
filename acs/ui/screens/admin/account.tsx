// The account of the reader: rights, the session, the password.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { changePassword } from '../../api/administration/access.ts';
import { type Problem, problemOf } from '../../api/problem.ts';
import type { Session } from '../../api/shapes.ts';
import { ProblemNote } from '../../components/problem-note.tsx';
import { Pair } from '../../components/records/pair.tsx';
import { TextInput } from '../../components/records/text-input.tsx';
import { loadSession, session } from '../../state/session.ts';
import { tell } from '../../state/toasts.ts';
import { admin } from '../../words/en/admin.ts';
import { dateTime } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';
import { roleName } from './grants.tsx';

const words = textsOf('admin', admin);

export function AccountPart(): JSX.Element | null {
  const own = session.value;
  return own ? (
    <div class="cols">
      <Signed session={own} />
      <section class="panel c6" aria-label={words().account.password}>
        <header>
          <h2>{words().account.password}</h2>
        </header>
        <div class="body stack">
          {own.kind === 'user' ? (
            <PasswordForm isOfProvider={own.signOutUrl !== undefined} />
          ) : (
            words().account.noSession
          )}
        </div>
      </section>
    </div>
  ) : null;
}

const Signed = ({ session: { user, role, scope, expires, operations } }: { session: Session }): JSX.Element => (
  <section class="panel c6" aria-label={words().account.signedIn}>
    <header>
      <h2>{words().account.signedIn}</h2>
    </header>
    <div class="body">
      <dl class="kv">
        <Pair name={words().account.name}>{user}</Pair>
        <Pair name={words().role}>{roleName(role)}</Pair>
        <Pair name={words().reach}>
          {scope === null ? words().everyDevice : <span class="mono wrap-any">{scope}</span>}
        </Pair>
        <Pair name={words().account.may}>{words().account.operations(operations.length)}</Pair>
        {expires !== null && <Pair name={words().account.expires}>{dateTime(expires)}</Pair>}
      </dl>
    </div>
  </section>
);

function PasswordForm({ isOfProvider }: { isOfProvider: boolean }): JSX.Element {
  const texts = words().account;
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [again, setAgain] = useState('');
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  if (isOfProvider) return <p>{texts.byProvider}</p>;
  const isSame = next === again;
  const send = async (): Promise<void> => {
    setProblem(undefined);
    try {
      await changePassword(current, next);
      await loadSession();
      tell({ tone: 'ok', text: texts.changed });
      for (const clear of [setCurrent, setNext, setAgain]) clear('');
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  return (
    <form
      class="stack"
      onSubmit={event => {
        event.preventDefault();
        if (isSame) void send();
      }}
    >
      <TextInput
        label={texts.current}
        type="password"
        autocomplete="current-password"
        value={current}
        set={setCurrent}
        isRequired
      />
      <TextInput
        label={texts.next}
        help={words().users.passwordHelp}
        type="password"
        autocomplete="new-password"
        value={next}
        set={setNext}
        isRequired
      />
      <TextInput
        label={texts.again}
        problem={again !== '' && !isSame ? texts.differs : undefined}
        type="password"
        autocomplete="new-password"
        value={again}
        set={setAgain}
        isRequired
      />
      <p class="ink-3">{texts.ending}</p>
      {problem && <ProblemNote problem={problem} />}
      <div class="row">
        <button class="btn" type="submit" disabled={!isSame || next === ''}>
          {texts.change}
        </button>
      </div>
    </form>
  );
}
