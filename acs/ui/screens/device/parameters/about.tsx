// Below the tree: the active row in full, and what can be done with it.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { curlOf } from '../../../api/call.ts';
import type { ModelItem, Parameter } from '../../../api/device/parameters.ts';
import { setOverrides } from '../../../api/device/parameters.ts';
import { keepHistory } from '../../../api/device/recorded.ts';
import { devicePath } from '../../../api/devices.ts';
import { problemOf } from '../../../api/problem.ts';
import { CopyButton } from '../../../components/copy-button.tsx';
import { Confirm } from '../../../components/dialogs/confirm.tsx';
import { Path } from '../../../components/path.tsx';
import { hrefOf } from '../../../state/location.ts';
import { may } from '../../../state/session.ts';
import { tell } from '../../../state/toasts.ts';
import { parameters } from '../../../words/en/device/parameters.ts';
import { textsOf } from '../../../words/texts.ts';
import { hrefOfTab } from '../places.ts';
import { addRow, deleteRow, readAgain } from './remote.ts';
import { isInstance, modelPath, type Row } from './tree.ts';

const words = textsOf('deviceParameters', parameters);
const COLUMNS = 'serial,liveness,firmware';

export interface AboutProps {
  device: string;
  row: Row;
  item: Partial<ModelItem>;
  /** The row of a table can be deleted, rows can be added to a table. */
  isGrowing: boolean;
  onShow: (path: string) => void;
  reload: () => void;
}

export function AboutRow(props: AboutProps): JSX.Element {
  const { device, row, item } = props;
  return (
    <footer class="stack tight">
      <p>
        <Path of={row.path} />
        {item.text ? ` ${item.text}` : ''}
      </p>
      <div class="row tight">
        <CopyButton text={() => row.path} class="btn tiny">
          {words().copyPath}
        </CopyButton>
        {row.kind === 'leaf' && <LeafActions {...props} known={row.known} />}
        <CopyButton
          text={() => curlOf('GET', devicePath(device, '/parameters'), { query: { path: row.path } })}
          class="btn tiny"
          icon="terminal"
        >
          {words().curl}
        </CopyButton>
        {may('addTask') && (
          <button class="btn tiny" type="button" onClick={() => void readAgain(device, row.path)}>
            {words().readAgain}
          </button>
        )}
        {may('addTask') && props.isGrowing && <TableActions {...props} />}
      </div>
    </footer>
  );
}

/** Runs a call of the server, and tells of its end. */
async function told(text: string, run: () => Promise<unknown>): Promise<void> {
  try {
    await run();
    tell({ tone: 'ok', text });
  } catch (error) {
    tell({ tone: 'bad', text: problemOf(error).message });
  }
}

function LeafActions({ device, row: { path }, known, reload }: AboutProps & { known: Parameter }): JSX.Element {
  const cols = `${COLUMNS},${path}`;
  const remove = async (): Promise<void> => {
    await setOverrides(device, { [path]: null });
    reload();
  };
  return (
    <>
      <CopyButton text={() => known.value} class="btn tiny">
        {words().copyValue}
      </CopyButton>
      <a class="btn tiny" href={hrefOf('/devices', { cols })}>
        {words().pin}
      </a>
      <a class="btn tiny" href={hrefOfTab(device, 'history', { path })}>
        {words().history}
      </a>
      {may('putHistorySetting') && (
        <button
          class="btn tiny"
          type="button"
          onClick={() => void told(words().historyKept, async () => await keepHistory(path))}
        >
          {words().keepHistory}
        </button>
      )}
      {known.decidedBy === 'override' && may('patchDevice') && (
        <button class="btn tiny" type="button" onClick={() => void told(words().overrideRemoved, remove)}>
          {words().removeOverride}
        </button>
      )}
    </>
  );
}

function TableActions({ device, row: { path, name }, onShow }: AboutProps): JSX.Element {
  const [isAsked, setAsked] = useState(false);
  if (!isInstance(name))
    return (
      <button
        class="btn tiny"
        type="button"
        onClick={() =>
          void addRow(device, path).then(made => {
            if (made !== undefined) onShow(made);
          })
        }
      >
        {words().addRow}
      </button>
    );
  return (
    <>
      <button class="btn tiny danger" type="button" onClick={() => setAsked(true)}>
        {words().deleteRow}
      </button>
      {isAsked && (
        <Confirm
          title={words().deleteTitle(path)}
          action={words().deleteAction}
          isDangerous
          onConfirm={async () => await deleteRow(device, path)}
          onClose={() => setAsked(false)}
        >
          <p>{words().deleteText}</p>
        </Confirm>
      )}
    </>
  );
}

/** @param models the data model by its paths: a table has its rows under `{i}` */
export function isGrowing(models: ReadonlyMap<string, ModelItem>, row: Row): boolean {
  if (row.kind === 'leaf') return false;
  const path = modelPath(row.path);
  return models.get(isInstance(row.name) ? path : `${path}{i}.`)?.writable === true;
}
