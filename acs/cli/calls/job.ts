// `job`: lists jobs, shows one with its progress, or acts on it.
import { systemClock } from '../../../shared/clock.ts';
import { UsageError } from '../../../shared/config.ts';
import { isAbort } from '../../../shared/errors.ts';
import { jobActions } from '../../fleet/jobs/actions.ts';
import type { CliContext } from '../commands.ts';
import type { ApiClient } from './api-client.ts';
import { jsonText, progressBar, tableOf } from './text-table.ts';

/** The words after the id of a job. */
export const jobWords: readonly string[] = [...jobActions, 'approve'];

interface Job {
  id: string;
  name?: string;
  state: string;
  reason?: string;
  created: string;
  ended: string | null;
  totals: Readonly<Record<string, number>>;
}

interface JobOptions {
  json: boolean;
  watch: boolean;
  interval: number;
}

const of = ({ totals }: Job, states: readonly string[]): number =>
  states.reduce((sum, state) => sum + (totals[state] ?? 0), 0);
const wholeOf = ({ totals }: Job): number => Object.values(totals).reduce((sum, count) => sum + count, 0);
/** Devices whose turn has ended, in whatever way. */
const endedOf = (job: Job): number => of(job, ['done', 'failed', 'skipped', 'reverted']);

const lineOf = (job: Job): string => {
  const parts = (['failed', 'skipped'] as const)
    .filter(state => of(job, [state]) > 0)
    .map(state => `, ${of(job, [state])} ${state}`);
  const reason = job.reason === undefined ? '' : ` (${job.reason})`;
  return `${job.id} ${progressBar(endedOf(job), wholeOf(job))}${parts.join('')}, ${job.state}${reason}`;
};

/** @returns the exit code */
export async function runJob(
  [id, action, ...more]: readonly string[],
  options: JobOptions,
  context: CliContext,
  client: ApiClient,
): Promise<number> {
  const { write, columns } = context;
  if (more.length > 0) throw new UsageError(`'${more[0]}' is not expected; see --help`);
  if (id === undefined) {
    const { items } = (await client.call('listJobs')).json as { items: Job[] };
    const shown = tableOf<Job>(
      [
        ['id', job => job.id],
        ['name', job => job.name],
        ['state', job => job.state],
        ['created', job => job.created],
        ['ended', job => job.ended],
        ['done', job => `${of(job, ['done', 'reverted'])} of ${wholeOf(job)}`],
        ['failed', job => of(job, ['failed'])],
        ['skipped', job => of(job, ['skipped'])],
      ],
      items,
      columns(),
    );
    write(options.json ? jsonText(items) : shown);
    return 0;
  }
  if (action !== undefined) {
    if (!jobWords.includes(action)) throw new UsageError(`'${action}' is none of ${jobWords.join(', ')}`);
    await client.call(`${action}Job`, { params: { id } });
  }
  if (options.watch) return await watchJob(id, options, context, client);
  const job = (await client.call('getJob', { params: { id } })).json as Job;
  write(options.json ? jsonText(job) : `${lineOf(job)}\n`);
  return 0;
}

/** Shows the line of a job again and again, until it has ended. @returns the exit code; 0 where the watch was ended */
async function watchJob(id: string, options: JobOptions, context: CliContext, client: ApiClient): Promise<number> {
  const { signal } = context;
  const show = linePrinter(context);
  try {
    for (;;) {
      const job = (await client.call('getJob', { params: { id } })).json as Job;
      show(lineOf(job), job.ended !== null);
      if (job.ended !== null) return job.state === 'done' && of(job, ['failed']) === 0 ? 0 : 1;
      await systemClock().sleep(options.interval * 1000, signal);
    }
  } catch (error) {
    if (isAbort(error) && signal.aborted) return 0;
    throw error;
  }
}

/** Writes a line in the same place of a terminal; elsewhere a new line each time that it changes. */
function linePrinter({ write, columns }: CliContext): (line: string, isLast: boolean) => void {
  const isTerminal = columns() !== undefined;
  let last = '';
  return (line, isLast) => {
    if (isTerminal) write(`\r\u001b[K${line}${isLast ? '\n' : ''}`);
    else if (line !== last) write(`${line}\n`);
    last = line;
  };
}
