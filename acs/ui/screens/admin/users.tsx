// The users: made, changed, disabled and deleted.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { createUser, deleteUser, listUsers, part, patchUser, type User } from '../../api/administration/access.ts';
import { curlOf } from '../../api/call.ts';
import { Panel } from '../../components/panel.tsx';
import { MASK } from '../../components/records/copy-curl.tsx';
import { FormDialog } from '../../components/records/form-dialog.tsx';
import { useKeptDraft } from '../../components/records/kept-draft.ts';
import { RecordDrawer } from '../../components/records/record-drawer.tsx';
import { type Column, Records } from '../../components/records/records.tsx';
import { TextInput } from '../../components/records/text-input.tsx';
import { hrefOf, place } from '../../state/location.ts';
import { useResource } from '../../state/resource.ts';
import { tell } from '../../state/toasts.ts';
import { admin } from '../../words/en/admin.ts';
import { records } from '../../words/en/records.ts';
import { textsOf } from '../../words/texts.ts';
import { Reach, RoleChoice, roleName, signInOf } from './grants.tsx';
import { UserFacts } from './user-facts.tsx';

const words = textsOf('admin', admin);
const common = textsOf('records', records);

export function UsersPart(): JSX.Element {
  const list = useResource('users', listUsers);
  const at = place.value.query.get('at') ?? undefined;
  const [isNew, setNew] = useState(false);
  const open = list.value?.items.find(({ name }) => name === at);
  const add = (
    <button class="btn tiny push" type="button" onClick={() => setNew(true)}>
      {words().users.new}
    </button>
  );
  return (
    <div class={open ? 'with-drawer' : ''}>
      <Panel title={words().tabs.users} aside={add} of={list} isBare>
        {({ items }) => (
          <Records
            label={words().tabs.users}
            columns={columns()}
            items={items}
            keyOf={({ name }) => name}
            hrefOf={({ name }) => hrefOf('/admin/users', { at: name })}
            at={at}
          />
        )}
      </Panel>
      {open && <UserDrawer key={open.name} user={open} onChanged={list.reload} />}
      {isNew && <UserDialog onClose={() => setNew(false)} onDone={list.reload} />}
    </div>
  );
}

function columns(): [Column<User>, ...Column<User>[]] {
  const heads = words().users.columns;
  return [
    { name: 'name', head: heads.name, cell: ({ name }) => name },
    { name: 'role', head: heads.role, class: 'p2', cell: ({ role }) => roleName(role) },
    {
      name: 'reach',
      head: heads.reach,
      class: 'p3',
      cell: ({ filter }) => <Reach filter={filter} />,
    },
    { name: 'signIn', head: heads.signIn, cell: signInOf },
    {
      name: 'state',
      head: heads.state,
      class: 'p4',
      cell: ({ disabled }) => (
        <span class={`st ${disabled ? 'idle' : 'ok'}`}>{disabled ? words().users.disabled : words().users.active}</span>
      ),
    },
  ];
}

const UserDrawer = ({ user, onChanged }: { user: User; onChanged: () => void }): JSX.Element => (
  <RecordDrawer
    name={user.name}
    mayEdit
    mayDelete
    editor={close => <UserDialog user={user} onClose={close} onDone={onChanged} />}
    onDelete={async () => await deleteUser(user.name)}
    deleteText={words().users.removeText}
    isTyped
    onChanged={onChanged}
  >
    <UserFacts user={user} />
  </RecordDrawer>
);

interface UserDialogProps {
  /** One that is there. */
  user?: User;
  onClose: () => void;
  onDone: () => void;
}

function UserDialog({ user, onClose, onDone }: UserDialogProps): JSX.Element {
  const { draft, set } = useKeptDraft(`user ${user?.name ?? ''}`, {
    name: user?.name ?? '',
    role: user?.role ?? 'viewer',
    filter: user?.filter ?? '',
    password: '',
    disabled: user?.disabled ?? false,
  });
  const { name, role, filter, password, disabled } = draft;
  const change = (to: Partial<typeof draft>): void => set({ ...draft, ...to });
  const reach = filter.trim() === '' ? {} : { filter };
  const changed = { filter: filter.trim() === '' ? null : filter };
  const givenWith = (secret: string) => ({ role, disabled, ...(password === '' ? {} : { password: secret }) });
  const curl = (): string =>
    user
      ? curlOf('PATCH', `/users/${part(name)}`, { body: { ...givenWith(MASK), ...changed } })
      : curlOf('POST', '/users', { body: { name, ...givenWith(MASK), ...reach } });
  const send = async (): Promise<undefined> => {
    const given = givenWith(password);
    if (user) await patchUser(name, { ...given, ...changed });
    else await createUser({ name, ...given, ...reach });
    tell({ tone: 'ok', text: common().saved(name) });
    onDone();
  };
  return (
    <FormDialog
      title={user ? words().users.editTitle(user.name) : words().users.newTitle}
      onSend={send}
      onClose={onClose}
      curl={curl}
    >
      {!user && (
        <TextInput label={common().name} value={name} set={text => change({ name: text.trim() })} isFirst isRequired />
      )}
      <RoleChoice value={role} set={to => change({ role: to })} />
      <TextInput label={words().reach} help={words().reachHelp} value={filter} set={to => change({ filter: to })} />
      <TextInput
        label={words().users.password}
        help={user ? words().users.passwordKept : words().users.passwordHelp}
        type="password"
        autocomplete="new-password"
        value={password}
        set={to => change({ password: to })}
      />
      <label class="row tight">
        <input
          type="checkbox"
          checked={disabled}
          onChange={event => change({ disabled: event.currentTarget.checked })}
        />
        {words().users.disable}
      </label>
    </FormDialog>
  );
}
