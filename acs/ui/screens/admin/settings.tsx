// Settings of the whole server: what is kept of devices, names that count as secret, the identity provider.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { getOidcSetting, getWays, type OidcSetting, putOidcSetting } from '../../api/administration/access.ts';
import {
  getHistoryRule,
  getSecretNames,
  type HistoryRule,
  putHistoryRule,
  putSecretNames,
} from '../../api/administration/server.ts';
import { type Problem, problemOf } from '../../api/problem.ts';
import { ProblemNote } from '../../components/problem-note.tsx';
import { linesOf, TextArea } from '../../components/records/text-area.tsx';
import { TextInput } from '../../components/records/text-input.tsx';
import { useResource } from '../../state/resource.ts';
import { may } from '../../state/session.ts';
import { tell } from '../../state/toasts.ts';
import { admin } from '../../words/en/admin.ts';
import { records } from '../../words/en/records.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('admin', admin);
const common = textsOf('records', records);

export const SettingsPart = (): JSX.Element => (
  <div class="cols">
    <HistoryPanel />
    <SecretsPanel />
    {may('getOidcSetting') && <OidcPanel />}
  </div>
);

interface SettingProps {
  title: string;
  about: string;
  /** The failure of reading it. */
  problem: Problem | undefined;
  /** The stored values are there. */
  isLoaded: boolean;
  isReady: boolean;
  saved: string;
  onSave: () => Promise<void>;
  children: ComponentChildren;
}

function Setting({
  title,
  about,
  problem: unread,
  isLoaded,
  isReady,
  saved,
  onSave,
  children,
}: SettingProps): JSX.Element {
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const save = async (): Promise<void> => {
    setProblem(undefined);
    try {
      await onSave();
      tell({ tone: 'ok', text: saved });
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  const shown = problem ?? unread;
  return (
    <section class="panel c6" aria-label={title}>
      <header>
        <h2>{title}</h2>
      </header>
      <form
        class="body stack"
        onSubmit={event => {
          event.preventDefault();
          void save();
        }}
      >
        <p class="ink-2">{about}</p>
        {/* Typing begins once the stored values are there: they would replace what is typed. */}
        <fieldset class="stack" disabled={!isLoaded}>
          {children}
        </fieldset>
        {shown && <ProblemNote problem={shown} />}
        <div class="row">
          <button class="btn" type="submit" disabled={!isReady}>
            {common().save}
          </button>
        </div>
      </form>
    </section>
  );
}

function HistoryPanel(): JSX.Element {
  const texts = words().settings;
  const stored = useResource('history', async signal => ({ rule: await getHistoryRule(signal) }));
  const [paths, setPaths] = useState('');
  const [filter, setFilter] = useState('');
  const [read, setRead] = useState('');
  useEffect(() => {
    const { parameters = [], filter: of = '', read: each = '' } = stored.value?.rule ?? {};
    setPaths(parameters.join('\n'));
    setFilter(of);
    setRead(each);
  }, [stored.value]);
  const save = async (): Promise<void> => {
    const { events } = stored.value?.rule ?? {};
    const rule: HistoryRule = {
      parameters: linesOf(paths),
      ...(events === undefined ? {} : { events }),
      ...(filter.trim() === '' ? {} : { filter }),
      ...(read.trim() === '' ? {} : { read: read.trim() }),
    };
    await putHistoryRule(rule);
  };
  return (
    <Setting
      title={texts.history}
      about={texts.historyAbout}
      problem={stored.problem}
      isLoaded={stored.value !== undefined}
      isReady={stored.value !== undefined && may('putHistorySetting')}
      saved={texts.historySaved}
      onSave={save}
    >
      <TextArea label={texts.parameters} help={texts.parametersHelp} value={paths} set={setPaths} />
      <TextInput label={texts.historyFilter} help={texts.historyFilterHelp} value={filter} set={setFilter} />
      <TextInput label={texts.read} help={texts.readHelp} value={read} set={setRead} />
    </Setting>
  );
}

function SecretsPanel(): JSX.Element {
  const texts = words().settings;
  const stored = useResource('secrets', getSecretNames);
  const [names, setNames] = useState('');
  useEffect(() => setNames((stored.value ?? []).join('\n')), [stored.value]);
  return (
    <Setting
      title={texts.secrets}
      about={texts.secretsAbout}
      problem={stored.problem}
      isLoaded={stored.value !== undefined}
      isReady={stored.value !== undefined}
      saved={texts.secretsSaved}
      onSave={async () => await putSecretNames(linesOf(names))}
    >
      <TextArea label={texts.names} help={texts.namesHelp} value={names} set={setNames} />
    </Setting>
  );
}

function OidcPanel(): JSX.Element {
  const texts = words().settings;
  const ways = useResource('ways', getWays);
  const stored = useResource('oidc', getOidcSetting);
  const [map, setMap] = useState('');
  const [nameClaim, setNameClaim] = useState('');
  const [rolesClaim, setRolesClaim] = useState('');
  useEffect(() => {
    const setting = stored.value?.value;
    setMap((setting?.map ?? []).map(lineOf).join('\n'));
    setNameClaim(setting?.nameClaim ?? '');
    setRolesClaim(setting?.rolesClaim ?? '');
  }, [stored.value]);
  const lines = linesOf(map);
  const wrong = lines.findIndex(line => entryOf(line) === undefined);
  const save = async (): Promise<void> => {
    const known = stored.value?.value.map ?? [];
    const entries = lines.flatMap(line => entryOf(line) ?? []);
    // The filter of an entry is not shown here, and stays with it.
    const withFilters = entries.map(entry => ({
      ...known.find(({ value, role }) => value === entry.value && role === entry.role),
      ...entry,
    }));
    const setting: OidcSetting = {
      map: withFilters,
      ...(nameClaim.trim() === '' ? {} : { nameClaim: nameClaim.trim() }),
      ...(rolesClaim.trim() === '' ? {} : { rolesClaim: rolesClaim.trim() }),
    };
    await putOidcSetting(setting, stored.value?.etag);
    stored.reload();
  };
  return (
    <Setting
      title={texts.oidc}
      about={ways.value?.provider ? texts.oidcOn : texts.oidcOff}
      problem={stored.problem}
      isLoaded={stored.value !== undefined}
      isReady={wrong < 0 && stored.value !== undefined}
      saved={texts.oidcSaved}
      onSave={save}
    >
      <TextInput label={texts.nameClaim} placeholder="preferred_username" value={nameClaim} set={setNameClaim} />
      <TextInput label={texts.rolesClaim} placeholder="roles" value={rolesClaim} set={setRolesClaim} />
      <TextArea
        label={texts.map}
        problem={wrong < 0 ? undefined : texts.mapWrong(wrong + 1)}
        value={map}
        set={setMap}
      />
    </Setting>
  );
}

type MapEntry = OidcSetting['map'][number];

const lineOf = ({ value, role }: MapEntry): string => `${value} = ${role}`;

/** Undefined for a line that is none. A value may hold the sign itself; the name of a role does not. */
function entryOf(line: string): MapEntry | undefined {
  const at = line.lastIndexOf('=');
  const [value, role] = [line.slice(0, Math.max(0, at)).trim(), line.slice(at + 1).trim()];
  return at < 0 || value === '' || role === '' ? undefined : { value, role };
}
