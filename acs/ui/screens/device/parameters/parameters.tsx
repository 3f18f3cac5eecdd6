// The parameters of a device: looked up, compared, and changed in stages.
import type { JSX } from 'preact';
import { curlOf } from '../../../api/call.ts';
import { setTask } from '../../../api/device/parameters.ts';
import { devicePath } from '../../../api/devices.ts';
import type { Device } from '../../../api/shapes.ts';
import { Empty } from '../../../components/empty.tsx';
import { Note } from '../../../components/note.tsx';
import { ProblemNote } from '../../../components/problem-note.tsx';
import { Skeleton } from '../../../components/skeleton.tsx';
import { now } from '../../../state/clock.ts';
import { useShortcuts } from '../../../state/keys.ts';
import { setQuery } from '../../../state/location.ts';
import { may } from '../../../state/session.ts';
import { stagedOf } from '../../../state/staged/staged.ts';
import { parameters } from '../../../words/en/device/parameters.ts';
import { timeOfDay } from '../../../words/format.ts';
import { textsOf } from '../../../words/texts.ts';
import type { TabProps } from '../props.ts';
import { AboutRow, isGrowing } from './about.tsx';
import { ParameterBar } from './bar.tsx';
import { type Change, changesOf, itemOf } from './changes.ts';
import { DecidedDialog } from './decided.tsx';
import { StagedDrawer } from './drawer.tsx';
import { readAgain } from './remote.ts';
import { type GivenTools, TreeView } from './rows/tree-view.tsx';
import { type When, whens } from './sending.ts';
import { nextNight } from './tonight.ts';
import { modelPath } from './tree.ts';
import { type Editing, useEditing } from './use-editing.ts';
import { useSending } from './use-sending.ts';
import { type TreeState, useTree } from './use-tree.ts';
import { useValues, type Values } from './use-values.ts';

const words = textsOf('deviceParameters', parameters);

export function ParametersTab(props: TabProps): JSX.Element {
  const { device, line } = props;
  const values = useValues(device.id, line);
  const { value, problem, at, reload } = values.resource;
  if (!value) return problem ? <ProblemNote problem={problem} onRetry={reload} /> : <Skeleton rows={12} />;
  return (
    <>
      {problem && <ProblemNote problem={problem} at={at} onRetry={reload} />}
      {value.length === 0 ? <NothingRead device={device} values={values} /> : <Known {...props} values={values} />}
    </>
  );
}

/** Values of which no table is a part: what a whole read brings at least. */
const unreadCount = ({ models }: Values): number =>
  [...models.values()].filter(({ type, unsure }) => type !== 'object' && !unsure).length;

const NothingRead = ({ device, values }: { device: Device; values: Values }): JSX.Element => (
  <Empty title={words().nothingRead} text={words().nothingReadText}>
    <ReadAll device={device} values={values} class="btn primary" />
  </Empty>
);

function ReadAll({
  device,
  values,
  class: classes,
}: {
  device: Device;
  values: Values;
  class: string;
}): JSX.Element | null {
  if (!may('addTask')) return null;
  const root = values.list[0]?.path.split('.', 1)[0] ?? 'Device';
  const count = unreadCount(values);
  return (
    <button
      class={classes}
      type="button"
      onClick={() => void readAgain(device.id, `${root}.`).then(values.resource.reload)}
    >
      {count > values.list.length ? words().readAllAbout(count) : words().readAll}
    </button>
  );
}

/** Nothing but Informs has told values where none has a type. */
const isToldOnly = ({ resource }: Values): boolean => (resource.value ?? []).every(({ type }) => type === '');

