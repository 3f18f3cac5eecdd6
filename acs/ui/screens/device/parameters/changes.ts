// The staged changes of a device, each with what is to be said of it now.
import type { ModelItem } from '../../../api/device/parameters.ts';
import type { Edit, Edits } from '../../../state/staged/edit.ts';
import { judge, type Wrong } from './judge.ts';
import { modelPath } from './tree.ts';

export interface Change {
  edit: Edit;
  item: Partial<ModelItem>;
  wrong?: Wrong | 'lost';
  /** The value that something else has set since. */
  meanwhile?: string;
  /** It can be sent. */
  isReady: boolean;
}

export type Models = ReadonlyMap<string, ModelItem>;

/** The item of the model for a parameter; for one that it lacks, the type that the device has told. */
export function itemOf(models: Models, path: string, type = ''): Partial<ModelItem> {
  return models.get(modelPath(path)) ?? { path, type };
}

/** @param values the newest known values by their paths */
export function changesOf(
  edits: Edits,
  values: ReadonlyMap<string, { value: string; type: string }>,
  models: Models,
): Change[] {
  return edits.map(edit => {
    const known = values.get(edit.path);
    const item = itemOf(models, edit.path, known?.type);
    const wrong = edit.isLost ? 'lost' : edit.isSecret ? undefined : judge(item, edit.to);
    const meanwhile = known && known.value !== edit.from && edit.task === undefined ? known.value : undefined;
    return {
      edit,
      item,
      ...(wrong === undefined ? {} : { wrong }),
      ...(meanwhile === undefined ? {} : { meanwhile }),
      isReady: wrong === undefined && meanwhile === undefined && edit.task === undefined,
    };
  });
}
