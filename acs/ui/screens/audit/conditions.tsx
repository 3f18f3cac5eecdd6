// Conditions on entries of the audit; the address keeps them.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { AuditSearch } from '../../api/administration/audit.ts';
import { Choice } from '../../components/records/choice.tsx';
import { TextInput } from '../../components/records/text-input.tsx';
import { setQuery } from '../../state/location.ts';
import { useRested } from '../../state/rested.ts';
import { audit } from '../../words/en/audit.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('audit', audit);
const REST_MS = 300;

export function Conditions({ search }: { search: AuditSearch }): JSX.Element {
  const { refused } = search;
  return (
    <search class="cols">
      <Condition name="who" label={words().who} value={search.who} />
      <Condition name="what" label={words().what} value={search.what} />
      <Condition name="target" label={words().target} value={search.target} />
      <Time name="from" label={words().from} value={search.from} />
      <Time name="to" label={words().to} value={search.to} />
      <div class="c4">
        <Choice
          label={words().outcome}
          value={refused === undefined ? '' : String(refused)}
          values={[
            ['', words().outcomes.all],
            ['false', words().outcomes.done],
            ['true', words().outcomes.refused],
          ]}
          set={value => setQuery({ refused: value, at: undefined })}
        />
      </div>
    </search>
  );
}

interface ConditionProps {
  name: string;
  label: string;
  value: string | undefined;
}

function Condition({ name, label, value = '' }: ConditionProps): JSX.Element {
  const [text, setText] = useState(value);
  const rested = useRested(text, REST_MS);
  useEffect(() => {
    if (rested.trim() !== value) setQuery({ [name]: rested.trim(), at: undefined });
  }, [rested]);
  useEffect(() => setText(value), [value]);
  return (
    <div class="c4">
      <TextInput label={label} value={text} set={setText} />
    </div>
  );
}

/** A time in the zone of the reader; the address has it in UTC. */
const Time = ({ name, label, value = '' }: ConditionProps): JSX.Element => (
  <div class="c4">
    <TextInput
      label={label}
      type="datetime-local"
      value={localOf(value)}
      set={text => setQuery({ [name]: text === '' ? undefined : new Date(text).toISOString(), at: undefined })}
    />
  </div>
);

/** The form that the field takes: without a zone, in minutes. */
function localOf(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return '';
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
