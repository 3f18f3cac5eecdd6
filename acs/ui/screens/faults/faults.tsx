// The faults of the fleet in groups: causes, not rows.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { bothFilters, countFaults, type FaultGroup, type FaultGroups, groupFaults } from '../../api/faults.ts';
import { Empty } from '../../components/empty.tsx';
import { Note } from '../../components/note.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { hrefOf } from '../../state/location.ts';
import { mutedUntil } from '../../state/mutes.ts';
import { useResource } from '../../state/resource.ts';
import { useSteady } from '../../state/steady.ts';
import { summary } from '../../state/summary.ts';
import { faults } from '../../words/en/faults/faults.ts';
import { textsOf } from '../../words/texts.ts';
import { FilterRow } from './filter-row.tsx';
import { Group } from './group.tsx';
import { Head } from './head.tsx';
import { type Asked, asked, kindFilters } from './query.ts';

const words = textsOf('faults', faults);
const COUNTS_MS = 5000;

interface Answer extends FaultGroups {
  /** Names the question that it answers. */
  key: string;
  today: number;
  drift: number;
  /** Of the devices that the filter is about, in all kinds. */
  all: number;
}

async function load(key: string, { devices, filter, by }: Asked, signal: AbortSignal): Promise<Answer> {
  const [groups, all, today, drift] = await Promise.all([
    groupFaults({ filter, by }, signal),
    countFaults(devices || undefined, signal),
    countFaults(bothFilters(devices, kindFilters.today), signal),
    // Causes are told to those that may read every parameter.
    summary.peek()?.drift === undefined ? 0 : countFaults(bothFilters(devices, kindFilters.drift), signal),
  ]);
  return { ...groups, key, all, today, drift };
}

export function FaultsScreen(): JSX.Element {
  const wish = asked();
  const key = JSON.stringify([wish.filter, wish.by]);
  const found = useResource(key, async signal => await load(key, wish, signal), { keeps: true, everyMs: COUNTS_MS });
  const { value, problem } = found;
  const isComplaint = problem?.column !== undefined;
  return (
    <>
      <Head wish={wish} of={value} onDone={found.reload} />
      <FilterRow wish={wish} counts={value} problem={problem} muted={mutedIn(value?.items)} />
      {problem && !isComplaint && <ProblemNote problem={problem} at={found.at} onRetry={found.reload} />}
      {value ? <Groups wish={wish} of={value} onDone={found.reload} /> : !problem && <Skeleton rows={8} />}
    </>
  );
}

const mutedIn = (items: readonly { key: string; count: number }[] = []): number =>
  items.reduce((sum, { key, count }) => sum + (mutedUntil(key) === undefined ? 0 : count), 0);

function Groups({ wish, of, onDone }: { wish: Asked; of: Answer; onDone: () => void }): JSX.Element {
  const steady = useSteady(of.key, of.items as readonly FaultGroup[], ({ key }) => key);
  const rows = steady.rows.filter(({ item: { key } }) => (mutedUntil(key) !== undefined) === (wish.kind === 'muted'));
  const [dialog, setDialog] = useState<JSX.Element | undefined>(undefined);
  if (rows.length === 0) return <NoGroup wish={wish} hasMuted={of.items.length > 0} />;
  return (
    <>
      {steady.moved > 0 && (
        <Note tone="busy">
          <p class="row">
            <span>{words().fresh(steady.moved)}</span>
            <button class="btn tiny" type="button" onClick={steady.show}>
              {words().show}
            </button>
          </p>
        </Note>
      )}
      <section class="panel" aria-label={words().groupsLabel}>
        {rows.map(({ item, isGone }) => (
          <Group
            key={item.key}
            group={item}
            isGone={isGone}
            isOpen={wish.open === item.key}
            filter={wish.filter}
            onDialog={setDialog}
            onDone={onDone}
          />
        ))}
        {of.others.groups > 0 && (
          <footer>
            {words().more(of.others.groups, words().moreFaults(of.others.faults))} · {words().narrowDown}
          </footer>
        )}
      </section>
      {dialog}
    </>
  );
}

function NoGroup({ wish: { text, kind }, hasMuted }: { wish: Asked; hasMuted: boolean }): JSX.Element {
  const all = (
    <a class="btn" href={hrefOf('/faults')}>
      {words().showAll}
    </a>
  );
  if (hasMuted && kind !== 'muted') return <Empty title={words().mutedAll}>{all}</Empty>;
  if (text !== '' || kind !== 'all')
    return (
      <Empty title={words().noneFits} text={words().noneFitsText}>
        {all}
      </Empty>
    );
  const states = summary.value?.states ?? {};
  return <Empty title={words().none} text={words().noneText(states.enrolled ?? 0)} />;
}