function Known({ values, device, line }: TabProps & { values: Values }): JSX.Element {
  const edits = stagedOf(device.id).value;
  const tree = useTree(device, values);
  const changes = changesOf(edits, values.byPath, values.models);
  const isReadOnly = (path: string): boolean =>
    (values.byPath.get(path)?.writable ?? values.models.get(modelPath(path))?.writable) === false;
  const editing = useEditing(device, values, edits, isReadOnly);
  const night = nextNight(now.value, device.site.timezone);
  const sending = useSending({
    ...{ device, edits, line, reload: values.resource.reload },
    ...{ notBefore: new Date(night).toISOString(), night: timeOfDay(night, device.site.timezone) },
  });
  const tools = toolsOf({ device, values, tree, changes, editing, isReadOnly });
  const active = tree.rows.find(({ path }) => path === tree.active);
  useShortcuts([{ keys: 'Ctrl+Enter', label: words().keyHelp.send, run: clickSend }]);
  return (
    <>
      <ParameterBar
        {...{ find: tree.find, found: tree.found, all: values.list.length, shape: tree.shape, onShape: tree.setShape }}
        {...{ show: tree.show, counts: tree.counts }}
        onFind={find => setQuery({ find })}
        onShow={show => setQuery({ show: show === 'all' ? undefined : show })}
        onDown={() => document.querySelector<HTMLElement>('[role="treegrid"] [tabindex="0"]')?.focus()}
      />
      {isToldOnly(values) && (
        <Note tone="busy">
          <div class="row">
            {words().fewKnown} <ReadAll device={device} values={values} class="btn tiny" />
          </div>
        </Note>
      )}
      <div class={changes.length > 0 ? 'with-drawer' : ''}>
        <section class="panel" aria-label={words().label}>
          {tree.rows.length === 0 ? (
            <Empty title={words().nothingFound} />
          ) : (
            <TreeView rows={tree.rows} tools={tools} beginEdit={editing.begin} />
          )}
          {active && (
            <AboutRow
              {...{ device: device.id, row: active, item: itemOf(values.models, active.path) }}
              {...{ isGrowing: isGrowing(values.models, active), onShow: tree.reveal, reload: values.resource.reload }}
            />
          )}
        </section>
        {changes.length > 0 && (
          <StagedDrawer
            {...{ device: device.id, changes, isSending: sending.isSending, problem: sending.problem }}
            {...{ choices: choices(), onSend: sending.run, night: timeOfDay(night, device.site.timezone) }}
            curl={when => curlFor(device.id, changes, when, new Date(night).toISOString())}
          />
        )}
      </div>
      {editing.decided && (
        <DecidedDialog {...editing.decided} onOverride={editing.override} onClose={editing.forgetDecided} />
      )}
    </>
  );
}

const choices = (): When[] => whens.filter(when => may(when === 'override' ? 'patchDevice' : 'addTask'));

const clickSend = (): void => document.querySelector<HTMLElement>('[data-send]')?.click();

/** A change that is not under way can still be edited. */
const isOpen = (change: Change | undefined): boolean => change !== undefined && change.edit.task === undefined;

interface ToolParts {
  device: Device;
  values: Values;
  tree: TreeState;
  changes: readonly Change[];
  editing: Editing;
  isReadOnly: (path: string) => boolean;
}

function toolsOf({ device, values, tree, changes, editing, isReadOnly }: ToolParts): GivenTools {
  const byPath = new Map(changes.map(change => [change.edit.path, change]));
  const drifted = new Map(device.drift.map(({ path, preset }) => [path, preset]));
  const faulty = new Set(device.faults.flatMap(({ parameter }) => parameter ?? []));
  return {
    ...{ words: tree.words, active: tree.active, activate: tree.activate, turn: tree.turn },
    ...{ changes: byPath, editing: editing.path, isReadOnly },
    itemOf: (path, type) => itemOf(values.models, path, type),
    isEdited: path => values.isModelKnown && (editing.path === path || isOpen(byPath.get(path))),
    differs: path => drifted.has(path) || faulty.has(path),
    isKept: path => faulty.has(path),
    input: editing.input,
    enterEdit: editing.enter,
    leaveEdit: editing.leave,
    endEdit: editing.end,
  };
}

/** The call that the drawer would make; secrets are left to the reader. */
function curlFor(id: string, changes: readonly Change[], when: When, notBefore: string): string {
  const values = Object.fromEntries(changes.map(({ edit }) => [edit.path, edit.isSecret ? '***' : edit.to]));
  if (when === 'override') return curlOf('PATCH', devicePath(id), { body: { overrides: values } });
  const later = when === 'tonight' ? { notBefore, wake: true } : {};
  const query = when === 'now' ? { wait: 30 } : {};
  return curlOf('POST', devicePath(id, '/tasks'), { query, body: { ...setTask(values), ...later } });
}
