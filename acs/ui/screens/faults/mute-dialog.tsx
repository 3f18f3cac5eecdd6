// A group is muted until a time.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Confirm } from '../../components/dialogs/confirm.tsx';
import { Field } from '../../components/field.tsx';
import { nowMs } from '../../state/clock.ts';
import { mute } from '../../state/mutes.ts';
import { faults } from '../../words/en/faults/faults.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('faults', faults);
const HOUR_MS = 3_600_000;
const spans = { hour: HOUR_MS, shift: 8 * HOUR_MS, day: 24 * HOUR_MS, week: 7 * 24 * HOUR_MS } as const;
const names = Object.keys(spans) as (keyof typeof spans)[];

export function MuteDialog({ group, onClose }: { group: string; onClose: () => void }): JSX.Element {
  const [span, setSpan] = useState<keyof typeof spans>('shift');
  return (
    <Confirm
      title={words().muteTitle}
      action={words().muteAction}
      onClose={onClose}
      onConfirm={async () => mute(group, nowMs() + spans[span])}
    >
      <p>{words().muteText}</p>
      <Field label={words().muteFor}>
        {control => (
          <select
            class="input"
            {...control}
            value={span}
            onChange={event => setSpan(names.find(name => name === event.currentTarget.value) ?? 'shift')}
          >
            {names.map(name => (
              <option key={name} value={name}>
                {words().muteSpans[name]}
              </option>
            ))}
          </select>
        )}
      </Field>
    </Confirm>
  );
}
