// The survey of a dry run: kinds of changes and conflicts, collected page by page with the values that are known of the devices.
import type { FleetContext } from '../common/context.ts';
import { portionsOf } from '../common/device-pages.ts';
import { openedIfOwn } from '../common/secrets.ts';
import { type ChangeKind, ChangeKinds, type PresetConflict, PresetConflicts } from './change-kinds.ts';
import type { Comparison, MergeOutcomes, SurveyedRow } from './dry-run-comparison.ts';
import type { DeviceLink } from './links.ts';

export class ChangeSurvey {
  readonly #context: Pick<FleetContext, 'store' | 'secrets'>;
  readonly #kinds = new ChangeKinds();
  readonly #conflicts: PresetConflicts;
  /** The devices of this page that would change. */
  #changed: { row: SurveyedRow; outcomes: MergeOutcomes }[] = [];

  /** @param name of the changed preset */
  constructor(context: Pick<FleetContext, 'store' | 'secrets'>, name: string) {
    this.#context = context;
    this.#conflicts = new PresetConflicts(name);
  }

  /** @param changes the outcomes of a device that would change */
  look(row: SurveyedRow, { outcomes }: Comparison, changes: MergeOutcomes | undefined): void {
    if (outcomes) this.#conflicts.add(outcomes.after);
    if (changes) this.#changed.push({ row, outcomes: changes });
  }

  /** Ends a page. @param links of the devices that would change, in order */
  async page(links: readonly (readonly DeviceLink[])[]): Promise<void> {
    const { store, secrets } = this.#context;
    const changed = this.#changed;
    this.#changed = [];
    if (changed.length === 0) return;
    const paths = [...new Set(changed.flatMap(({ outcomes }) => [...outcomes.after.wanted.set.keys()]))];
    const ids = changed.map(({ row }) => row.id);
    const known = await store.knownValues(ids, paths);
    let at = 0;
    for await (const portion of portionsOf(changed))
      for (const entry of portion) {
        const isBroken = links[at++]?.some(isBreak) ?? false;
        this.#kinds.add({ ...entry, isBroken }, paths, known.get(entry.row.id), text => openedIfOwn(secrets, text));
      }
  }

  found(): { kinds: ChangeKind[]; others: number; conflicts: PresetConflict[] } {
    return { kinds: this.#kinds.list(), others: this.#kinds.others, conflicts: this.#conflicts.list() };
  }
}

const isBreak = ({ before, after }: DeviceLink): boolean => after?.verdict === 'loses' && before?.verdict !== 'loses';
