// Editing in the tree: which editor has the focus, and what it was like before.
import { useRef, useState } from 'preact/hooks';
import type { Device } from '../../../api/shapes.ts';
import { may } from '../../../state/session.ts';
import { type Edit, type Edits, withEdit, without } from '../../../state/staged/edit.ts';
import { restage } from '../../../state/staged/staged.ts';
import { isSecret } from './judge.ts';
import type { Values } from './use-values.ts';

export interface Editing {
  path: string | undefined;
  /** The preset that decides a value whose editing was asked for. */
  decided: { path: string; preset: string } | undefined;
  begin: (path: string) => void;
  /** The editor of a staged change has got the focus. */
  enter: (path: string) => void;
  /** The editor has lost the focus; its change stays. */
  leave: (path: string) => void;
  /** Begins though a preset decides: the value becomes an override. */
  override: () => void;
  forgetDecided: () => void;
  input: (path: string, value: string) => void;
  end: (path: string, keeps: boolean) => void;
}

export function useEditing(
  { id }: Pick<Device, 'id'>,
  values: Values,
  edits: Edits,
  isReadOnly: (path: string) => boolean,
): Editing {
  const [path, setPath] = useState<string | undefined>(undefined);
  const [decided, setDecided] = useState<Editing['decided']>(undefined);
  /** The change as it was when the editor opened. */
  const before = useRef<Edit | undefined>(undefined);
  /** The way of a value that has no change yet. */
  const overridden = useRef(new Set<string>());
  const editOf = (of: string): Edit | undefined => edits.find(edit => edit.path === of);
  const open = (of: string): void => {
    if (path === of) return;
    before.current = editOf(of);
    setPath(of);
  };
  return {
    path,
    decided,
    begin: of => {
      const edit = editOf(of);
      const preset = values.byPath.get(of)?.decidedBy;
      if (edit?.task !== undefined || isReadOnly(of) || !(may('addTask') || may('patchDevice'))) return;
      if (edit === undefined && preset !== undefined && preset !== 'override') setDecided({ path: of, preset });
      else open(of);
    },
    enter: open,
    leave: of => setPath(now => (now === of ? undefined : now)),
    override: () => {
      if (!decided) return;
      overridden.current.add(decided.path);
      setDecided(undefined);
      open(decided.path);
    },
    forgetDecided: () => setDecided(undefined),
    input: (of, to) => {
      const known = values.byPath.get(of);
      const from = editOf(of)?.from ?? known?.value ?? '';
      const isKept = overridden.current.has(of) || known?.decidedBy === 'override';
      const secret = isSecret(of, known?.value ?? '');
      // An untouched mask is no change, nor is an emptied password field.
      if (secret && to === '') return restage(id, list => without(list, [of]));
      const edit: Edit = {
        ...{ path: of, from, to, way: isKept ? 'override' : 'value' },
        ...(secret ? { isSecret: true as const } : {}),
      };
      restage(id, list => withEdit(list, edit));
    },
    end: (of, keeps) => {
      const old = before.current;
      if (!keeps) restage(id, list => (old ? withEdit(list, old) : without(list, [of])));
      setPath(undefined);
    },
  };
}
