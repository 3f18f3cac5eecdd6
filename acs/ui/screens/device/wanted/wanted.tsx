// The wanted values of a device beside those that it has, and what decides.
import type { JSX } from 'preact';
import { heldBackOf, type Wanted, wantedOf } from '../../../api/device/wanted.ts';
import { Empty } from '../../../components/empty.tsx';
import { ProblemNote } from '../../../components/problem-note.tsx';
import { Skeleton } from '../../../components/skeleton.tsx';
import { useReload } from '../../../state/device-line.ts';
import { hrefOf, place, setQuery } from '../../../state/location.ts';
import { useResource } from '../../../state/resource.ts';
import { may } from '../../../state/session.ts';
import { wanted as english } from '../../../words/en/device/wanted.ts';
import { timeOfDay } from '../../../words/format.ts';
import { textsOf } from '../../../words/texts.ts';
import type { TabProps } from '../props.ts';
import { FilesPanel, PresetsPanel, RestartPanel, TablesPanel } from './panels.tsx';
import { statesOf, type ValueState } from './states.ts';
import { type Chip, ValuesPanel } from './values.tsx';

const words = textsOf('deviceWanted', english);
const CHANGES = ['session', 'reconciled', 'drift', 'fault', 'faultCleared', 'task'];

export function WantedTab(props: TabProps): JSX.Element {
  const { device, line } = props;
  const { value, problem, at, reload } = useResource(device.id, async signal => await wantedOf(device.id, signal));
  useReload(line, CHANGES, reload);
  if (!value) return problem ? <ProblemNote problem={problem} onRetry={reload} /> : <Skeleton rows={10} />;
  const isNothing =
    value.set.length === 0 && value.objects.length === 0 && value.files.length === 0 && blockedIn(value).length === 0;
  return (
    <>
      {problem && <ProblemNote problem={problem} at={at} onRetry={reload} />}
      {isNothing ? (
        <Empty title={words().nothing} text={words().nothingText}>
          <a class="btn" href={hrefOf('/presets')}>
            {words().toPresets}
          </a>
        </Empty>
      ) : (
        <Known {...props} wanted={value} reloadWanted={reload} />
      )}
    </>
  );
}

/** Presets that fit, and that a fault keeps back. */
const blockedIn = ({ presets }: Wanted): string[] =>
  presets.filter(({ fits, blockedBy }) => fits && blockedBy !== undefined).map(({ name }) => name);

function Known(props: TabProps & { wanted: Wanted; reloadWanted: () => void }): JSX.Element {
  const { device, wanted, reload, reloadWanted } = props;
  const blocked = may('getPreset') ? blockedIn(wanted) : [];
  const held = useResource(
    blocked.length > 0 ? `${device.id} ${blocked.join(' ')}` : undefined,
    async signal => await heldBackOf(device.id, blocked, signal),
  );
  const states = statesOf(wanted, device, blocked.length > 0 ? held.value : []);
  const chip = (place.value.query.get('show') ?? 'all') as Chip;
  const onChip = (wish: Chip): void => setQuery({ show: wish === 'all' ? undefined : wish });
  const again = (): void => {
    reload();
    reloadWanted();
  };
  return (
    <>
      <Tiles wanted={wanted} states={states} onCompare={() => onChip('differ')} />
      <ValuesPanel device={device.id} states={states} chip={chip} onChip={onChip} wanted={wanted} reload={again} />
      {wanted.objects.length > 0 && <TablesPanel wanted={wanted} />}
      <div class="cols">
        <FilesPanel wanted={wanted} />
        <RestartPanel device={device} wanted={wanted} />
        <PresetsPanel wanted={wanted} />
      </div>
    </>
  );
}

function Tiles({
  wanted,
  states,
  onCompare,
}: {
  wanted: Wanted;
  states: readonly ValueState[];
  onCompare: () => void;
}): JSX.Element {
  const count = (...names: ValueState['state'][]): number => states.filter(({ state }) => names.includes(state)).length;
  const fault = states.find(each => each.fault !== undefined && each.state === 'fault')?.fault;
  const waiting = count('waits', 'waitsRestart', 'neverRead', 'notReadable');
  const notReadable = count('notReadable');
  const kinds = [
    count('waitsRestart') > 0 ? words().waitsFor(count('waitsRestart')) : '',
    notReadable > 0 ? words().notReadable(notReadable) : '',
  ].filter(text => text !== '');
  const kept = count('fault', 'fight');
  const { revision, reported } = wanted;
  return (
    <div class="tiles">
      <div class="tile">
        <span class="l">{words().asItShould}</span>
        <span class="n">
          {count('same')} <span class="small ink-3">{words().ofAll(states.length)}</span>
        </span>
        <span class="d">{words().compared}</span>
      </div>
      <div class="tile">
        <span class="l">{words().waits}</span>
        <span class="n">{waiting}</span>
        <span class="d">{kinds.length > 0 ? kinds.join(', ') : waiting > 0 ? words().nextInform : ''}</span>
      </div>
      <div class="tile">
        <span class="l">{words().keptFrom}</span>
        <span class={`n ${kept > 0 ? 'bad' : ''}`}>{kept}</span>
        <span class="d">
          {fault ? words().faultSince(String(fault.code), timeOfDay(fault.first)) : words().nothingKeeps}
        </span>
      </div>
      <div class="tile">
        <span class="l">{words().revision}</span>
        <span class="n mono revision">{revision.slice(0, 8) || '–'}</span>
        <span class="d">
          {reported === revision
            ? words().isReported
            : reported === ''
              ? words().reportsNone
              : words().reports(reported.slice(0, 8))}{' '}
          {reported !== revision && (
            <button class="btn quiet tiny" type="button" onClick={onCompare}>
              {words().compare}
            </button>
          )}
        </span>
      </div>
    </div>
  );
}
