// A role of one's own, made or changed: operations × devices × parameters.
import type { JSX } from 'preact';
import { getRole, part, putRole, type Role, type RoleInput, type Roles } from '../../api/administration/access.ts';
import { curlOf } from '../../api/call.ts';
import { ProblemNote } from '../../components/problem-note.tsx';
import { Checks } from '../../components/records/checks.tsx';
import { Choice } from '../../components/records/choice.tsx';
import { FormDialog } from '../../components/records/form-dialog.tsx';
import { useStoredDraft } from '../../components/records/stored-draft.ts';
import { linesOf, TextArea } from '../../components/records/text-area.tsx';
import { TextInput } from '../../components/records/text-input.tsx';
import { tell } from '../../state/toasts.ts';
import { admin } from '../../words/en/admin.ts';
import { records } from '../../words/en/records.ts';
import { textsOf } from '../../words/texts.ts';
import { roleName } from './grants.tsx';

const words = textsOf('admin', admin);
const common = textsOf('records', records);
const levels = ['viewer', 'operator', 'admin'] as const;
const kinds = ['read', 'write'] as const;
const pathKinds = ['all', 'none', 'these'] as const;

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
  read: Paths;
  set: Paths;
}

/** Parameters that a role reaches: all, none, or those of some paths, one a line. */
interface Paths {
  kind: (typeof pathKinds)[number];
  text: string;
}

const every: Paths = { kind: 'all', text: '' };
const blank: Draft = { name: '', operations: ['read'], devices: '', read: every, set: every };

export function RoleDialog({ name, operations, onClose, onDone }: RoleDialogProps): JSX.Element {
  const { draft, change, isThere, stored } = useStoredDraft({
    kind: 'role',
    name,
    load: getRole,
    draftOf,
    first: blank,
  });
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
      curl={() => curlOf('PUT', `/roles/${part(draft.name)}`, { body: inputOf(draft) })}
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
          <PathsField
            label={words().ownRoles.read}
            pathsLabel={words().ownRoles.readPaths}
            value={draft.read}
            set={read => change({ read })}
          />
          <PathsField
            label={words().ownRoles.set}
            pathsLabel={words().ownRoles.setPaths}
            value={draft.set}
            set={set => change({ set })}
          />
        </>
      )}
      {stored.problem && <ProblemNote problem={stored.problem} onRetry={stored.reload} />}
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

interface PathsFieldProps {
  label: string;
  pathsLabel: string;
  value: Paths;
  set: (paths: Paths) => void;
}

const PathsField = ({ label, pathsLabel, value, set }: PathsFieldProps): JSX.Element => (
  <>
    <Choice
      label={label}
      value={value.kind}
      values={pathKinds.map(kind => [kind, words().ownRoles.pathKinds[kind]])}
      set={kind => set({ ...value, kind: kind as Paths['kind'] })}
    />
    {value.kind === 'these' && (
      <TextArea
        label={pathsLabel}
        help={words().ownRoles.patterns}
        value={value.text}
        set={text => set({ ...value, text })}
      />
    )}
  </>
);

function pathsOf(paths: readonly string[] | undefined): Paths {
  if (paths === undefined) return every;
  return { kind: paths.length === 0 ? 'none' : 'these', text: paths.join('\n') };
}

const draftOf = ({ name, operations, devices = '', parameters: { read, set } = {} }: Role): Draft => ({
  name,
  operations,
  devices,
  read: pathsOf(read),
  set: pathsOf(set),
});

function inputOf({ operations, devices, read, set }: Draft): RoleInput {
  const limits = Object.entries({ read, set }).filter(([, { kind }]) => kind !== 'all');
  const parameters = limits.map(([name, { kind, text }]) => [name, kind === 'none' ? [] : linesOf(text)]);
  return {
    operations: [...operations],
    ...(devices.trim() === '' ? {} : { devices }),
    ...(parameters.length === 0 ? {} : { parameters: Object.fromEntries(parameters) }),
  };
}
