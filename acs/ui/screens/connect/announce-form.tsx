// The form that announces one device, with a login that is made here.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { announceDevice } from '../../api/devices.ts';
import { type Problem, problemOf } from '../../api/problem.ts';
import { Field } from '../../components/field.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { connect } from '../../words/en/connect.ts';
import { textsOf } from '../../words/texts.ts';
import type { Announced } from './commands.tsx';

const words = textsOf('connect', connect);
const PASSWORD_BYTES = 18;

/** Text of random bytes, for a password that no person types. */
function randomText(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(PASSWORD_BYTES));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_');
}

/** A part of an id: all but letters, digits and _ is encoded. */
const encoded = (part: string): string =>
  encodeURIComponent(part).replace(
    /[^\w%]/g,
    letter => `%${letter.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );

/** OUI-ProductClass-Serial, or OUI-Serial (TR-069 3.4.4). */
const idOf = (parts: readonly string[]): string => parts.filter(Boolean).map(encoded).join('-');

export function AnnounceForm({ onAnnounced }: { onAnnounced: (announced: Announced) => void }): JSX.Element {
  const [oui, setOui] = useState('0090F8');
  const [product, setProduct] = useState('4102S');
  const [serial, setSerial] = useState('0090F8000001');
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const submit = async (): Promise<void> => {
    const login = { username: serial, password: randomText() };
    const id = idOf([oui.toUpperCase(), product, serial]);
    try {
      await announceDevice({ id, credentials: login });
      setProblem(undefined);
      onAnnounced({ id, oui, product, serial, ...login });
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  const fields = [
    { name: 'oui', value: oui, set: setOui, pattern: '[0-9A-Fa-f]{6}' },
    { name: 'product', value: product, set: setProduct, pattern: undefined },
    { name: 'serial', value: serial, set: setSerial, pattern: undefined },
  ] as const;
  return (
    <form
      class="stack"
      onSubmit={event => {
        event.preventDefault();
        void submit();
      }}
    >
      <p>{words().announceText}</p>
      {problem && <ProblemNote problem={problem} />}
      {fields.map(({ name, value, set, pattern }) => (
        <Field key={name} label={words().fields[name]}>
          {control => (
            <input
              class="input mono"
              required={name !== 'product'}
              pattern={pattern}
              value={value}
              onInput={event => set(event.currentTarget.value)}
              {...control}
            />
          )}
        </Field>
      ))}
      <button class="btn primary" type="submit">
        {words().announceButton}
      </button>
    </form>
  );
}
