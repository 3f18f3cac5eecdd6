// The overview: what needs someone, how the fleet is, what happens now. Each panel loads, and fails, by itself.
import type { JSX } from 'preact';
import { getAttention } from '../../api/overview.ts';
import type { Summary } from '../../api/shapes.ts';
import { ProblemNote } from '../../components/problem-note.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { useResource } from '../../state/resource.ts';
import { useSlow } from '../../state/slow.ts';
import { summary, summaryProblem } from '../../state/summary.ts';
import { overview } from '../../words/en/overview.ts';
import { number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';
import { AttentionPanel } from './attention.tsx';
import { FirmwarePanel } from './firmware.tsx';
import { JustNow } from './just-now.tsx';
import { LivenessPanel } from './liveness.tsx';
import { NoDevice } from './no-device.tsx';
import { RolloutsPanel } from './rollouts.tsx';
import { SeriesPanel } from './series.tsx';
import { Tiles } from './tiles.tsx';

const words = textsOf('overview', overview);
const COUNTS_MS = 5000;

export const totalOf = ({ states }: Summary): number => Object.values(states).reduce((sum, count) => sum + count, 0);

export function OverviewScreen(): JSX.Element {
  const counts = useSlow(summary.value, COUNTS_MS);
  const attention = useResource('attention', getAttention, { everyMs: COUNTS_MS });
  const total = counts && totalOf(counts);
  if (total === 0) return <NoDevice />;
  return (
    <>
      <div class="head">
        <div class="stack">
          <h1>{words().attention(attention.value?.length ?? 0)}</h1>
          {counts && <p class="ink-2">{words().about(totalOf(counts), number(counts.states.enrolled ?? 0))}</p>}
        </div>
      </div>
      {summaryProblem.value && (
        <ProblemNote problem={summaryProblem.value} at={counts && new Date(counts.countedAt).getTime()} />
      )}
      {counts ? (
        <>
          <LivenessPanel counts={counts} />
          <Tiles counts={counts} certificates={attention.value?.find(({ kind }) => kind === 'certificate')?.filter} />
        </>
      ) : (
        <Skeleton rows={3} />
      )}
      <div class="cols">
        <AttentionPanel of={attention} />
        <div class="stack loose grow c5">
          <SeriesPanel />
          <FirmwarePanel />
        </div>
        <RolloutsPanel />
        <JustNow />
      </div>
    </>
  );
}
