// The progress of a job: one bar for all devices, one card a wave.
import type { JSX } from 'preact';
import type { JobDetail, JobState, Rollout } from '../../api/jobs.ts';
import { Bar } from '../../components/bars/bar.tsx';
import { Empty } from '../../components/empty.tsx';
import { now } from '../../state/clock.ts';
import { hrefOf } from '../../state/location.ts';
import { rollouts } from '../../words/en/rollouts.ts';
import { dateTime, number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';
import { partsOf, shareOfDone, type Totals, wholeOf } from './job-view.ts';

const words = textsOf('rollouts', rollouts);

const hrefOfState =
  ({ id }: JobDetail, wave?: number) =>
  (state: string): string =>
    hrefOf(`/rollouts/${encodeURIComponent(id)}`, { state, ...(wave === undefined ? {} : { wave: String(wave) }) });

export function Progress({ job, rollout }: { job: JobDetail; rollout: Rollout | undefined }): JSX.Element {
  const totals: Totals = job.totals;
  const whole = wholeOf(totals);
  const skipped = totals.skipped ?? 0;
  const hrefs = hrefOfState(job);
  const skippedPart = {
    ...{ tone: 'skipped', label: words().states.skipped, count: skipped },
    href: hrefs('skipped'),
  } as const;
  if (job.planned !== null && whole === 0)
    return (
      <section class="panel" aria-label={words().progress}>
        <Empty title={words().nothingToDo} text={skipped > 0 ? words().nothingToDoText : words().noDevice} />
      </section>
    );
  return (
    <section class="panel" aria-label={words().progress}>
      <div class="body stack">
        <div class="row">
          <span class="figure">
            {number(totals.done ?? 0)}{' '}
            <span class="ink-3">{words().ofDone(number(whole), number(shareOfDone(totals)))}</span>
          </span>
          <span class="push ink-2">{job.planned === null ? words().planning(number(whole)) : forecastOf(job)}</span>
        </div>
        <Bar parts={partsOf(totals)} size="thick" />
        <div class="legend">
          {[...partsOf(totals, hrefs), skippedPart].map(({ tone, label, count, href }) => (
            <a class={tone} key={tone} href={href ?? ''}>
              {label} <b>{number(count)}</b>
            </a>
          ))}
          {rollout && (totals.running ?? 0) > 0 && <UnderWay totals={rollout.totals} />}
        </div>
      </div>
    </section>
  );
}

/** The end at the pace of the last hour. A window makes the pace of an hour say little of a day. */
function forecastOf({ pace, window, ended, totals }: JobDetail): string {
  if (pace === null || ended !== null) return '';
  const { running = 0, soaking = 0, planned = 0 }: Totals = totals;
  if (window || pace === 0) return words().pace(number(pace));
  return words().forecast(number(pace), dateTime(now.value + ((running + soaking + planned) / pace) * 3_600_000));
}

/** The devices under way, by the states that firmware has. */
function UnderWay({ totals }: { totals: Totals }): JSX.Element {
  const { offered = 0, downloading = 0, installed = 0 } = totals;
  return <small class="ink-3 plain">{words().underWay(number(offered), number(downloading), number(installed))}</small>;
}

export const Waves = ({ job }: { job: JobDetail }): JSX.Element | null =>
  job.perWave.length < 2 ? null : (
    <div class="waves">
      {job.perWave.slice(0, MAX_WAVES).map(({ wave, size, totals }) => (
        <Wave key={wave} job={job} wave={wave} size={size} totals={totals} />
      ))}
    </div>
  );

/** A plan may have a hundred. */
const MAX_WAVES = 24;

interface WaveProps {
  job: JobDetail;
  wave: number;
  size: number;
  totals: Totals;
}

function Wave({ job, wave, size, totals }: WaveProps): JSX.Element {
  const isCurrent = wave === job.wave && job.ended === null;
  const share = job.waves[wave - 1];
  const state = isCurrent ? 'open' : wave < job.wave || job.ended !== null ? 'judged' : 'waits';
  const hrefs = hrefOfState(job, wave);
  const rows = (['done', 'soaking', 'running', 'failed', 'away', 'planned'] as const).filter(
    name => (totals[name] ?? 0) > 0 || name === 'done' || name === 'failed',
  );
  return (
    <section class="wave" aria-label={words().wave(wave)} {...(isCurrent ? { 'aria-current': 'step' as const } : {})}>
      <div class="row">
        <h2 class="w">{words().wave(wave)}</h2>
        <span class="ink-3 small">{share ?? words().rest}</span>
        <span class="push">
          <span class={`st ${{ open: 'busy', judged: 'ok', waits: 'idle' }[state]}`}>{words().waveStates[state]}</span>
        </span>
      </div>
      <div class="n">
        {number(size)} <span class="small ink-3">{words().devices(size)}</span>
      </div>
      <Bar parts={partsOf(totals)} />
      <dl>
        {rows.map(name => (
          <Row key={name} name={name} count={totals[name] ?? 0} href={hrefs(name)} letPass={letPass(job, isCurrent)} />
        ))}
      </dl>
    </section>
  );
}

/** The failures that the open wave may have. */
const letPass = ({ limits }: JobDetail, isCurrent: boolean): number | undefined =>
  (isCurrent ? limits.wave.of : undefined) ?? undefined;

function Row({
  name,
  count,
  href,
  letPass: of,
}: {
  name: JobState;
  count: number;
  href: string;
  letPass: number | undefined;
}): JSX.Element {
  return (
    <>
      <dt>{words().states[name]}</dt>
      <dd class={name === 'failed' && count > 0 ? 'bad' : ''}>
        {count > 0 ? <a href={href}>{number(count)}</a> : number(count)}
        {name === 'failed' && of !== undefined && <span class="ink-3"> {words().letPass(number(of))}</span>}
      </dd>
    </>
  );
}
