// Jobs as an operator sees them: anything that is done to many devices, planned, watched and stopped.
import { UserError } from '../../errors.ts';
import type { Caller } from '../access/caller.ts';
import type { FleetContext } from '../common/context.ts';
import { retryConflicts } from '../common/documents.ts';
import type { Schedule } from '../common/schedule.ts';
import { identityOf, rolloutOf, withinRights } from '../rollout/creation.ts';
import { isEnded, type RolloutInput } from '../rollout/plan.ts';
import { actions, type JobAction, type RetryInput } from './actions.ts';
import { approveJob } from './approval.ts';
import { Background } from './background.ts';
import type { JobContext, JobParts } from './context.ts';
import { assertExpected, assertRollouts, plannedJob, whereOf } from './creation.ts';
import { JobDocuments } from './documents.ts';
import { dryRunOf, type JobDryRun } from './dry-run.ts';
import { JobEngine } from './engine/engine.ts';
import { excludeFrom } from './exclusion.ts';
import { actOnRollout, jobOfRollout, rolloutInputOf } from './firmware-jobs.ts';
import type { Job, JobInput } from './job.ts';
import { JobPositions } from './positions.ts';
import { JobReads } from './reads.ts';
import { JobSignals } from './signals.ts';

/** Milliseconds between steps without an occasion or a known time: the opening of a window has neither. */
const TICK_MS = 60_000;

export class Jobs {
  readonly #context: JobContext;
  readonly #engine: JobEngine;
  readonly #signals: JobSignals;
  readonly reads: JobReads;
  /** Reports to the process that has the duty: another one, until `run` begins it here. */
  #moved: () => void;

  constructor(fleet: FleetContext, parts: JobParts) {
    const own = { documents: new JobDocuments(fleet), positions: new JobPositions(fleet) };
    this.#signals = new JobSignals({ ...fleet, ...own }, () => this.soon());
    const background = new Background(fleet.log, position => this.#signals.touch(position));
    this.#context = { ...fleet, ...parts, ...own, background };
    this.reads = new JobReads(this.#context);
    this.#engine = new JobEngine(this.#context);
    this.#moved = fleet.ports.rolloutMoved ?? (() => undefined);
  }

  /** @throws UserError 400 that names the place, 403 for what is out of the rights, 404 for a file or a device, 409 where the id is taken */
  async create(input: JobInput, caller: Caller): Promise<Job> {
    const asRollout = rolloutInputOf(input);
    if (asRollout) return await createRollout(this.#context, asRollout, input.expect, caller);
    return this.#kicked((await this.#context.documents.create(await plannedJob(this.#context, input, caller))).body);
  }

  /** The devices that a job would reach; nothing is stored. @throws UserError as `create` */
  readonly dryRun = (input: JobInput, caller: Caller): Promise<JobDryRun> => dryRunFor(this.#context, input, caller);

  /** Acts on a job, which is carried out with the caller's rights from now on. @throws UserError 404, 409 in a phase that does not allow it */
  async act(id: string, action: JobAction, caller: Caller, input: RetryInput = {}): Promise<Job> {
    if (await this.reads.rollout(id)) return await actOnRollout(this.#context.rollouts, id, { action, caller, input });
    return this.#kicked(await actOn(this.#context, id, { action, caller, input }));
  }

  /** Lets a job begin that waits for a second person. @throws UserError 403 for its author, 404, 409 where it does not wait */
  async approve(id: string, caller: Caller): Promise<Job> {
    if (await this.reads.rollout(id)) return jobOfRollout(await this.#context.rollouts.approve(id, caller));
    return this.#kicked(await approveJob(this.#context, id, caller));
  }

  /** Leaves out devices of a filter that have not begun. @throws UserError 400, 403, 404, 409 where none of them waits */
  async exclude(id: string, filter: string, caller: Caller): Promise<Job> {
    if (await this.reads.rollout(id)) return jobOfRollout(await this.#context.rollouts.exclude(id, filter, caller));
    return this.#kicked(await excludeFrom(this.#context, id, filter, caller));
  }

  /** Removes a job that has ended. @throws UserError 404, 409 before */
  async remove(id: string): Promise<void> {
    if (await this.reads.rollout(id)) return await this.#context.rollouts.remove(id);
    await retryConflicts(() => markDeleted(this.#context.documents, id));
    this.#engine.kick(id);
  }

  /** There may be something to do: a step follows soon, here or in the process whose duty that is. */
  readonly soon = (): void => this.#moved();

  /** The job, which moves on at once. */
  #kicked(job: Job): Job {
    this.#engine.kick(job.id);
    this.soon();
    return job;
  }

  /** Begins to move jobs on, as a duty of the schedule. */
  run(schedule: Schedule): void {
    const { store, documents } = this.#context;
    const duty = schedule.promptly('job', TICK_MS, {
      isDue: async () => store.generation('job') > 0 && (await documents.list()).length > 0,
      work: () => this.#engine.step(),
    });
    this.#moved = duty.soon;
  }

  async stop(): Promise<void> {
    await this.#context.background.stop();
    await this.#engine.stop();
    await this.#signals.stop();
  }
}

async function actOn(
  context: JobContext,
  id: string,
  { action, caller, input }: { action: JobAction; caller: Caller; input: RetryInput },
): Promise<Job> {
  const author = identityOf(caller);
  const { body } = await retryConflicts(async () => {
    const stored = await context.documents.get(id);
    const own = { ...stored, body: { ...stored.body, author } };
    return await actions[action](context, own, author.name, input);
  });
  return body;
}

async function markDeleted(documents: JobDocuments, id: string): Promise<void> {
  const stored = await documents.get(id);
  const { phase } = stored.body;
  if (!isEnded(stored.body)) {
    const text = `job '${id}' is ${phase} and has not ended: abort it, and wait for what is under way`;
    throw new UserError(409, 'job-live', text);
  }
  await documents.change(stored, { phase: 'deleting' });
}

async function createRollout(
  context: JobContext,
  input: RolloutInput,
  expect: number | undefined,
  caller: Caller,
): Promise<Job> {
  assertRollouts(caller);
  const found = { ...input, ...(await whereOf(context, input.filter, caller)) };
  await assertExpected(context, await withinRights(found, caller), expect);
  return jobOfRollout(await context.rollouts.create(found, caller));
}

async function dryRunFor(context: JobContext, input: JobInput, caller: Caller): Promise<JobDryRun> {
  const asRollout = rolloutInputOf(input);
  if (asRollout) assertRollouts(caller);
  const job = asRollout
    ? jobOfRollout(
        await rolloutOf(context, { ...asRollout, ...(await whereOf(context, asRollout.filter, caller)) }, caller),
      )
    : await plannedJob(context, input, caller);
  return await dryRunOf(context, job, caller);
}
