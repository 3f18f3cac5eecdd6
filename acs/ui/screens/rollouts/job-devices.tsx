// The devices of a job in one state: the first ones, and a link to all of them.
import type { JSX } from 'preact';
import { quotedText } from '../../../query/quote.ts';
import { listDevices } from '../../api/devices.ts';
import { type JobDetail, type JobDevice, jobDevicesCsv, listJobDevices, MAX_DEVICES } from '../../api/jobs.ts';
import type { Device } from '../../api/shapes.ts';
import { Age } from '../../components/age.tsx';
import { Icon } from '../../components/icon.tsx';
import { ProblemNote } from '../../components/problem-note.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { hrefOf, place } from '../../state/location.ts';
import { useResource } from '../../state/resource.ts';
import { rollouts } from '../../words/en/rollouts.ts';
import { number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';
import { filterOf, type Totals } from './job-view.ts';

const words = textsOf('rollouts', rollouts);
const states = ['failed', 'running', 'soaking', 'planned', 'away', 'done', 'skipped'] as const;
interface Row extends JobDevice {
  facts: Partial<Device> | undefined;
}

async function read(id: string, search: Parameters<typeof listJobDevices>[1], signal: AbortSignal): Promise<Row[]> {
  const { items } = await listJobDevices(id, search, signal);
  if (items.length === 0) return [];
  const ids = items.map(({ device }) => quotedText(device));
  const facts = await listDevices(
    { filter: `id in (${ids.join(', ')})`, fields: 'id,serial,firmware,site.name', limit: MAX_DEVICES },
    signal,
  );
  const byId = new Map(facts.items.map(device => [device.id, device]));
  return items.map(item => ({ ...item, facts: byId.get(item.device) }));
}

/** The state that is asked for; without one the first that has devices. */
function stateOf(totals: Totals): string {
  const asked = place.value.query.get('state');
  return states.find(state => state === asked) ?? states.find(state => (totals[state] ?? 0) > 0) ?? 'failed';
}

export function JobDevices({ job }: { job: JobDetail }): JSX.Element | null {
  const totals: Totals = job.totals;
  const state = stateOf(totals);
  const wave = place.value.query.get('wave') ?? undefined;
  const code = place.value.query.get('reason') ?? undefined;
  const count = totals[state] ?? 0;
  const key = `${job.id} ${state} ${wave} ${code}`;
  const found = useResource(
    `${key} ${count}`,
    async signal => ({ key, rows: await read(job.id, { state, wave, code }, signal) }),
    { keeps: true },
  );
  const rows = found.value?.key === key ? found.value.rows : undefined;
  if (Object.values(totals).every(number => number === 0)) return null;
  const path = `/rollouts/${encodeURIComponent(job.id)}`;
  const title = words().devicesTitle;
  return (
    <section class="panel" aria-label={title}>
      <header>
        <h2>{title}</h2>
        <nav class="chips" aria-label={title}>
          {states
            .filter(each => each === state || (totals[each] ?? 0) > 0)
            .map(each => (
              <a
                class="chip"
                key={each}
                href={hrefOf(path, { state: each })}
                {...(each === state ? { 'aria-current': 'true' as const } : {})}
              >
                {words().states[each]} <b>{number(totals[each] ?? 0)}</b>
              </a>
            ))}
          {wave !== undefined && <Narrowed href={hrefOf(path, { state, reason: code })} text={words().wave(+wave)} />}
          {code !== undefined && <Narrowed href={hrefOf(path, { state, wave })} text={code} />}
        </nav>
        <a class="btn tiny push" href={jobDevicesCsv(filterOf(job.id, state, code))} download>
          <Icon name="download" />
          {words().csv}
        </a>
      </header>
      {found.problem && <ProblemNote problem={found.problem} at={found.at} onRetry={found.reload} />}
      {!rows && !found.problem && <Skeleton rows={5} />}
      {rows && <Rows rows={rows} isFailed={state === 'failed'} />}
      {rows && (rows.length === 0 || rows.length >= MAX_DEVICES) && (
        <footer>
          {rows.length === 0 ? (
            words().noneInState
          ) : (
            <a href={hrefOf('/devices', { q: filterOf(job.id, state, code) })}>{words().firstOnes(MAX_DEVICES)}</a>
          )}
        </footer>
      )}
    </section>
  );
}

/** A part that the list is narrowed by; the link takes it back. */
const Narrowed = ({ href, text }: { href: string; text: string }): JSX.Element => (
  <a class="chip" href={href} aria-current="true" title={words().widen}>
    {text}
    <Icon name="close" />
  </a>
);

function Rows({ rows, isFailed }: { rows: readonly Row[]; isFailed: boolean }): JSX.Element | null {
  if (rows.length === 0) return null;
  const { device, wave, reason, firmware, site, tries, since } = words().deviceColumns;
  return (
    <div class="grid-box bare">
      <table class="grid stacks">
        <thead>
          <tr>
            <th scope="col" class="pin">
              {device}
            </th>
            {[wave, reason, firmware, site, tries].map(text => (
              <th scope="col" key={text}>
                {text}
              </th>
            ))}
            <th scope="col" class="num">
              {since}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(row => (
            <tr key={row.device}>
              <th scope="row" class="pin mono">
                <a href={hrefOf(`/devices/${encodeURIComponent(row.device)}/summary`)}>
                  {row.facts?.serial ?? row.device}
                </a>
              </th>
              <td>{number(row.wave)}</td>
              <td class="p3" title={row.reason}>
                {isFailed ? <span class="st fail">{row.reason ?? row.code}</span> : (row.reason ?? '')}
              </td>
              <td class="mono">{row.facts?.firmware}</td>
              <td class="p2">{siteOf(row.facts)}</td>
              <td>{number(row.attempts)}</td>
              <td class="p4 num">
                <Age at={row.since} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A field with a dot in its name comes as it was asked for, or within its object. */
function siteOf(facts: (Partial<Device> & { 'site.name'?: unknown }) | undefined): string {
  const name = facts?.['site.name'] ?? facts?.site?.name;
  return typeof name === 'string' ? name : '';
}
