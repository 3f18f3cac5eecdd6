// The wanted values as a table: should, has, state, the decider and those that lost against it.
import type { JSX } from 'preact';
import { curlOf } from '../../../api/call.ts';
import { clearFault, type Wanted, wantedPath } from '../../../api/device/wanted.ts';
import { problemOf } from '../../../api/problem.ts';
import { Age } from '../../../components/age.tsx';
import { CopyButton } from '../../../components/copy-button.tsx';
import { Path } from '../../../components/path.tsx';
import { hrefOf } from '../../../state/location.ts';
import { may } from '../../../state/session.ts';
import { tell } from '../../../state/toasts.ts';
import { wanted as english } from '../../../words/en/device/wanted.ts';
import { number } from '../../../words/format.ts';
import { textsOf } from '../../../words/texts.ts';
import { hrefOfTab } from '../places.ts';
import { isContested, isDifferent, type StateName, type ValueState } from './states.ts';

const words = textsOf('deviceWanted', english);

const chips = ['all', 'differ', 'contested'] as const;
export type Chip = (typeof chips)[number];

const fits: Readonly<Record<Chip, (state: ValueState) => boolean>> = {
  all: () => true,
  differ: isDifferent,
  contested: isContested,
};

const tones: Readonly<Record<StateName, string>> = {
  ...{ same: 'ok', waits: 'warn', waitsRestart: 'warn', fault: 'fail', notReadable: 'idle', neverRead: 'idle' },
  fight: 'bad',
};

export interface ValuesProps {
  device: string;
  wanted: Wanted;
  states: readonly ValueState[];
  chip: Chip;
  onChip: (chip: Chip) => void;
  reload: () => void;
}

export function ValuesPanel({ device, wanted, states, chip, onChip, reload }: ValuesProps): JSX.Element {
  const shown = states.filter(fits[chip] ?? fits.all);
  return (
    <section class="panel" aria-label={words().values}>
      <header>
        <h2>{words().values}</h2>
        <nav class="chips" aria-label={words().values}>
          {chips.map(each => (
            <button
              class="chip"
              type="button"
              key={each}
              aria-current={chip === each ? 'true' : undefined}
              onClick={() => onChip(each)}
            >
              {words().chips[each]} <b>{number(states.filter(fits[each]).length)}</b>
            </button>
          ))}
        </nav>
        <CopyButton text={() => curlOf('GET', wantedPath(device))} icon="terminal" class="btn tiny push">
          {words().curl}
        </CopyButton>
      </header>
      {shown.length === 0 ? (
        <p class="body ink-3">{words().nothingFits}</p>
      ) : (
        <table class="table stacks two">
          <thead>
            <tr>
              {Object.entries(words().heads).map(([name, text]) => (
                <th scope="col" key={name} class={name === 'since' ? 'num' : ''}>
                  {text}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map(state => (
              <ValueRow key={state.value.path} {...{ device, wanted, state, reload }} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

interface RowProps {
  device: string;
  wanted: Wanted;
  state: ValueState;
  reload: () => void;
}

function ValueRow({ device, wanted, state: { value, state, fault, since }, reload }: RowProps): JSX.Element {
  const { path, preset, lost } = value;
  const weight = wanted.presets.find(({ name }) => name === preset)?.weight;
  return (
    <tr>
      <th scope="row">
        <a class="mono" href={hrefOfTab(device, 'parameters', { path })}>
          <Path of={path} />
        </a>
      </th>
      <td data-l={words().labels.should} class="mono wrap-any">
        {value.value || <span class="ink-3">{words().empty}</span>}
      </td>
      <td data-l={words().labels.has} class="mono wrap-any">
        <Has known={value.known} state={state} />
      </td>
      <td>
        <span class={`st ${tones[state]}`}>{words().states[state]}</span>
        {fault && <p class="small ink-2 wrap-any">{words().faultIs(String(fault.code), fault.message)}</p>}
        {fault && may('deleteFault') && (
          <button class="btn tiny" type="button" onClick={() => void tryAgain(fault.id, reload)}>
            {words().tryAgain}
          </button>
        )}
      </td>
      <td data-l={words().labels.by}>
        {preset === 'override' ? (
          <span class="odd">{words().override}</span>
        ) : (
          <>
            <a href={hrefOf(`/presets/${encodeURIComponent(preset)}`)}>{preset}</a>{' '}
            {weight !== undefined && <span class="ink-3">{number(weight)}</span>}
          </>
        )}
      </td>
      <td class="ink-2 small full">
        {lost.map(each => (
          <p key={each.preset} title={each.why}>
            {words().lostTo(each.preset, each.value ?? each.why)}
          </p>
        ))}
      </td>
      <td class="num drop">{since !== undefined && <Age at={since} />}</td>
    </tr>
  );
}

function Has({ known, state }: { known: string | null; state: StateName }): JSX.Element {
  if (state === 'notReadable') return <span class="ink-2">{words().writeOnly}</span>;
  if (known === null) return <span class="ink-3">{words().unknown}</span>;
  const text = known || words().empty;
  return state === 'same' ? <span class="ink-2">{text}</span> : <del>{text}</del>;
}

async function tryAgain(fault: string, reload: () => void): Promise<void> {
  try {
    await clearFault(fault);
    tell({ tone: 'ok', text: words().triedAgain });
  } catch (error) {
    tell({ tone: 'bad', text: problemOf(error).message });
  }
  reload();
}
