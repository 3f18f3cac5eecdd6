// The history setting: the devices, parameters and events of which a history is kept. One document of the kind `setting`.
import { messageOf, readAt } from '../../../shared/errors.ts';
import { ThrottledLog } from '../../../shared/throttled-log.ts';
import { UserError } from '../../errors.ts';
import { durationOf } from '../../query/literals.ts';
import { parseFilter } from '../../query/parser.ts';
import { pathRule } from '../../query/path-rule.ts';
import { type Predicate, toPredicate } from '../../query/predicate.ts';
import type { Edit } from '../../store/edit.ts';
import type { FleetContext } from '../common/context.ts';
import { type Documents, documents } from '../common/documents.ts';

export interface HistoryRule {
  /** The devices; default: all. */
  filter?: string;
  /** Paths: full, partial with the final dot, or with `*`. Numbers become series, changes of other values events. */
  parameters: string[];
  /** Keeps each Inform and each ended task as an event; default: true. */
  events?: boolean;
  /** The interval at which these parameters are read, in sessions that the device opens anyway, as `15m`; default: never. */
  read?: string;
}

export interface CompiledHistoryRule {
  rule: HistoryRule;
  /** The rule as text: equal for equal rules. */
  text: string;
  fits: Predicate;
  matches: (path: string) => boolean;
  readMs: number | undefined;
}

/** Wait after a load that failed. */
const RETRY_MS = 10_000;
const SETTING = 'history';
const MAX_PATTERNS = 32;

export class HistorySetting {
  readonly #context: FleetContext;
  readonly #documents: Documents<HistoryRule>;
  #known: { generation: number; compiled: CompiledHistoryRule | undefined } = { generation: 0, compiled: undefined };
  #loading = false;
  /** The next load in the background after one that failed, by the monotonic clock. */
  #retryAt = Number.NEGATIVE_INFINITY;
  readonly #failures: ThrottledLog;

  constructor(context: FleetContext) {
    this.#context = context;
    this.#failures = new ThrottledLog(context.clock);
    this.#documents = documents(context, 'setting', {
      missing: () => new UserError(404, 'no-such-setting', 'there is no history setting'),
      validate: compileHistoryRule,
    });
  }

  async rule(): Promise<HistoryRule | undefined> {
    return (await this.load())?.rule;
  }

  async load(): Promise<CompiledHistoryRule | undefined> {
    const generation = this.#context.store.generation('setting');
    if (this.#known.generation !== generation) {
      const found = await this.#documents.find(SETTING);
      this.#known = { generation, compiled: found && compileHistoryRule(found.body) };
    }
    return this.#known.compiled;
  }

  /** The setting as last loaded, for callers that cannot wait. A change is loaded in the background. */
  current(): CompiledHistoryRule | undefined {
    const { store, clock } = this.#context;
    const isDue = this.#known.generation !== store.generation('setting') && clock.monotonic() >= this.#retryAt;
    if (isDue && !this.#loading) {
      this.#loading = true;
      this.load()
        .catch((error: unknown) => this.#failed(error))
        .finally(() => {
          this.#loading = false;
        });
    }
    return this.#known.compiled;
  }

  /** Every event asks for the setting: a store that is away is not asked again for each of them. */
  #failed(error: unknown): void {
    const { clock, log } = this.#context;
    this.#retryAt = clock.monotonic() + RETRY_MS;
    this.#failures.write(fields => log.warn('history setting read failed', { reason: messageOf(error), ...fields }));
  }

  /** @throws UserError 400 that names the place, 412 */
  async put(rule: HistoryRule, edit?: Edit): Promise<void> {
    await this.#documents.put(SETTING, rule, edit);
    await this.load();
  }

  /** @throws UserError 404, 412 */
  async remove(edit?: Edit): Promise<void> {
    await this.#documents.remove(SETTING, false, edit);
    await this.load();
  }
}

/** @throws UserError 400 that names the place */
function compileHistoryRule(rule: HistoryRule): CompiledHistoryRule {
  const { filter, parameters, read } = rule;
  if (parameters.length > MAX_PATTERNS)
    throw new UserError(400, 'too-many-parameters', `parameters: at most ${MAX_PATTERNS} are allowed`);
  const stray = parameters.find(path => !/^(Device|InternetGatewayDevice)\.(([\w-]+|\*)\.)*([\w-]+|\*)?$/.test(path));
  if (stray !== undefined) throw new UserError(400, 'bad-path', `parameters: '${stray}' is not a path`);
  return {
    rule,
    text: JSON.stringify(rule),
    fits: filter === undefined ? () => true : readAt('filter', () => toPredicate(parseFilter(filter))),
    matches: pathRule(parameters).fits,
    readMs: read === undefined ? undefined : durationOf(read),
  };
}
