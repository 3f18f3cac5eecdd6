// The roles: built-in ones, and own ones of operations, devices and parameters.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { deleteRole, listRoles, type Role, type Roles } from '../../api/administration/access.ts';
import { Panel } from '../../components/panel.tsx';
import { Pair } from '../../components/records/pair.tsx';
import { RecordDrawer } from '../../components/records/record-drawer.tsx';
import { type Column, Records } from '../../components/records/records.tsx';
import { hrefOf, place } from '../../state/location.ts';
import { useResource } from '../../state/resource.ts';
import { admin } from '../../words/en/admin.ts';
import { records } from '../../words/en/records.ts';
import { number } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';
import { Reach, roleName } from './grants.tsx';
import { RoleDialog } from './role-dialog.tsx';

const words = textsOf('admin', admin);
const common = textsOf('records', records);

export function RolesPart(): JSX.Element {
  const list = useResource('roles', listRoles);
  const at = place.value.query.get('at') ?? undefined;
  const [isNew, setNew] = useState(false);
  const open = list.value?.items.find(({ name }) => name === at);
  const add = (
    <button class="btn tiny push" type="button" onClick={() => setNew(true)}>
      {words().ownRoles.new}
    </button>
  );
  const operations = list.value?.operations ?? [];
  return (
    <div class={open ? 'with-drawer' : ''}>
      <Panel title={words().tabs.roles} aside={add} of={list} isBare>
        {({ items }) => (
          <Records
            label={words().tabs.roles}
            columns={columns()}
            items={items}
            keyOf={({ name }) => name}
            hrefOf={({ name }) => hrefOf('/admin/roles', { at: name })}
            at={at}
          />
        )}
      </Panel>
      {open && <RoleDrawer key={open.name} role={open} operations={operations} onChanged={list.reload} />}
      {isNew && <RoleDialog operations={operations} onClose={() => setNew(false)} onDone={list.reload} />}
    </div>
  );
}

function parametersOf({ parameters: { read, set } = {} }: Role): string {
  if (!read && !set) return words().ownRoles.allParameters;
  const count = (of: readonly string[] | undefined): string =>
    of ? number(of.length) : words().ownRoles.allParameters;
  return words().ownRoles.some(count(read), count(set));
}

function columns(): [Column<Role>, ...Column<Role>[]] {
  const heads = words().ownRoles.columns;
  return [
    {
      name: 'name',
      head: heads.name,
      cell: ({ name, builtIn }) => (
        <>
          {roleName(name)} {builtIn && <span class="tag">{words().ownRoles.builtIn}</span>}
        </>
      ),
    },
    {
      name: 'operations',
      head: heads.operations,
      class: 'p2',
      cell: ({ operations }) => words().ownRoles.operations(operations.length),
    },
    {
      name: 'devices',
      head: heads.devices,
      class: 'p3',
      cell: ({ devices }) => <Reach filter={devices} />,
    },
    { name: 'parameters', head: heads.parameters, class: 'p4', cell: parametersOf },
  ];
}

interface RoleDrawerProps {
  role: Role;
  operations: Roles['operations'];
  onChanged: () => void;
}

const RoleDrawer = ({ role, operations, onChanged }: RoleDrawerProps): JSX.Element => (
  <RecordDrawer
    name={role.name}
    title={roleName(role.name)}
    mayEdit={!role.builtIn}
    mayDelete={!role.builtIn}
    editor={close => <RoleDialog name={role.name} operations={operations} onClose={close} onDone={onChanged} />}
    onDelete={async () => await deleteRole(role.name)}
    deleteText={words().ownRoles.removeText}
    onChanged={onChanged}
  >
    <RoleFacts role={role} />
  </RecordDrawer>
);

const RoleFacts = ({ role: { devices, parameters = {}, operations } }: { role: Role }): JSX.Element => (
  <dl class="kv">
    <Pair name={words().ownRoles.columns.devices}>
      {devices === undefined ? words().everyDevice : <span class="mono wrap-any">{devices}</span>}
    </Pair>
    <Pair name={words().ownRoles.read}>
      <Lines of={parameters.read} />
    </Pair>
    <Pair name={words().ownRoles.set}>
      <Lines of={parameters.set} />
    </Pair>
    <Pair name={words().ownRoles.columns.operations}>
      <Lines of={operations} />
    </Pair>
  </dl>
);

const Lines = ({ of }: { of: readonly string[] | undefined }): JSX.Element =>
  of && of.length > 0 ? (
    <ul class="mono wrap-any">
      {of.map(line => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  ) : (
    <span>{of ? common().none : words().ownRoles.allParameters}</span>
  );
