// Tasks as the API shows them: long arguments and results in parts, with breaks, so that other requests and sessions get their turn.
import { Turns } from '../../../shared/turns.ts';
import type { Task } from '../../device/task.ts';
import { taskView } from './core.ts';
import type { Shown } from './limited.ts';

type Values = Record<string, unknown>;

/** Entries of a list whose secrets are masked without a break. */
const ENTRIES = 1000;

/** Views of many tasks, or of one. */
export class TaskViews {
  readonly #show: Shown;
  readonly #turns = new Turns(ENTRIES);

  constructor(show: Shown) {
    this.#show = show;
  }

  async of(task: Task): Promise<Values> {
    const { args, result } = task;
    await this.#turns.spent(1);
    if (!isLong(args) && !(result && isLong(result))) return taskView(task, this.#show);
    const view = taskView({ ...task, args: {}, ...(result ? { result: {} } : {}) }, this.#show);
    view.args = await this.#parted(task, args);
    if (result) view.result = await this.#parted(task, result);
    return view;
  }

  /** The view of arguments, each of whose lists is looked at in parts. */
  async #parted(task: Task, values: Values): Promise<Values> {
    const shown: Values = {};
    for (const [name, value] of Object.entries(values)) {
      if (!Array.isArray(value)) Object.assign(shown, this.#viewOf(task, { [name]: value }));
      else {
        const entries: unknown[] = [];
        for (let at = 0; at < value.length; at += ENTRIES) {
          const part = value.slice(at, at + ENTRIES);
          entries.push(...(this.#viewOf(task, { [name]: part })[name] as unknown[]));
          await this.#turns.spent(part.length);
        }
        shown[name] = entries;
      }
    }
    return shown;
  }

  #viewOf(task: Task, args: Values): Values {
    return taskView({ ...task, args }, this.#show).args as Values;
  }
}

const isLong = (values: Values): boolean =>
  Object.values(values).some(value => Array.isArray(value) && value.length > ENTRIES / 10);
