// Rollouts and jobs that have not ended, each with its devices in one bar.
import type { JSX } from 'preact';
import { type Job, runningJobs } from '../../api/overview.ts';
import { Bar, Legend, type Part } from '../../components/bars/bar.tsx';
import { Panel } from '../../components/panel.tsx';
import { hrefOf } from '../../state/location.ts';
import { useResource } from '../../state/resource.ts';
import { overview } from '../../words/en/overview.ts';
import { number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('overview', overview);
const EVERY_MS = 5000;
const SHOWN = 5;
const tones: Readonly<Record<string, string>> = { running: 'busy', planning: 'busy', 'rolling-back': 'odd' };

/** The positions of its devices, in the order in which they are passed. */
function partsOf(totals: Readonly<Record<string, number>>): Part[] {
  const sum = (...states: readonly string[]): number => states.reduce((all, state) => all + (totals[state] ?? 0), 0);
  const { positions } = words();
  return [
    { tone: 'done', label: positions.done, count: sum('done') },
    { tone: 'soaking', label: positions.soaking, count: sum('soaking') },
    {
      tone: 'moving',
      label: positions.moving,
      count: sum('running', 'offered', 'downloading', 'installed'),
    },
    { tone: 'failed', label: positions.failed, count: sum('failed') },
    { tone: 'waiting', label: positions.waiting, count: sum('planned', 'away') },
  ];
}

function Entry({ job: { id, name, state, reason, wave, sizes, totals } }: { job: Job }): JSX.Element {
  const about = [
    ...(sizes.length > 0 && wave > 0 ? [words().wave(number(wave), number(sizes.length))] : []),
    ...(reason === undefined ? [] : [reason]),
  ];
  return (
    <div class="stack tight">
      <div class="ro">
        <a href={hrefOf(`/rollouts/${encodeURIComponent(id)}`)}>
          <b>{name ?? id}</b>
        </a>
        <span class="ink-2 small wrap-any">{about.join(' · ')}</span>
        <span class="push">
          <span class={`st ${tones[state] ?? 'warn'}`}>
            {(words().phases as Readonly<Record<string, string>>)[state] ?? state}
          </span>
        </span>
      </div>
      <Bar parts={partsOf(totals as Readonly<Record<string, number>>)} />
    </div>
  );
}

export function RolloutsPanel(): JSX.Element {
  const running = useResource('running', runningJobs, { everyMs: EVERY_MS });
  return (
    <Panel
      title={words().live}
      of={running}
      class="c7"
      aside={
        <a class="push small" href={hrefOf('/rollouts')}>
          {words().allRollouts}
        </a>
      }
    >
      {jobs =>
        jobs.length === 0 ? (
          <p class="ink-2">{words().noRollouts}</p>
        ) : (
          <div class="stack loose">
            {jobs.slice(0, SHOWN).map(job => (
              <Entry key={job.id} job={job} />
            ))}
            <Legend parts={partsOf({})} />
          </div>
        )
      }
    </Panel>
  );
}
