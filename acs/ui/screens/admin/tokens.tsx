// The tokens of programs: each is shown once, and tells when it was used last.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { createToken, deleteToken, listTokens, type Token } from '../../api/administration/access.ts';
import { curlOf } from '../../api/call.ts';
import { Age } from '../../components/age.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { Confirm } from '../../components/dialogs/confirm.tsx';
import { Empty } from '../../components/empty.tsx';
import { Note } from '../../components/note.tsx';
import { Panel } from '../../components/panel.tsx';
import { FormDialog } from '../../components/records/form-dialog.tsx';
import { type Column, Records } from '../../components/records/records.tsx';
import { TextInput } from '../../components/records/text-input.tsx';
import { now } from '../../state/clock.ts';
import { hrefOf } from '../../state/location.ts';
import { useResource } from '../../state/resource.ts';
import { tell } from '../../state/toasts.ts';
import { admin } from '../../words/en/admin.ts';
import { records } from '../../words/en/records.ts';
import { dateTime } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';
import { Reach, RoleChoice, roleName } from './grants.tsx';

const words = textsOf('admin', admin);
const common = textsOf('records', records);

export function TokensPart(): JSX.Element {
  const list = useResource('tokens', listTokens);
  const [isNew, setNew] = useState(false);
  const [revoked, setRevoked] = useState<string | undefined>(undefined);
  const add = (
    <button class="btn tiny push" type="button" onClick={() => setNew(true)}>
      {words().tokens.new}
    </button>
  );
  return (
    <>
      <Panel title={words().tabs.tokens} aside={add} of={list} isBare>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={words().tokens.none} text={words().tokens.noneText} />
          ) : (
            <Records
              label={words().tabs.tokens}
              columns={columns(setRevoked)}
              items={items}
              keyOf={({ name }) => name}
              hrefOf={({ name }) => hrefOf('/audit', { who: name })}
            />
          )
        }
      </Panel>
      {isNew && <TokenDialog onClose={() => setNew(false)} onDone={list.reload} />}
      {revoked !== undefined && (
        <Confirm
          title={words().tokens.revokeTitle(revoked)}
          action={words().tokens.revokeNow}
          isDangerous
          onClose={() => setRevoked(undefined)}
          onConfirm={async () => {
            await deleteToken(revoked);
            tell({ tone: 'ok', text: words().tokens.revoked(revoked) });
            list.reload();
          }}
        >
          <p>{words().tokens.revokeText}</p>
        </Confirm>
      )}
    </>
  );
}

function columns(onRevoke: (name: string) => void): [Column<Token>, ...Column<Token>[]] {
  const heads = words().tokens.columns;
  return [
    { name: 'name', head: heads.name, cell: ({ name }) => name },
    { name: 'role', head: heads.role, class: 'p2', cell: ({ role }) => roleName(role) },
    {
      name: 'reach',
      head: heads.reach,
      cell: ({ filter }) => <Reach filter={filter} />,
    },
    { name: 'by', head: heads.by, cell: ({ by }) => by },
    { name: 'created', head: heads.created, class: 'num', cell: ({ created }) => <Age at={created} /> },
    { name: 'expires', head: heads.expires, class: 'p3', cell: ({ expires }) => <Expiry at={expires} /> },
    {
      name: 'used',
      head: heads.used,
      class: 'p4 num',
      cell: ({ lastUsed }) =>
        lastUsed === null ? <span class="ink-3">{words().tokens.never}</span> : <Age at={lastUsed} />,
    },
    {
      name: 'act',
      head: words().tokens.revokeNow,
      hidesHead: true,
      class: 'num',
      cell: ({ name }) => (
        <button class="btn tiny danger" type="button" onClick={() => onRevoke(name)}>
          {words().tokens.revoke}
        </button>
      ),
    },
  ];
}

function Expiry({ at }: { at: string | null }): JSX.Element {
  if (at === null) return <span class="ink-3">{words().tokens.never}</span>;
  return Date.parse(at) <= now.value ? <span class="bad">{words().tokens.ended}</span> : <span>{dateTime(at)}</span>;
}

function TokenDialog({ onClose, onDone }: { onClose: () => void; onDone: () => void }): JSX.Element {
  const [name, setName] = useState('');
  const [role, setRole] = useState('viewer');
  const [filter, setFilter] = useState('');
  const [expires, setExpires] = useState('');
  const [made, setMade] = useState<string | undefined>(undefined);
  const wanted = {
    name,
    role,
    ...(filter.trim() === '' ? {} : { filter }),
    ...(expires === '' ? {} : { expires: new Date(expires).toISOString() }),
  };
  const send = async (): Promise<true> => {
    const { token } = await createToken(wanted);
    setMade(token);
    onDone();
    return true;
  };
  return (
    <FormDialog
      title={words().tokens.newTitle}
      action={words().tokens.make}
      onSend={send}
      onClose={onClose}
      curl={() => curlOf('POST', '/tokens', { body: wanted })}
    >
      {made === undefined ? (
        <>
          <TextInput label={common().name} value={name} set={text => setName(text.trim())} isFirst isRequired />
          <RoleChoice value={role} set={setRole} />
          <TextInput label={words().reach} help={words().reachHelp} value={filter} set={setFilter} />
          <TextInput
            label={words().tokens.expires}
            help={words().tokens.expiresHelp}
            type="datetime-local"
            value={expires}
            set={setExpires}
          />
        </>
      ) : (
        <>
          <Note tone="warn">{words().tokens.once}</Note>
          <p class="row">
            <code class="wrap-any">{made}</code>
            <CopyButton text={() => made}>{words().tokens.copy}</CopyButton>
          </p>
        </>
      )}
    </FormDialog>
  );
}
