// A role of one's own, made or changed: operations × devices × parameters.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { getRole, putRole, type Role, type RoleInput, type Roles } from '../../api/administration/access.ts';
import { Checks } from '../../components/records/checks.tsx';
import { FormDialog } from '../../components/records/form-dialog.tsx';
import { linesOf, TextArea } from '../../components/records/text-area.tsx';
import { TextInput } from '../../components/records/text-input.tsx';
import { useResource } from '../../state/resource.ts';
import { tell } from '../../state/toasts.ts';
import { admin } from '../../words/en/admin.ts';
import { records } from '../../words/en/records.ts';
import { textsOf } from '../../words/texts.ts';
import { roleName } from './grants.tsx';

const words = textsOf('admin', admin);
const common = textsOf('records', records);
const levels = ['viewer', 'operator', 'admin'] as const;
const kinds = ['read', 'write'] as const;

export interface RoleDialogProps {
  /** Of a role that is there. */
  name?: string;
  /** Those that a role may name. */
  operations: Roles['operations'];
  onClose: () => void;
  onDone: () => void;
}

interface Draft {
  name: string;
  operations: readonly string[];
  devices: string;
  /** A path a line. */
  read: string;
  set: string;
}

export function RoleDialog({ name, operations, onClose, onDone }: RoleDialogProps): JSX.Element {
  const stored = useResource(name, async signal => await getRole(name ?? '', signal));
  const [draft, setDraft] = useState<Draft>({ name: '', operations: ['read'], devices: '', read: '', set: '' });
  useEffect(() => {
    if (stored.value) setDraft(draftOf(stored.value.value));
  }, [stored.value]);
  // The fields wait for the stored values, so that nothing is typed before.
  const isThere = name === undefined || draft.name === name;
  const change = (to: Partial<Draft>): void => setDraft({ ...draft, ...to });
  const send = async (): Promise<undefined> => {
    await putRole(draft.name, inputOf(draft), stored.value?.etag);
    tell({ tone: 'ok', text: common().saved(draft.name) });
    onDone();
  };
  return (
    <FormDialog
      title={name === undefined ? words().ownRoles.newTitle : words().ownRoles.editTitle(name)}
      isReady={isThere && draft.operations.length > 0}
      onSend={send}
      onClose={onClose}
    >
      {isThere && (
        <>
          {name === undefined && (
            <TextInput
              label={common().name}
              value={draft.name}
              set={text => change({ name: text.trim() })}
              isFirst
              isRequired
            />
          )}
          <OperationChecks operations={operations} chosen={draft.operations} set={to => change({ operations: to })} />
          <TextInput
            label={words().ownRoles.devices}
            help={words().ownRoles.devicesHelp}
            value={draft.devices}
            set={devices => change({ devices })}
          />
          <TextArea
            label={words().ownRoles.read}
            help={words().ownRoles.patterns}
            value={draft.read}
            set={read => change({ read })}
          />
          <TextArea
            label={words().ownRoles.set}
            help={words().ownRoles.patterns}
            value={draft.set}
            set={set => change({ set })}
          />
        </>
      )}
    </FormDialog>
  );
}

interface OperationChecksProps {
  operations: Roles['operations'];
  chosen: readonly string[];
  set: (chosen: string[]) => void;
}

const OperationChecks = ({ operations, chosen, set }: OperationChecksProps): JSX.Element => (
  <>
    <Checks
      label={words().ownRoles.shorthand}
      values={kinds.map(kind => [kind, words().ownRoles.kinds[kind]])}
      chosen={chosen}
      set={set}
    />
    {levels.map(level => (
      <details key={level}>
        <summary>{words().ownRoles.level(roleName(level))}</summary>
        <Checks
          label={words().ownRoles.level(roleName(level))}
          values={operations.filter(({ role }) => role === level).map(({ name }) => [name, name])}
          chosen={chosen}
          set={set}
        />
      </details>
    ))}
  </>
);

const draftOf = ({ name, operations, devices = '', parameters: { read = [], set = [] } = {} }: Role): Draft => ({
  name,
  operations,
  devices,
  read: read.join('\n'),
  set: set.join('\n'),
});

function inputOf({ operations, devices, read, set }: Draft): RoleInput {
  const paths = { read: linesOf(read), set: linesOf(set) };
  const given = Object.entries(paths).filter(([, lines]) => lines.length > 0);
  return {
    operations: [...operations],
    ...(devices.trim() === '' ? {} : { devices }),
    ...(given.length === 0 ? {} : { parameters: Object.fromEntries(given) }),
  };
}
