// The choice of columns: order, removal, and any field or parameter as a new one.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { getVocabulary } from '../../api/vocabulary.ts';
import { Dialog } from '../../components/dialogs/dialog.tsx';
import { Field } from '../../components/field.tsx';
import { Icon } from '../../components/icon.tsx';
import { useResource } from '../../state/resource.ts';
import { devices } from '../../words/en/devices.ts';
import { frame } from '../../words/en/frame.ts';
import { textsOf } from '../../words/texts.ts';
import { defaultColumns, titleOf } from './columns.tsx';
import { movedColumns } from './search.ts';

const words = textsOf('devices', devices);
const frameWords = textsOf('frame', frame);
const MOST = 30;

export interface ColumnsProps {
  columns: readonly string[];
  onColumns: (columns: readonly string[]) => void;
  onClose: () => void;
}

export function ColumnsDialog({ columns, onColumns, onClose }: ColumnsProps): JSX.Element {
  const footer = (
    <>
      <button class="btn quiet" type="button" onClick={() => onColumns(defaultColumns)}>
        {words().defaultColumns}
      </button>
      <button class="btn primary push" type="button" onClick={onClose}>
        {frameWords().close}
      </button>
    </>
  );
  return (
    <Dialog title={words().columnsButton} onClose={onClose} footer={footer}>
      <NewColumn columns={columns} onColumns={onColumns} />
      <ul class="stack tight">
        {columns.map((name, nth) => (
          <li class="row nowrap" key={name}>
            <span class="cut" title={name}>
              {titleOf(name)} <span class="mono ink-3">{name === titleOf(name) ? '' : name}</span>
            </span>
            {nth > 0 && <Moves name={name} columns={columns} onColumns={onColumns} />}
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

function Moves({ name, columns, onColumns }: Omit<ColumnsProps, 'onClose'> & { name: string }): JSX.Element {
  const title = titleOf(name);
  const button = (label: string, icon: 'up' | 'down' | 'close', run: () => void): JSX.Element => (
    <button class="btn quiet tiny square" type="button" aria-label={label} onClick={run}>
      <Icon name={icon} />
    </button>
  );
  return (
    <span class="row nowrap tight push">
      {button(words().moveLeft(title), 'up', () => onColumns(movedColumns(columns, name, -1)))}
      {button(words().moveRight(title), 'down', () => onColumns(movedColumns(columns, name, 1)))}
      {button(words().removeColumn(title), 'close', () => onColumns(columns.filter(each => each !== name)))}
    </span>
  );
}

/** Names that can be columns. */
const isColumn = (name: string): boolean => /^\w+(\.\w+)*$/.test(name) && !/^(fault\.|find$|search$)/.test(name);

function NewColumn({ columns, onColumns }: Omit<ColumnsProps, 'onClose'>): JSX.Element {
  const [text, setText] = useState('');
  const found = useResource(
    text === '' ? undefined : `columns ${text}`,
    async signal => await getVocabulary({ prefix: text, limit: MOST }, signal),
    { keeps: true },
  );
  const names = [
    ...(found.value?.fields ?? []).map(({ name }) => name),
    ...(found.value?.paths ?? []).map(({ path }) => path),
  ];
  const offered = text === '' ? [] : names.filter(name => isColumn(name) && !columns.includes(name));
  const add = (name: string): void => {
    onColumns([...columns, name]);
    setText('');
  };
  return (
    <>
      <Field label={words().newColumn} help={words().newColumnHelp}>
        {control => (
          <input
            {...control}
            class="input mono"
            data-focus
            autocomplete="off"
            value={text}
            onInput={event => setText(event.currentTarget.value.trim())}
            onKeyDown={event => {
              const name = offered.includes(text) || offered.length === 0 ? text : offered[0];
              if (event.key === 'Enter' && name && isColumn(name)) add(name);
            }}
          />
        )}
      </Field>
      {offered.length > 0 && (
        <div class="row">
          {offered.slice(0, MOST).map(name => (
            <button class="chip mono" type="button" key={name} onClick={() => add(name)}>
              <Icon name="plus" />
              {name}
            </button>
          ))}
        </div>
      )}
    </>
  );
}
